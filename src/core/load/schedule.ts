/**
 * When requests are due. Pure generators of offsets in ms from the start of a stage, ascending. An offset is computed from
 * the schedule's own zero, never from the moment the one before it was sent, so that a late send does not shift the rest.
 */
import type { StagePlan } from '../../protocol/plan';
import { PromptrigError } from '../util/errors';
import { Random } from './prng';
import { traceArrivals, type Trace } from './trace';

/** Above this no single machine can keep a schedule, and a mistyped rate would only hang it. */
export const MAX_RATE = 100_000;

/** Every `1 / rate` seconds, the first at 0. */
export function* constantArrivals(rate: number): Generator<number> {
  checkRate('rate', rate);
  for (let i = 0; ; i++) yield (i * 1000) / rate;
}

/** A Poisson process: exponential gaps with mean `1 / rate`. */
export function* poissonArrivals(rate: number, seed: number): Generator<number> {
  checkRate('rate', rate);
  const random = new Random(seed, 'arrivals');
  const meanGapMs = 1000 / rate;
  for (let at = 0; ;) {
    at += random.exponential() * meanGapMs;
    yield at;
  }
}

/**
 * Gaps from a gamma distribution with mean `1 / rate` and shape `burstiness`: 1 is Poisson, below 1 arrivals come in
 * clusters, above 1 they are more even (coefficient of variation of the gaps: 1 / sqrt(burstiness)).
 */
export function* gammaArrivals(rate: number, burstiness: number, seed: number): Generator<number> {
  checkRate('rate', rate);
  if (!(burstiness >= 0.001 && burstiness <= 1_000_000)) {
    throw new PromptrigError(
      'usage',
      `burstiness is ${burstiness}; it must be between 0.001 and 1000000 (1 is Poisson).`,
    );
  }
  const random = new Random(seed, 'arrivals');
  const scaleMs = 1000 / (rate * burstiness);
  for (let at = 0; ;) {
    at += random.gamma(burstiness) * scaleMs;
    yield at;
  }
}

export interface RampOptions {
  /** Requests per second at the start; 0 is allowed for a linear ramp. */
  from: number;
  /** Requests per second after `durationMs`, and from then on. */
  to: number;
  durationMs: number;
  shape: 'linear' | 'exponential';
}

/** Arrival i is due when the integral of the rate reaches i, so that the rate is exact at every instant. */
export function rampArrivals(options: RampOptions): Generator<number> {
  const { from, to, durationMs, shape } = options;
  if (!(from === 0 && shape === 'linear')) checkRate('from', from);
  checkRate('to', to);
  if (!(durationMs > 0 && Number.isFinite(durationMs))) {
    throw new PromptrigError('usage', `The ramp lasts ${durationMs} ms; it needs a duration above 0.`);
  }
  return rampOffsets(options);
}

function* rampOffsets({ from, to, durationMs, shape }: RampOptions): Generator<number> {
  const seconds = durationMs / 1000;
  const growth = to / from;
  // A ramp from a rate to itself is a constant rate; the closed form of the exponential one would divide by zero there.
  const exponential = shape === 'exponential' && Math.abs(growth - 1) > 1e-9;
  const slope = (to - from) / seconds;
  const total = exponential ? (from * seconds * (growth - 1)) / Math.log(growth) : ((from + to) / 2) * seconds;
  for (let i = 0; ; i++) {
    if (i >= total) {
      yield durationMs + ((i - total) * 1000) / to;
    } else if (exponential) {
      yield (1000 * seconds * Math.log1p((i * Math.log(growth)) / (from * seconds))) / Math.log(growth);
    } else {
      // The root of slope/2 t^2 + from t = i, in the form that does not cancel for a small slope.
      yield i === 0 ? 0 : (1000 * 2 * i) / (from + Math.sqrt(Math.max(0, from * from + 2 * slope * i)));
    }
  }
}

export interface BurstOptions {
  /** Requests per second between the bursts; 0 is allowed. */
  base: number;
  /** Requests per second during a burst. */
  peak: number;
  /** A burst begins at the end of each period's quiet part, `everyMs - forMs` into it. */
  everyMs: number;
  forMs: number;
}

/** A rate that alternates between `base` and `peak`; arrival i is due when its integral reaches i. */
export function burstArrivals(options: BurstOptions): Generator<number> {
  const { base, peak, everyMs, forMs } = options;
  if (base !== 0) checkRate('base', base);
  checkRate('peak', peak);
  if (!(forMs > 0 && everyMs >= forMs && Number.isFinite(everyMs))) {
    throw new PromptrigError(
      'usage',
      `A burst of ${forMs} ms every ${everyMs} ms: "for" must be above 0 and at most "every".`,
    );
  }
  return burstOffsets(options);
}

function* burstOffsets({ base, peak, everyMs, forMs }: BurstOptions): Generator<number> {
  const quietMs = everyMs - forMs;
  const quiet = (base * quietMs) / 1000;
  const period = quiet + (peak * forMs) / 1000;
  for (let i = 0; ; i++) {
    const periods = Math.floor(i / period);
    const rest = i - periods * period;
    // Where both parts meet, the quiet one ends: with a base of 0 the arrivals of a burst begin with it.
    const within = rest < quiet ? (rest * 1000) / base : quietMs + ((rest - quiet) * 1000) / peak;
    yield periods * everyMs + within;
  }
}

