/** Whether answers get worse as the load grows. */
import type { QualityUnderLoad, StageResult } from '../../protocol/run-json';

/**
 * The right answers at the lowest load beside those at the highest, among the load stages that were judged. The interval of
 * the difference joins those of the two shares, which already count repeats of a case as one cluster.
 * Source: R. G. Newcombe, Statistics in Medicine 17 (1998), method 10.
 * @returns null where fewer than two stages of different load were judged
 */
export function qualityUnderLoad(stages: readonly StageResult[]): QualityUnderLoad | null {
  const judged = stages.flatMap((stage) => {
    const { quality } = stage;
    if (quality === undefined || quality.pass_rate === null || quality.ci === null) return [];
    return [{ stage: stage.name, load: loadOf(stage), rate: quality.pass_rate, ci: quality.ci, n: quality.cases }];
  });
  const [first] = judged;
  if (first === undefined) return null;
  const low = judged.reduce((least, each) => (each.load < least.load ? each : least), first);
  const high = judged.reduce((most, each) => (each.load > most.load ? each : most), first);
  if (!(high.load > low.load)) return null;
  const difference = high.rate - low.rate;
  const down = Math.hypot(high.rate - high.ci[0], low.ci[1] - low.rate);
  const up = Math.hypot(high.ci[1] - high.rate, low.rate - low.ci[0]);
  const ci: [number, number] = [Math.max(-1, difference - down), Math.min(1, difference + up)];
  return {
    low: { stage: low.stage, pass_rate: low.rate, n: low.n },
    high: { stage: high.stage, pass_rate: high.rate, n: high.n },
    difference,
    ci,
    verdict: ci[1] < 0 ? 'worse' : ci[0] > 0 ? 'better' : 'no difference shown',
  };
}

/** What a stage asks of the server: its mean number of requests in flight tells open and closed loops apart in one measure. */
function loadOf({ rates }: StageResult): number {
  return rates.concurrency_mean;
}
