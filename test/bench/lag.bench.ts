/** How late requests are sent, against a schedule that does not wait. */
import type { Bench, BenchRow } from './bench';
import type { SimConfig } from '../../src/protocol/plan';
import { measure, type Measured } from './support/measure';
import { circumstances } from './support/reasons';
import { withSimulator } from './support/simulator';
import { median, ms, quantile } from './support/stats';

const RATES = [200, 1000];
const REPETITIONS = 3;
const LIMIT_MS = 2;
const SHORT_ANSWERS: SimConfig = {
  ttftMs: 10,
  ttftPerInputTokenMs: 0,
  itlMs: 5,
  loadFactor: 1,
  maxRunning: 100_000,
  outputTokens: 4,
};

export const bench: Bench = {
  name: 'lag',
  title: 'Dispatch lag, Poisson arrivals',
  order: 4,
  async run({ log, signal, quick }) {
    const runs = new Map<number, Measured[]>(RATES.map((rate) => [rate, []]));
    for (let repetition = 0; repetition < (quick ? 1 : REPETITIONS); repetition++) {
      for (const [rate, list] of runs) {
        const load = { kind: 'poisson' as const, rate, warmupMs: 1000, measuredMs: 5000 };
        const measured = await withSimulator(SHORT_ANSWERS, (sim) =>
          measure('ours', { sim, load, seed: repetition, signal }),
        );
        const { lagMs, broken } = measured.errors;
        log(
          `${rate}/s: p50 ${ms(quantile(lagMs, 0.5))}, p99 ${ms(quantile(lagMs, 0.99))}, max ${ms(Math.max(...lagMs))}, ${broken} not answered`,
        );
        list.push(measured);
      }
    }
    return [...runs].map(([rate, list]) => row(rate, list));
  },
};

function row(rate: number, runs: Measured[]): BenchRow {
  const at = (q: number): number => median(runs.map(({ errors }) => quantile(errors.lagMs, q)));
  const reached = median(runs.map(({ errors }) => quantile(errors.reachedMs, 0.99)));
  const broken = runs.reduce((sum, { errors }) => sum + errors.broken, 0);
  const met = at(0.99) <= LIMIT_MS && broken === 0;
  const notes = [`at the server, which must read it first, ${ms(reached)} after it was due (p99)`];
  if (broken > 0) notes.push(`${broken} answers were lost`);
  if (!met) notes.push(circumstances(runs));
  return {
    what: `Dispatch lag, Poisson at ${rate}/s (p99)`,
    reach: `≤ ${LIMIT_MS} ms`,
    measured: `${ms(at(0.99))} (median ${ms(at(0.5))})`,
    met,
    note: notes.join('; '),
  };
}