/**
 * The arrivals of an open-loop stage, without an end (but for those of a trace): `ArrivalCursor` cuts them.
 * @param trace the recording of a stage with the pattern `trace`
 * @throws PromptrigError `usage` for a rate that cannot be kept or a length that is missing, `unsupported` for a pattern that
 *   is not an open loop
 */
export function arrivalsOf(stage: StagePlan, seed: number, trace?: Pick<Trace, 'offsetsMs'>): Iterable<number> {
  const rate = stage.rate ?? Number.NaN;
  // Checked here as well, because a generator complains only when it is first asked.
  switch (stage.pattern) {
    case 'constant':
      checkRate('rate', rate);
      return constantArrivals(rate);
    case 'poisson':
      checkRate('rate', rate);
      return poissonArrivals(rate, seed);
    case 'gamma':
      checkRate('rate', rate);
      return gammaArrivals(rate, stage.burstiness ?? 1, seed);
    case 'ramp':
      return rampArrivals({ ...part(stage, 'ramp'), durationMs: stage.durationMs ?? Number.NaN });
    case 'burst':
      return burstArrivals(part(stage, 'burst'));
    case 'trace': {
      const { speed } = part(stage, 'trace');
      if (trace === undefined) throw new PromptrigError('internal', `The trace of "${stage.name}" has not been read.`);
      return traceArrivals(trace, speed);
    }
    default:
      throw new PromptrigError('unsupported', `The load pattern "${stage.pattern}" cannot be run as an open loop.`);
  }
}

/** The highest rate, per second, that a stage offers for a while; 0 for a closed loop. */
export function peakRate(stage: StagePlan, trace?: Pick<Trace, 'offsetsMs'>): number {
  if (stage.loop === 'closed') return 0;
  switch (stage.pattern) {
    case 'ramp':
      return Math.max(stage.ramp?.from ?? 0, stage.ramp?.to ?? 0);
    case 'burst':
      return Math.max(stage.burst?.base ?? 0, stage.burst?.peak ?? 0);
    case 'trace':
      return trace === undefined ? 0 : busiestSecond(trace.offsetsMs, stage.trace?.speed ?? 1);
    default:
      return stage.rate ?? 0;
  }
}

/** Most rows due within one second. */
function busiestSecond(offsetsMs: Float64Array, speed: number): number {
  let most = 0;
  for (let first = 0, i = 0; i < offsetsMs.length; i++) {
    while ((offsetsMs[i] ?? 0) - (offsetsMs[first] ?? 0) >= 1000 * speed) first++;
    most = Math.max(most, i - first + 1);
  }
  return most;
}

function part<K extends 'ramp' | 'burst' | 'trace'>(stage: StagePlan, key: K): NonNullable<StagePlan[K]> {
  const value = stage[key];
  if (value !== undefined) return value;
  throw new PromptrigError('usage', `The load stage "${stage.name}" has the pattern "${key}" but not what it needs.`);
}

/**
 * Walks the arrivals that belong to one of several workers: those whose index leaves the remainder `worker`. Every worker
 * walks the same sequence, so the merged arrivals are exactly the pattern's, whatever the number of workers.
 */
export class ArrivalCursor {
  /** Of the arrival that the cursor stands at, over all workers; -1 before the first and after the last. */
  index = -1;
  offsetMs = Number.POSITIVE_INFINITY;
  private readonly iterator: Iterator<number>;
  private passed = -1;

  constructor(
    arrivals: Iterable<number>,
    private readonly bounds: { durationMs: number; requests: number },
    private readonly worker = 0,
    private readonly workers = 1,
  ) {
    this.iterator = arrivals[Symbol.iterator]();
  }

  /** The index of the arrival `steps` after the one that the cursor stands at; null where there is none by its number. */
  peek(steps: number): number | null {
    const index = this.index + steps * this.workers;
    return this.index === -1 || index >= this.bounds.requests ? null : index;
  }

  /** Moves to the next arrival; false where there is none. An arrival due at `durationMs` or later is outside. */
  next(): boolean {
    while (this.passed + 1 < this.bounds.requests) {
      const step = this.iterator.next();
      if (step.done === true || !(step.value < this.bounds.durationMs)) break;
      this.passed++;
      if (this.passed % this.workers === this.worker) {
        this.index = this.passed;
        this.offsetMs = step.value;
        return true;
      }
    }
    this.index = -1;
    this.offsetMs = Number.POSITIVE_INFINITY;
    return false;
  }
}

function checkRate(name: string, rate: number): void {
  if (rate > 0 && rate <= MAX_RATE) return;
  throw new PromptrigError(
    'usage',
    `${name} is ${Number.isNaN(rate) ? 'missing' : `${rate}/s`}; it must be above 0/s and at most ${MAX_RATE}/s.`,
  );
}
