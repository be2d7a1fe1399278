/** What the steps of a self-check mean, in sentences. */
import { formatCount, formatValue } from '../metrics/format';
import { TAIL_MS, TYPICAL_MS } from './judge';
import type { DoctorReport, LadderEnd, RateStep, StreamStep } from './report';

/** Of all cores; from here on what else runs takes time that the client needs. */
const BUSY_SHARE = 0.2;

export type Findings = Pick<DoctorReport, 'streams' | 'rates' | 'load' | 'open_files'> & {
  streamsEnded: LadderEnd;
  ratesEnded: LadderEnd;
};

export function conclude(findings: Findings): Pick<DoctorReport, 'ceiling' | 'status' | 'conclusion'> {
  const { streams, rates, streamsEnded, ratesEnded } = findings;
  const bestStreams = streams.findLast((step) => !step.limited)?.streams ?? null;
  const bestRate = rates.findLast((step) => !step.limited)?.rate ?? null;
  const busy = bestStreams === null || bestRate === null;
  return {
    ceiling: { streams: bestStreams, rate: bestRate, streams_ended: streamsEnded, rates_ended: ratesEnded },
    status: busy ? 'busy' : 'fine',
    conclusion: [
      ...(busy ? [tooBusy(findings)] : [upTo(bestStreams, bestRate), beyond(findings)]),
      ...leftOut(findings),
      ...disturbed(findings, busy),
      'The simulator ran on the same cores, so a server on another machine leaves somewhat more room.',
    ],
  };
}

function upTo(streams: number, rate: number): string {
  return `Up to about ${formatCount(rate)} requests/s and ${formatCount(streams)} streams at once this machine measures within ${TYPICAL_MS} ms (median; ${TAIL_MS} ms at p99).`;
}

function beyond({ streams, rates }: Findings): string {
  const limits = limitsOf(streams, rates);
  return limits.length === 0
    ? 'The client was not the limit at any step that was tried.'
    : `Beyond, the client is the limit: ${limits.join('; ')}.`;
}

function tooBusy({ streams, rates }: Findings): string {
  return `Even a lowest step was too much for this machine now: ${limitsOf(streams, rates).join('; ')}. What it measures cannot be trusted until it has less else to do.`;
}

function limitsOf(streams: readonly StreamStep[], rates: readonly RateStep[]): string[] {
  return [
    ...rates.flatMap(({ rate, why }) => (why === null ? [] : [`at ${formatValue(rate, '1/s')} ${why}`])),
    ...streams.flatMap(({ streams: n, why }) =>
      why === null ? [] : [`at ${formatCount(n)} ${n === 1 ? 'stream' : 'streams'} ${why}`],
    ),
  ];
}

function leftOut({ streamsEnded, ratesEnded, open_files: openFiles }: Findings): string[] {
  const late = [ratesEnded === 'time' ? 'higher rates' : '', streamsEnded === 'time' ? 'more streams' : ''].filter(
    (part) => part !== '',
  );
  return [
    late.length === 0 ? '' : `Steps with ${late.join(' and ')} were left out for want of time.`,
    streamsEnded === 'open_files' && openFiles !== null
      ? `A process may have ${formatCount(openFiles)} files open here, too few for the steps with more streams: raise it with "ulimit -n".`
      : '',
  ].filter((text) => text !== '');
}

function disturbed({ load }: Findings, busy: boolean): string[] {
  const share = Math.max(load.busy_before, load.busy_after);
  if (share < BUSY_SHARE && !busy) return [];
  return [
    `Other processes used ${formatValue(share, 'ratio')} of the cores while nothing was measured${share < BUSY_SHARE ? '' : ', which spoils this check: close them and run it again'}.`,
  ];
}
