/** How far measured instants are from the truth when many streams start at once. */
import type { Bench, BenchContext, BenchRow } from './bench';
import { installSdk } from './peers/openai-sdk';
import { measure, type Contender, type Measured } from './support/measure';
import { circumstances } from './support/reasons';
import { STREAMS, withSimulator } from './support/simulator';
import { median, ms, quantile, times } from './support/stats';

const LEVELS = [16, 128, 512, 1000];
const CONTENDERS: Contender[] = ['ours', 'sdk', 'sdk cold'];
const REPETITIONS = 3;

const TTFT_MEDIAN_LIMIT_MS = 1;
const TTFT_P99_LIMIT_MS = 10;
const SDK_RATIO = 20;
/** By number of streams. */
const ITL_P99_LIMIT_MS: Partial<Record<number, number>> = { 16: 2, 128: 2, 512: 6 };

interface Level {
  streams: number;
  runs: Record<Contender, Measured[]>;
}

export const bench: Bench = {
  name: 'accuracy',
  title: 'Measured against true latency, burst start',
  order: 1,
  async run(context) {
    const sdkEntry = installSdk(context.log);
    const levels: Level[] = [];
    for (const streams of LEVELS) levels.push(await measureLevel(streams, sdkEntry, context));
    return [...levels.map(ttftRow), ...levels.map(itlRow)];
  },
};

async function measureLevel(streams: number, sdkEntry: string, context: BenchContext): Promise<Level> {
  const runs: Level['runs'] = { ours: [], sdk: [], 'sdk cold': [], socket: [] };
  for (let repetition = 0; repetition < (context.quick ? 1 : REPETITIONS); repetition++) {
    // In turns, so that a spell of noise on the machine meets all of them.
    for (const contender of CONTENDERS) {
      const measured = await withSimulator(STREAMS, (sim) =>
        measure(contender, {
          sim,
          load: { kind: 'burst', streams },
          seed: repetition,
          sdkEntry,
          signal: context.signal,
        }),
      );
      const { ttftMs, itlMs, broken } = measured.errors;
      context.log(
        `${streams} streams, ${contender}: TTFT error ${ms(quantile(ttftMs, 0.5))} median, ${ms(quantile(ttftMs, 0.99))} p99; ` +
          `ITL error ${ms(quantile(itlMs, 0.99))} p99${broken === 0 ? '' : `; ${broken} not answered`}`,
      );
      runs[contender].push(measured);
    }
  }
  return { streams, runs };
}

function ttftRow({ streams, runs }: Level): BenchRow {
  const at = (contender: Contender, q: number): number =>
    median(runs[contender].map(({ errors }) => quantile(errors.ttftMs, q)));
  const both = (contender: Contender): string => `${ms(at(contender, 0.5))} / ${ms(at(contender, 0.99))}`;
  const ratio = Math.min(at('sdk', 0.99) / at('ours', 0.99), at('sdk cold', 0.99) / at('ours', 0.99));
  const reach =
    streams <= 128
      ? `median error ≤ ${TTFT_MEDIAN_LIMIT_MS} ms`
      : streams === 512
        ? `p99 error ≤ ${TTFT_P99_LIMIT_MS} ms`
        : `p99 error ${SDK_RATIO}× smaller than the SDK's`;
  const met =
    streams <= 128
      ? at('ours', 0.5) <= TTFT_MEDIAN_LIMIT_MS
      : streams === 512
        ? at('ours', 0.99) <= TTFT_P99_LIMIT_MS
        : ratio >= SDK_RATIO;
  return {
    what: `TTFT error, ${streams} streams (median / p99)`,
    reach,
    measured: `${both('ours')}; SDK ${both('sdk')}, cold ${both('sdk cold')}${streams === 1000 ? `; ${times(ratio)}` : ''}`,
    met: met && complete(runs.ours),
    note: noteOf(runs.ours, met),
  };
}

function itlRow({ streams, runs }: Level): BenchRow {
  const p99 = (contender: Contender): number =>
    median(runs[contender].map(({ errors }) => quantile(errors.itlMs, 0.99)));
  const limitMs = ITL_P99_LIMIT_MS[streams];
  const met = limitMs === undefined ? null : p99('ours') <= limitMs && complete(runs.ours);
  return {
    what: `ITL error, ${streams} streams (p99)`,
    reach: limitMs === undefined ? '' : `≤ ${limitMs} ms`,
    measured: `${ms(p99('ours'))}; SDK ${ms(p99('sdk'))}, cold ${ms(p99('sdk cold'))}`,
    met,
    note: noteOf(runs.ours, met !== false),
  };
}

function complete(runs: readonly Measured[]): boolean {
  return runs.every(({ errors }) => errors.broken === 0);
}

function noteOf(runs: readonly Measured[], met: boolean): string {
  const broken = runs.reduce((sum, { errors }) => sum + errors.broken, 0);
  if (broken > 0) return `${broken} answers were lost or incomplete`;
  return met ? '' : circumstances(runs);
}
