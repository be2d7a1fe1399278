/** What a streamed token costs the client. */
import type { Bench, BenchRow } from './bench';
import { installSdk } from './peers/openai-sdk';
import { measure, type Contender, type Measured } from './support/measure';
import { circumstances, percent } from './support/reasons';
import { STREAMS, withSimulator } from './support/simulator';
import { median, times } from './support/stats';

const STREAM_COUNT = 1000;
const CONTENDERS: Contender[] = ['ours', 'sdk', 'socket'];
const REPETITIONS = 3;
/** Six seconds of streaming: what happens once per run or per request must not count as a cost of tokens. */
const ANSWERS = { ...STREAMS, outputTokens: 300 };
const SDK_SHARE = 0.5;
const SOCKET_RATIO = 2;

export const bench: Bench = {
  name: 'cpu',
  title: 'CPU per streamed token, 1,000 streams',
  order: 2,
  async run({ log, signal, quick }) {
    const sdkEntry = installSdk(log);
    const runs: Record<Contender, Measured[]> = { ours: [], sdk: [], 'sdk cold': [], socket: [] };
    for (let repetition = 0; repetition < (quick ? 1 : REPETITIONS); repetition++) {
      for (const contender of CONTENDERS) {
        const load = { kind: 'burst' as const, streams: STREAM_COUNT };
        const measured = await withSimulator(ANSWERS, (sim) =>
          measure(contender, { sim, load, seed: repetition, sdkEntry, signal }),
        );
        log(`${contender}: ${microseconds(perTokenUs(measured))} per token`);
        runs[contender].push(measured);
      }
    }
    return rows(runs);
  },
};

function rows(runs: Record<Contender, Measured[]>): BenchRow[] {
  const us = (contender: Contender): number => median(runs[contender].map(perTokenUs));
  // Ratios of neighbours in time, then their median: noise that lasts longer than one run cancels.
  const ratioTo = (contender: Contender): number =>
    median(runs.ours.map((run, i) => perTokenUs(run) / perTokenUs(runs[contender][i] ?? run)));
  const worker = median(
    runs.ours.map(({ report, errors }) => ((report.own?.workerCpuShare ?? NaN) * report.wallMs * 1000) / errors.tokens),
  );
  const toSdk = ratioTo('sdk');
  const toSocket = ratioTo('socket');
  const split = `the load worker took ${microseconds(worker)} of it, the rest is statistics and result files`;
  return [
    {
      what: 'CPU per token, to the `openai` SDK',
      reach: `≤ ${SDK_SHARE}×`,
      measured: `${times(toSdk)} (${microseconds(us('ours'))} to ${microseconds(us('sdk'))})`,
      met: toSdk <= SDK_SHARE,
      note: toSdk <= SDK_SHARE ? split : `${split}; ${circumstances(runs.ours)}`,
    },
    {
      what: 'CPU per token, to a bare socket',
      reach: `≤ ${SOCKET_RATIO}×`,
      measured: `${times(toSocket)} (${microseconds(us('ours'))} to ${microseconds(us('socket'))})`,
      met: toSocket <= SOCKET_RATIO,
      note:
        toSocket <= SOCKET_RATIO
          ? ''
          : `${percent(worker / us('ours'))} of it in the load worker; ${circumstances(runs.ours)}`,
    },
  ];
}

function perTokenUs({ report, errors }: Measured): number {
  return (report.cpuMs * 1000) / errors.tokens;
}

function microseconds(us: number): string {
  return `${us.toFixed(1)} µs`;
}
