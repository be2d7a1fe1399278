/** The targets of a run that goes on, as far as they have come: what the engine tells, reduced to something to compare. */
import type { RaceChunk, RaceLane } from '../../protocol/compare-panel';
import type { EngineEvent } from '../../protocol/events';
import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type { CaseRecord, RunJson, TargetResult } from '../../protocol/run-json';
import { emptyTarget } from '../engine/target-result';
import { CaseTallies, type PlannedCase } from './panel-cases';
import { sourceOf } from './panel-read';
import type { AwaitedRows } from './panel-rows';
import { entryId, type PanelSource } from './panel-source';

/** Characters of a lane; the whole answer is in the case. */
const LANE_CHARACTERS = 8_000;
/** Answers of a target that are kept to race again; later cases race without it. */
const MOST_KEPT = 500;

/** What a batch of events has changed. */
export interface LiveChange {
  /** Results of a stage, of quality or of a whole target. */
  numbers: boolean;
  cases: boolean;
  streams: RaceChunk[];
}

interface Stream {
  case: string;
  text: string;
  ttftMs: number | null;
  chunks: number;
  /** How much of the text was there how long after the request was sent, in ms. */
  times: { atMs: number; length: number }[];
}

/** An answer that is over. */
interface Kept extends Stream {
  e2eMs: number | null;
}

/** One target: the answers that it streams, of which its lane shows one until that is over. */
interface LiveTarget {
  result: TargetResult;
  tallies: CaseTallies;
  streams: Map<string, Stream>;
  lane: RaceLane;
  /** Key of the stream that the lane shows. */
  shown: string | null;
  /** Answers of before, by their key. */
  kept: Map<string, Kept>;
  /** The one of them that the lane shows again, as fast as it came, beside a target that is answering the same. */
  again: { key: string; answer: Kept } | null;
  /** Of the request that the lane showed last: its true TTFT comes with the next tick. */
  request: string | null;
}

export class LiveComparison {
  readonly dir: string;
  /** By case id, in the order of the file. */
  readonly planned: ReadonlyMap<string, PlannedCase>;
  /** What its plan is going to measure. */
  readonly awaited: AwaitedRows;
  private readonly targets: Map<string, LiveTarget>;
  private readonly head: RunJson;
  /** Ids and names of cases by their pointer. */
  private readonly byPointer: ReadonlyMap<string, PlannedCase>;

  constructor(plan: RunPlan, startedAt: string) {
    this.dir = plan.outDir;
    const cases = plan.targets.flatMap((target) => target.cases);
    const known = cases.map(({ pointer, id, name, tags }) => [pointer, { id, name, tags }] as const);
    this.byPointer = new Map(known);
    this.planned = new Map(known.map(([, item]) => [item.id, item]));
    this.awaited = awaitedOf(plan);
    this.head = headOf(plan, startedAt);
    this.targets = new Map(
      plan.targets.map((target) => [
        target.id,
        {
          result: emptyTarget(target),
          tallies: new CaseTallies(),
          streams: new Map(),
          lane: emptyLane(this.idOf(target.id)),
          shown: null,
          kept: new Map(),
          again: null,
          request: null,
        },
      ]),
    );
  }

  apply(events: readonly EngineEvent[]): LiveChange {
    const change: LiveChange = { numbers: false, cases: false, streams: [] };
    for (const event of events) this.applyOne(event, change);
    return change;
  }

  /** What is known so far. */
  get source(): PanelSource {
    const targets = [...this.targets.values()].map(({ result }) => result);
    const source = sourceOf(
      { ...this.head, targets },
      this.dir,
      (target) => this.targets.get(target)?.tallies.result,
      new Map(),
    );
    // That it has not ended is what the whole panel says; a verdict comes with its end.
    return { ...source, caveats: [], targets: source.targets.map((target) => ({ ...target, verdict: null })) };
  }

  /** In the order of the contenders. */
  get race(): RaceLane[] {
    const byName = [...this.targets].sort(([a], [b]) => (a < b ? -1 : 1));
    return byName.map(([, { lane }]) => ({ ...lane }));
  }

