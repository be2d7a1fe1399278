import type { LineReport, PhaseReport } from '../../protocol/run-json';
import { formatInterval, formatValue } from '../metrics/format';
import { sentence } from './sentence';
import type { TableContext } from './table';

/** What requests spend their time on: the verdict with its evidence, the intervals of the fitted lines, and cold requests apart. */
export function phaseLines(phases: PhaseReport, context: TableContext): string[] {
  const details = [intervals(phases, context.run.confidence), missing(phases), cold(phases.cold)];
  const shown = details.filter((text) => text !== '').flatMap((text) => sentence(text, context, 'dim'));
  return [...sentence(phases.sentence, context, 'plain'), ...shown];
}

function intervals({ prefill, decode }: PhaseReport, confidence: number): string {
  const parts = [
    prefill.kind === 'fit'
      ? `prefill ${lineInterval(prefill)}, ${slopeInterval(prefill)} per 1,000 input tokens (n ${prefill.n})`
      : '',
    decode.kind === 'fit'
      ? `decode ${lineInterval(decode)} a token, ${slopeInterval(decode)} per further concurrent request (n ${decode.n})`
      : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '' : `${Number((confidence * 100).toPrecision(3))}% CI: ${parts.join('; ')}.`;
}

type Fit = Extract<LineReport, { kind: 'fit' }>;

function lineInterval({ base, base_ci: ci }: Fit): string {
  return withUnit(ci, base);
}

function slopeInterval({ slope, slope_ci: ci }: Fit): string {
  return withUnit(ci, slope);
}

/** `41.2–43.9 ms`: the unit of the value itself, behind the interval. */
function withUnit(ci: [number, number], value: number): string {
  return `${formatInterval(ci, value, 'ms')} ${formatValue(value, 'ms').split(' ').at(-1) ?? 'ms'}`;
}

/** Why a line could not be fitted; with neither, the sentence has said that nothing is known. */
function missing({ bound, prefill, decode }: PhaseReport): string {
  if (bound === 'unknown') return '';
  return [prefill, decode].flatMap((line) => (line.kind === 'none' ? [line.reason] : [])).join(' ');
}

function cold({
  n,
  ttft_p50: p50,
  warm_ttft_p50: warm,
  connect_p50: connect,
  extra,
  extra_ci: ci,
}: PhaseReport['cold']): string {
  if (n === 0 || p50 === null) return '';
  const beside = warm === null ? '' : ` beside ${formatValue(warm, 'ms')} of the others`;
  const more = extra === null || ci === null ? '' : `, ${difference(extra, ci)}`;
  const opened = connect === null ? '' : `; connecting took ${formatValue(connect, 'ms')}`;
  const which = n === 1 ? 'The first request' : `The first ${n} requests`;
  return `${which} (cold): TTFT p50 ${formatValue(p50, 'ms')}${beside}${more}${opened}.`;
}

/** `40 ms more (30–52 ms)`; where the interval contains zero, that nothing is shown. */
function difference(extra: number, ci: [number, number]): string {
  const interval = withUnit(ci, extra);
  if (ci[0] <= 0 && ci[1] >= 0) return `no difference shown (${interval})`;
  return `${formatValue(Math.abs(extra), 'ms')} ${extra < 0 ? 'less' : 'more'} (${interval})`;
}
