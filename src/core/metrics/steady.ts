/** Whether a stage was in a steady state: a queue that grows through the window has no percentile to speak of. */
import { integratedAutocorrelationTime } from './autocorrelation';
import { studentQuantile } from './normal';

export interface Trend {
  /** Change over the window by the fitted line, in the unit of the values. */
  change: number;
  /** The change as a share of the mean. */
  relative: number;
  /** Change over its standard error. */
  t: number;
  /** Whether it is beyond chance and large enough to matter. */
  significant: boolean;
}

/** A drift of less than this share of the mean over the window is not worth a flag, however certain it is. */
const MATERIAL = 0.25;
/** Chance of a false alarm aimed at, both directions together; short dependent series reach several times as much. */
const ALARM = 0.01;

/**
 * Straight-line trend of values over time with a standard error that allows for their dependence: the ordinary one times
 * sqrt(tau) of the residuals, held against Student's t with the effective degrees of freedom of the series.
 * Source: H. von Storch and F. W. Zwiers, "Statistical Analysis in Climate Research" (1999), sections 6.6 and 8.2, with the
 * degrees of freedom chosen by simulation of M/M/1 queues (see its test).
 * @param instants ms, in the order of `values`
 * @returns null below 100 values: a shorter series cannot tell a trend from one slow wave
 */
export function trendOf(instants: Float64Array, values: Float64Array): Trend | null {
  const n = values.length;
  if (n < 100) return null;
  const meanT = mean(instants);
  const meanV = mean(values);
  let tt = 0;
  let tv = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    const t = instants[i] as number;
    tt += (t - meanT) ** 2;
    tv += (t - meanT) * ((values[i] as number) - meanV);
    if (t < low) low = t;
    if (t > high) high = t;
  }
  if (!(tt > 0)) return null;
  const slope = tv / tt;
  const residuals = new Float64Array(n);
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const residual = (values[i] as number) - meanV - slope * ((instants[i] as number) - meanT);
    residuals[i] = residual;
    squares += residual * residual;
  }
  const change = slope * (high - low);
  const relative = meanV === 0 ? 0 : change / Math.abs(meanV);
  const tau = integratedAutocorrelationTime(residuals);
  const error = Math.sqrt((squares / (n - 2)) * (tau / tt)) * (high - low);
  const t = error > 0 ? change / error : change === 0 ? 0 : Math.sign(change) * Number.POSITIVE_INFINITY;
  // The line takes slow waves out of the residuals, so that tau and with it the error come out short. The raw series errs the
  // other way: a queue near saturation is worth a handful of values, and so few ask for a t that only a real trend reaches.
  const degrees = Math.max(1, n / integratedAutocorrelationTime(values) - 1);
  const critical = studentQuantile(1 - ALARM / 2, degrees);
  return { change, relative, t, significant: Math.abs(t) > critical && Math.abs(relative) >= MATERIAL };
}

/**
 * Requests in flight as each one is scheduled, from the instants at which requests began and ended.
 * @param begins ascending, ms @param ends any order, ms
 */
export function inFlightAtArrivals(begins: Float64Array, ends: Float64Array): Float64Array {
  const sortedEnds = ends.slice().sort();
  const out = new Float64Array(begins.length);
  let ended = 0;
  for (let i = 0; i < begins.length; i++) {
    const begin = begins[i] as number;
    while (ended < sortedEnds.length && (sortedEnds[ended] as number) <= begin) ended++;
    out[i] = i - ended;
  }
  return out;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
