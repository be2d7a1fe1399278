/** Other load generators for LLM endpoints, on the same simulator and load as ours. */
import { rmSync } from 'node:fs';
import type { SimRequest } from '../../src/core/sim/request-log';
import type { Bench, BenchContext, BenchRow } from './bench';
import { AIPERF, runAiperf } from './peers/aiperf';
import { GUIDELLM, runGuidellm } from './peers/guidellm';
import type { PeerRequest } from './peers/peer';
import { hasPython, install, isInstalled, type PythonTool } from './peers/python-tool';
import { measure } from './support/measure';
import { temporaryDir } from './support/paths';
import { ANSWER_TOKENS, STREAMS, withSimulator } from './support/simulator';
import { ms, quantile } from './support/stats';
import { recordedRequests } from './support/truth';

const LEVELS = [16, 128, 512, 1000];
/** A level holds while p99 of how late first tokens are stamped stays below this, as in the bench of our own ceiling. */
const LIMIT_MS = 10;
const TOKENS_PER_SECOND = 50;
const TIMEOUT_MS = 120_000;

interface Peer {
  tool: PythonTool;
  run: typeof runAiperf;
  /** Pairs what the peer says with the simulator's records. */
  pair: (requests: PeerRequest[], truth: SimRequest[]) => [PeerRequest, SimRequest][];
}

const PEERS: Peer[] = [
  { tool: GUIDELLM, run: runGuidellm, pair: byAnswer },
  { tool: AIPERF, run: runAiperf, pair: byId },
];

interface Level {
  streams: number;
  /** How much later than written the first token is stamped, per request. */
  stampMs: number[];
  /** Reported TTFT minus the time from the request's arrival at the simulator to its first token, per request. */
  overstatedMs: number[];
  /** Absolute error of gaps, or of the mean gap per request. */
  itlMs: number[];
  cpuMs: number;
}

