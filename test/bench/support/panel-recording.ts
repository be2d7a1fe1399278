/** What the extension sends the run panel while many streams run: a real engine, a real load, the panel's own reducer and sender. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { EngineProcess } from '../../../src/core/engine/engine-process';
import { systemClock } from '../../../src/core/util/clock';
import { DeltaSender } from '../../../src/extension/webviews/delta-sender';
import { RunPanelModel } from '../../../src/extension/webviews/run-panel-state';
import { toWire } from '../../../src/protocol/run-panel-wire';
import type { RunPanelState } from '../../../src/protocol/run-panel';
import type { SloPlan } from '../../../src/protocol/plan';
import { dist, temporaryDir } from './paths';
import { loadPlan } from './plan';
import { STREAMS, withSimulator } from './simulator';

/** For a machine that is so busy that streams take many times their own time. */
const AT_MOST_MS = 120_000;

export interface Recording {
  /** Deltas as they are posted, as JSON, in order. */
  deltas: string[];
  /** From the first to the last of them. */
  spanMs: number;
  bytes: number;
  requests: number;
  /** The state before the first of them, without its requests. */
  state: RunPanelState;
}

const SLOS: SloPlan[] = [
  {
    pointer: '/slo/0',
    expr: 'ttft.p99 <= 500ms',
    metric: 'ttft',
    stat: 'p99',
    op: '<=',
    limit: 500,
    unit: 'ms',
    severity: 'error',
  },
  {
    pointer: '/slo/1',
    expr: 'itl.p99 <= 60ms',
    metric: 'itl',
    stat: 'p99',
    op: '<=',
    limit: 60,
    unit: 'ms',
    severity: 'error',
  },
  {
    pointer: '/slo/2',
    expr: 'error_rate <= 1%',
    metric: 'error_rate',
    stat: null,
    op: '<=',
    limit: 0.01,
    unit: 'ratio',
    severity: 'error',
  },
];

/** Runs `streams` at once for `forMs` and keeps what a panel would be sent meanwhile. */
export async function recordPanel(streams: number, forMs: number, signal: AbortSignal): Promise<Recording> {
  const dir = temporaryDir();
  const model = new RunPanelModel();
  const posted: { atMs: number; text: string }[] = [];
  const sender = new DeltaSender(
    () => model.state,
    (message) => {
      if (message.type === 'delta') posted.push({ atMs: performance.now(), text: JSON.stringify(toWire(message)) });
      setImmediate(() => sender.onMessage({ type: 'ack', seq: message.seq }));
    },
    systemClock,
  );
  try {
    return await withSimulator(STREAMS, async (sim) => {
      const plan = loadPlan({
        outDir: join(dir, 'run'),
        url: sim.url,
        seed: 1,
        stage: { pattern: 'concurrent', concurrency: streams, durationMs: AT_MOST_MS, slos: SLOS },
      });
      model.begin(plan.name, plan.source.path, new Date().toISOString(), SLOS, plan);
      sender.onMessage({ type: 'ready' });
      const engine = new EngineProcess({ engineEntry: join(dist, 'engine.js') });
      const enough = new AbortController();
      let untilMs = Number.POSITIVE_INFINITY;
      let state: RunPanelState | null = null;
      const counts = () => model.state.targets[0]?.stages[0]?.counts;
      await engine.run(
        plan,
        {},
        (events) => {
          sender.push(model.apply(events));
          if (performance.now() > untilMs) enough.abort();
          // Until every stream has ended once the traffic is that of a start.
          if (state !== null || (counts()?.completed ?? 0) < streams) return;
          untilMs = performance.now() + forMs;
          posted.length = 0;
          state = withoutPoints(model.state);
        },
        AbortSignal.any([signal, enough.signal]),
      );
      signal.throwIfAborted();
      const ended = counts();
      if (ended === undefined || ended.failed + ended.timed_out > ended.completed / 100)
        throw new Error(`Too many requests failed for a recording: ${JSON.stringify(ended)}.`);
      return recordingOf(posted, untilMs, state);
    });
  } finally {
    sender.dispose();
    rmSync(dir, { recursive: true, force: true });
  }
}

function withoutPoints(state: RunPanelState): RunPanelState {
  const copy = structuredClone(state);
  for (const stage of copy.targets.flatMap(({ stages }) => stages)) stage.points = [];
  return copy;
}

function recordingOf(
  posted: readonly { atMs: number; text: string }[],
  endMs: number,
  state: RunPanelState | null,
): Recording {
  const inside = posted.filter(({ atMs }) => atMs < endMs);
  const [first] = inside;
  const last = inside.at(-1);
  if (state === null || first === undefined || last === undefined || inside.length < 10)
    throw new Error('The run was over before its traffic could be recorded.');
  const deltas = inside.map(({ text }) => text);
  return {
    deltas,
    // The last one covers an interval, too.
    spanMs: ((last.atMs - first.atMs) * inside.length) / (inside.length - 1),
    bytes: deltas.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
    requests: deltas.reduce((sum, text) => sum + pointsIn(text), 0),
    state,
  };
}

function pointsIn(text: string): number {
  const { changes } = JSON.parse(text) as { changes: { kind: string; points?: { t: number[] } }[] };
  return changes.reduce((sum, { points }) => sum + (points?.t.length ?? 0), 0);
}