  /** Cases that are being answered, by contender. */
  get running(): Map<string, Set<string>> {
    return new Map(
      [...this.targets].map(([target, { streams }]) => [
        this.idOf(target),
        new Set([...streams.values()].map((stream) => this.byPointer.get(stream.case)?.id ?? stream.case)),
      ]),
    );
  }

  private idOf(target: string): string {
    return entryId({ tool: 'promptrig', id: this.head.id, path: this.dir }, target);
  }

  private applyOne(event: EngineEvent, change: LiveChange): void {
    switch (event.type) {
      case 'answer-delta': {
        const target = this.targets.get(event.target);
        if (target !== undefined) this.onDelta(target, event, change);
        return;
      }
      case 'case-finished': {
        const target = this.targets.get(event.record.target);
        if (target === undefined || event.record.stage !== undefined) return;
        target.tallies.add(event.record);
        change.cases = true;
        this.onFinished(target, event.record, event.durationMs, change);
        return;
      }
      case 'tick':
        this.onTick(event, change);
        return;
      case 'stage-finished': {
        const target = this.targets.get(event.target);
        if (target === undefined) return;
        const { stages } = target.result;
        target.result.stages = [...stages.filter(({ name }) => name !== event.stage.name), event.stage];
        change.numbers = true;
        return;
      }
      case 'quality': {
        const target = this.targets.get(event.target);
        if (target === undefined) return;
        target.result.quality = event.quality;
        change.numbers = true;
        return;
      }
      case 'curve': {
        const target = this.targets.get(event.target);
        if (target === undefined) return;
        const curves = target.result.curves ?? [];
        target.result.curves = [...curves.filter(({ stage }) => stage !== event.curve.stage), event.curve];
        change.numbers = true;
        return;
      }
      default:
        return;
    }
  }

  private onDelta(target: LiveTarget, event: Extract<EngineEvent, { type: 'answer-delta' }>, change: LiveChange): void {
    const key = keyOf(event);
    const known = target.streams.get(key);
    if (known === undefined) change.cases = true;
    const stream = known ?? { case: event.case, text: '', ttftMs: event.sinceSentMs ?? null, chunks: 0, times: [] };
    target.streams.set(key, stream);
    const text = event.text.slice(0, Math.max(0, LANE_CHARACTERS - stream.text.length));
    stream.text += text;
    stream.chunks++;
    const atMs = event.sinceSentMs ?? Number.POSITIVE_INFINITY;
    stream.times.push({ atMs, length: stream.text.length });
    if (target.shown === key) {
      target.lane.text += text;
      target.lane.chunks = stream.chunks;
      change.streams.push({ id: target.lane.id, text, patch: { chunks: stream.chunks } });
      this.raceOn(key, atMs, change);
      return;
    }
    if (target.shown !== null) return;
    target.shown = key;
    target.again = null;
    const patch = this.begun(stream);
    Object.assign(target.lane, patch, { text: stream.text });
    change.streams.push({ id: target.lane.id, text: stream.text, patch, start: true });
    this.raceAgain(key, atMs, change);
  }

  /** Targets take turns: those that have answered this one already, and answer nothing now, do so again beside it. */
  private raceAgain(key: string, atMs: number, change: LiveChange): void {
    for (const other of this.targets.values()) {
      const answer = other.kept.get(key);
      if (answer === undefined || other.shown !== null || other.streams.size > 0) continue;
      other.again = { key, answer };
      other.request = null;
      const patch: RaceChunk['patch'] = { ...this.begun(answer), ttftMs: null, chunks: 0, status: 'waiting' };
      Object.assign(other.lane, patch, { text: '' });
      change.streams.push({ id: other.lane.id, text: '', patch, start: true });
    }
    this.raceOn(key, atMs, change);
  }