export const bench: Bench = {
  name: 'peers',
  title: 'Peers on the same simulator and load',
  order: 5,
  async run(context) {
    const rows: BenchRow[] = [];
    if (!hasPython()) return [missing('GuideLLM and AIPerf', 'There is no python3 with pip on this machine.')];
    for (const peer of PEERS) {
      const { tool } = peer;
      try {
        if (context.installPeers) install(tool, context.log);
        if (!isInstalled(tool)) {
          rows.push(
            missing(tool.name, `It is not installed: \`npm run bench -- --install-peers\` does it (${tool.size}).`),
          );
          continue;
        }
        rows.push(peerRow(peer, await levelsOf(peer, context)));
      } catch (error) {
        context.signal.throwIfAborted();
        rows.push(missing(tool.name, `It could not be run: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
    rows.push(await oursRow(context));
    return rows;
  },
};

function missing(what: string, note: string): BenchRow {
  return { what, reach: '', measured: 'not measured', met: null, note };
}

async function levelsOf({ tool, run, pair }: Peer, { log, signal, quick }: BenchContext): Promise<Level[]> {
  const levels: Level[] = [];
  for (const streams of quick ? LEVELS.slice(0, 2) : LEVELS) {
    const dir = temporaryDir();
    try {
      await withSimulator(STREAMS, async (sim) => {
        const { requests, cpuMs } = await run(sim.url, streams, dir, { timeoutMs: TIMEOUT_MS, signal });
        const level = compare(streams, pair(requests, await recordedRequests(sim.url)), cpuMs);
        log(
          `${tool.name}, ${streams} streams: TTFT ${bothOf(level.stampMs)}, ${level.stampMs.length} requests compared`,
        );
        if (level.stampMs.length < streams)
          throw new Error(`only ${level.stampMs.length} of ${streams} requests were answered`);
        levels.push(level);
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  return levels;
}

function compare(streams: number, pairs: [PeerRequest, SimRequest][], cpuMs: number): Level {
  const level: Level = { streams, stampMs: [], overstatedMs: [], itlMs: [], cpuMs };
  for (const [request, real] of pairs) {
    const writes = real.writesMs;
    const [first, last] = [writes[0] ?? NaN, writes.at(-1) ?? NaN];
    level.stampMs.push(request.firstMs - first);
    level.overstatedMs.push(request.ttftMs - (first - real.receivedMs));
    if (request.gapsMs === null) {
      level.itlMs.push(Math.abs(request.meanGapMs - (last - first) / (writes.length - 1)));
      continue;
    }
    for (const [i, gapMs] of request.gapsMs.entries()) {
      level.itlMs.push(Math.abs(gapMs - ((writes[i + 1] ?? NaN) - (writes[i] ?? NaN))));
    }
  }
  return level;
}

function peerRow({ tool, run }: Peer, levels: Level[]): BenchRow {
  const note = ['CPU is that of more streams over that of fewer, so that the start of the tool does not count'];
  if (run === runGuidellm) note.push('it keeps the mean gap of a request only, and its ITL error is of that mean');
  return row(`${tool.name} ${tool.version}`, levels, note);
}

async function oursRow({ signal, quick }: BenchContext): Promise<BenchRow> {
  const levels: Level[] = [];
  for (const streams of quick ? LEVELS.slice(0, 2) : LEVELS) {
    const { errors, report } = await withSimulator(STREAMS, (sim) =>
      measure('ours', { sim, load: { kind: 'burst', streams }, seed: 1, signal }),
    );
    const { ttftMs, itlMs, overstatedMs } = errors;
    levels.push({ streams, stampMs: ttftMs, overstatedMs, itlMs, cpuMs: report.cpuMs });
  }
  return row('Promptrig', levels, []);
}

function row(what: string, levels: Level[], note: string[]): BenchRow {
  const each = (text: (level: Level) => string): string => levels.map(text).join('; ');
  const held = levels.filter(({ stampMs }) => quantile(stampMs, 0.99) <= LIMIT_MS).at(-1);
  const [fewest, most] = [levels[0], levels.at(-1)];
  const cpuUs =
    fewest === undefined || most === undefined
      ? NaN
      : ((most.cpuMs - fewest.cpuMs) * 1000) / ((most.streams - fewest.streams) * ANSWER_TOKENS);
  const ceiling =
    held === undefined
      ? `below ${((levels[0]?.streams ?? 0) * TOKENS_PER_SECOND).toLocaleString('en')}`
      : `${held === most ? '≥ ' : ''}${(held.streams * TOKENS_PER_SECOND).toLocaleString('en')}`;
  return {
    what: `${what}, ${levels.map(({ streams }) => streams).join(', ')} streams`,
    reach: '',
    measured:
      `first token stamped late by ${each(({ stampMs }) => bothOf(stampMs))} (median / p99); ` +
      `ITL error p99 ${each(({ itlMs }) => ms(quantile(itlMs, 0.99)))}; CPU ${cpuUs.toFixed(0)} µs/token; ceiling ${ceiling} tokens/s`,
    met: null,
    note: [
      `reported TTFT over the server's own, median: ${each(({ overstatedMs }) => ms(quantile(overstatedMs, 0.5)))}`,
      ...note,
    ].join('; '),
  };
}

function bothOf(values: number[]): string {
  return `${ms(quantile(values, 0.5))} / ${ms(quantile(values, 0.99))}`;
}

function byId(requests: PeerRequest[], truth: SimRequest[]): [PeerRequest, SimRequest][] {
  const known = new Map(truth.map((request) => [request.id, request]));
  return requests.flatMap((request): [PeerRequest, SimRequest][] => {
    const real = known.get(request.key);
    return real === undefined ? [] : [[request, real]];
  });
}

/** By the id of the answer, which the simulator counts up in the order in which requests were complete. */
function byAnswer(requests: PeerRequest[], truth: SimRequest[]): [PeerRequest, SimRequest][] {
  const inOrder = [...requests].sort((a, b) => answerNumber(a.key) - answerNumber(b.key));
  const realInOrder = truth
    .filter((request) => request.outcome === 'completed')
    .sort((a, b) => (a.bodyMs ?? 0) - (b.bodyMs ?? 0));
  if (inOrder.length !== realInOrder.length) return [];
  return inOrder.flatMap((request, i): [PeerRequest, SimRequest][] => {
    const real = realInOrder[i];
    return real === undefined ? [] : [[request, real]];
  });
}

function answerNumber(id: string): number {
  return Number(/\d+$/.exec(id)?.[0]);
}
