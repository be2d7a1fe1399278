/** Holds a plan against what the self-check found on the same machine. */
import { formatCount, formatValue } from '../metrics/format';
import type { RunPlan, Severity, StagePlan } from '../../protocol/plan';
import { sameMachine, type DoctorReport, type LadderEnd, type Machine } from './report';

export interface CeilingWarning {
  /** Of the stage. */
  pointer: string;
  severity: Severity;
  message: string;
}

/** A warning for each stage that offers more than this machine was found to measure well; none where nothing is known of it. */
export function ceilingWarnings(plan: RunPlan, report: DoctorReport, machine: Machine): CeilingWarning[] {
  if (!sameMachine(report.machine, machine)) return [];
  const { ceiling } = report;
  const found = new Map<string, CeilingWarning>();
  for (const stage of plan.targets.flatMap((target) => target.stages)) {
    const rate = offeredRate(stage);
    const streams = offeredStreams(stage);
    // A list of rates is several stages at one place of the file: the highest of them counts.
    if (rate !== null && ceiling.rate !== null && rate > ceiling.rate) {
      const text = (value: number) => formatValue(value, '1/s');
      found.set(stage.pointer, warning(stage, text(rate), text(ceiling.rate), ceiling.rates_ended, report));
    } else if (streams !== null && ceiling.streams !== null && streams > ceiling.streams) {
      const text = (value: number) => `${formatCount(value)} streams at once`;
      found.set(stage.pointer, warning(stage, text(streams), text(ceiling.streams), ceiling.streams_ended, report));
    }
  }
  return [...found.values()];
}

/** Highest rate, requests per second, that the stage may offer; null for a closed loop and where it is not known ahead. */
function offeredRate({ loop, rate, ramp, burst, sweep, capacity }: StagePlan): number | null {
  if (loop === 'closed') return null;
  const rates = [rate, ramp?.from, ramp?.to, burst?.base, burst?.peak, sweep?.from, sweep?.to, capacity?.from];
  const known = rates.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

function offeredStreams({ loop, concurrency, ramp, pattern, maxConcurrency }: StagePlan): number | null {
  if (loop === 'open') return null;
  if (pattern === 'throughput') return maxConcurrency;
  const known = [concurrency, ramp?.from, ramp?.to].filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

function warning(
  stage: StagePlan,
  offered: string,
  best: string,
  ended: LadderEnd,
  report: DoctorReport,
): CeilingWarning {
  const { pointer, name } = stage;
  const when = report.date.slice(0, 10);
  return ended === 'limited'
    ? {
        pointer,
        severity: 'warning',
        message: `"${name}" offers ${offered}, but the self-check of ${when} found that beyond ${best} the client is the limit on this machine: the stage may be marked client_limited and not pass. Use a machine with more cores, or check again with "promptrig doctor".`,
      }
    : {
        pointer,
        severity: 'info',
        message: `"${name}" offers ${offered}, and the self-check of ${when} tried this machine up to ${best} only.`,
      };
}