  /** @param untilMs since the request was sent: as far as the one that is live has come */
  private raceOn(key: string, untilMs: number, change: LiveChange): void {
    for (const { again, lane } of this.targets.values()) {
      if (again?.key !== key || lane.status === 'done') continue;
      const { times, text, ttftMs, e2eMs } = again.answer;
      const come = times.filter(({ atMs }) => atMs <= untilMs);
      const more = text.slice(lane.text.length, come.at(-1)?.length ?? 0);
      const isOver = e2eMs !== null && e2eMs <= untilMs;
      if (more === '' && come.length === lane.chunks && !isOver) continue;
      const patch: RaceChunk['patch'] = {
        chunks: come.length,
        ...(come.length === 0 ? {} : { ttftMs, status: 'streaming' as const }),
        ...(isOver ? { status: 'done' as const, e2eMs } : {}),
      };
      Object.assign(lane, patch);
      lane.text += more;
      change.streams.push({ id: lane.id, text: more, patch });
    }
  }

  private begun({ case: pointer, ttftMs, chunks }: Stream): Partial<Omit<RaceLane, 'id' | 'text'>> {
    const planned = this.byPointer.get(pointer);
    return {
      case: planned?.id ?? pointer,
      caseName: planned?.name ?? pointer,
      ttftMs,
      chunks,
      status: 'streaming',
      e2eMs: null,
    };
  }

  private onFinished(target: LiveTarget, record: CaseRecord, durationMs: number | undefined, change: LiveChange): void {
    const key = keyOf(record);
    const stream = target.streams.get(key);
    target.streams.delete(key);
    if (stream !== undefined && record.outcome !== 'error' && target.kept.size < MOST_KEPT)
      target.kept.set(key, { ...stream, e2eMs: durationMs ?? null });
    if (target.shown !== key) return;
    target.shown = null;
    target.request = record.request;
    const patch: RaceChunk['patch'] = {
      status: record.outcome === 'error' ? 'error' : 'done',
      e2eMs: durationMs ?? null,
    };
    Object.assign(target.lane, patch);
    change.streams.push({ id: target.lane.id, text: '', patch });
    // The slower ones are not waited for.
    this.raceOn(key, Number.POSITIVE_INFINITY, change);
  }

  /** What arrived in this process was late by a few milliseconds: the request itself knows when it really did. */
  private onTick(event: Extract<EngineEvent, { type: 'tick' }>, change: LiveChange): void {
    const target = this.targets.get(event.target);
    if (target?.request == null) return;
    const point = event.points.find(({ request }) => request === target.request);
    if (point === undefined) return;
    target.request = null;
    if (point.ttft === null || target.shown !== null || target.again !== null) return;
    target.lane.ttftMs = point.ttft;
    change.streams.push({ id: target.lane.id, text: '', patch: { ttftMs: point.ttft } });
  }
}

function keyOf({ case: pointer, repeat }: { case: string; repeat: number }): string {
  return `${repeat} ${pointer}`;
}

function emptyLane(id: string): RaceLane {
  return { id, case: '', caseName: '', text: '', ttftMs: null, chunks: 0, status: 'waiting', e2eMs: null };
}

function awaitedOf({ targets }: RunPlan): AwaitedRows {
  const some = (has: (target: TargetPlan) => boolean): boolean => targets.some(has);
  const isMeasured = some(({ cases, stages }) => cases.length + stages.length > 0);
  return {
    kinds: [
      ...(some(({ cases }) => cases.length > 0) ? (['quality'] as const) : []),
      ...(isMeasured ? (['latency', 'rates'] as const) : []),
      ...(some(({ endpoint: { price, hardware } }) => price !== undefined || hardware?.costPerHour !== undefined)
        ? (['cost'] as const)
        : []),
    ],
    slos: targets.flatMap(({ caseSlos, stages }) =>
      [...caseSlos, ...stages.flatMap(({ slos }) => slos)].map(({ expr }) => expr),
    ),
  };
}

function headOf(plan: RunPlan, startedAt: string): RunJson {
  const { runId: id, name, purpose, tags, source, seed, policy, confidence } = plan;
  return {
    schema: 'promptrig.run/1',
    ...{ id, name, purpose, tags, source, seed, policy, confidence },
    started_at: startedAt,
    finished_at: null,
    clock_origin_ms: 0,
    status: 'running',
    environment: { promptrig: '', node: '', os: '', cpu: '', cores: 0, git: null },
    targets: [],
    verdict: 'inconclusive',
  };
}
