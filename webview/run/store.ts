/** The panel's copy of the run. The extension owns the truth; this follows it message by message and notices a gap. */
import type {
  CostResult,
  CurveResult,
  PhaseReport,
  QualityResult,
  QualityUnderLoad,
} from '../../src/protocol/run-json';
import type {
  AnswerStream,
  HostToRunPanel,
  PanelCase,
  RunPanelChange,
  RunPanelSample,
  RunPanelStage,
  RunPanelState,
  RunPanelTarget,
} from '../../src/protocol/run-panel';
import { PointSeries } from '../charts/point-series';

/** Closer samples than this add memory and no information to a line. */
const SAMPLE_INTERVAL_MS = 200;
/** Samples of a stage; past it every other one goes, and none closer than those that are left comes. */
const MOST_SAMPLES = 4000;

export type StageData = Omit<RunPanelStage, 'points' | 'history'>;

export interface StageView {
  data: StageData;
  points: PointSeries;
  history: RunPanelSample[];
}

export interface TargetView {
  id: string;
  endpoint: string;
  model: string;
  stages: StageView[];
  quality: RunPanelTarget['quality'];
  curves: CurveResult[];
  phases: PhaseReport | null;
  qualityResult: QualityResult | null;
  underLoad: QualityUnderLoad | null;
  cost: CostResult | null;
  error: string | null;
  /** Answers that are being streamed, by `caseKey`, in the order in which they began. */
  streams: Map<string, AnswerStream>;
  /** Counts up with each change of `streams`. */
  streamsVersion: number;
  /** In the order in which they ended; a repeat that is reported again replaces its record. */
  cases: PanelCase[];
  /** Counts up with each change of `cases`; from 0 in the new views that a snapshot makes. */
  casesVersion: number;
  /** Where in `cases` a case's repeat is. */
  caseAt: Map<string, number>;
}

export type RunHead = Omit<RunPanelState, 'targets'>;

/** What became of a message: `gap` means that a snapshot is needed, `repeated` that it was known already. */
export type Received = 'applied' | 'repeated' | 'gap';

export class RunStore {
  head: RunHead | null = null;
  targets: TargetView[] = [];
  /** The sequence number of the last message that was applied; -1 before the first. */
  seq = -1;

  receive(message: HostToRunPanel): Received {
    if (message.type === 'snapshot') {
      this.takeSnapshot(message.state);
      this.seq = message.seq;
      return 'applied';
    }
    if (this.head === null || message.seq > this.seq + 1) return 'gap';
    if (message.seq <= this.seq) return 'repeated';
    for (const change of message.changes) if (!this.apply(change)) return 'gap';
    this.seq = message.seq;
    return 'applied';
  }

  private takeSnapshot(state: RunPanelState): void {
    const sameRun = this.head?.startedAt === state.startedAt && this.head.source === state.source;
    const before = sameRun ? this.targets : [];
    const { targets, ...head } = state;
    this.head = head;
    this.targets = targets.map((target) => {
      const known = before.find(({ id }) => id === target.id);
      return {
        id: target.id,
        endpoint: target.endpoint,
        model: target.model,
        quality: target.quality,
        curves: [...(target.curves ?? [])],
        phases: target.phases ?? null,
        qualityResult: target.qualityResult ?? null,
        underLoad: target.underLoad ?? null,
        cost: target.cost ?? null,
        error: target.error ?? null,
        streams: new Map((target.streams ?? []).map((stream) => [streamKey(stream), { ...stream }])),
        streamsVersion: 0,
        cases: [...target.cases],
        caseAt: new Map(target.cases.map((record, at) => [caseKey(record), at])),
        casesVersion: 0,
        stages: target.stages.map((stage) =>
          stageView(
            stage,
            known?.stages.find(({ data }) => data.name === stage.name),
          ),
        ),
      };
    });
  }

  /** False where the change names something unknown: then a message went missing although the numbers follow. */
  private apply(change: RunPanelChange): boolean {
    if (change.kind === 'status' || change.kind === 'run') {
      if (this.head === null) return false;
      const { status, statusText, verdict } = change.kind === 'status' ? change : this.head;
      this.head = { ...this.head, ...(change.kind === 'run' ? change.patch : { status, statusText, verdict }) };
      return true;
    }
    const target = this.targets.find(({ id }) => id === change.target);
    if (target === undefined) return false;
    switch (change.kind) {
      case 'quality':
        target.quality = change.quality;
        return true;
      case 'curve': {
        const { curve } = change;
        target.curves = [...target.curves.filter(({ stage }) => stage !== curve.stage), curve];
        return true;
      }
      case 'phases':
        target.phases = change.phases;
        return true;
      case 'step':
        putStep(target.stages, change.step);
        return true;
      case 'target':
        Object.assign(target, change.patch);
        return true;
      case 'answer':
        putStream(target, change);
        return true;
      case 'case':
        putCase(target, change.record);
        return true;
      case 'points':
      case 'history':
      case 'stage': {
        const stage = target.stages.find(({ data }) => data.name === change.stage);
        if (stage === undefined) return false;
        if (change.kind === 'points') stage.points.append(change.points);
        else if (change.kind === 'history') stage.history = [...change.history];
        else {
          Object.assign(stage.data, change.patch);
          if (change.patch.elapsedMs !== undefined) takeSample(stage);
        }
        return true;
      }
    }
  }
}

function stageView(stage: RunPanelStage, known: StageView | undefined): StageView {
  const { points, history, ...data } = stage;
  return { data, points: new PointSeries(points), history: [...(history ?? known?.history ?? [])] };
}

/** After its stage and the steps of it that are there, as in the extension's own list. */
function putStep(stages: StageView[], step: RunPanelStage): void {
  if (stages.some(({ data }) => data.name === step.name)) return;
  const last = stages.findLastIndex(({ data }) => data.name === step.partOf || data.partOf === step.partOf);
  stages.splice(last === -1 ? stages.length : last + 1, 0, stageView(step, undefined));
}

const caseKey = ({ repeat, case_id: id }: PanelCase) => `${repeat} ${id}`;

/** A stream is known by its place in the file only. */
export function streamKey({ case: pointer, repeat }: { case: string; repeat: number }): string {
  return `${repeat} ${pointer}`;
}

function putCase(target: TargetView, record: PanelCase): void {
  const key = caseKey(record);
  const at = target.caseAt.get(key);
  if (at === undefined) target.caseAt.set(key, target.cases.push(record) - 1);
  else target.cases[at] = record;
  target.casesVersion++;
  if (target.streams.delete(streamKey(record))) target.streamsVersion++;
}

function putStream(target: TargetView, { case: pointer, repeat, name, text }: AnswerStream): void {
  const key = streamKey({ case: pointer, repeat });
  const known = target.streams.get(key);
  if (known === undefined) target.streams.set(key, { case: pointer, repeat, name, text });
  else known.text += text;
  target.streamsVersion++;
}

function takeSample(stage: StageView): void {
  const { data, history } = stage;
  const last = history.at(-1);
  // Wider in a long stage: else the cap would be met again at every other sample.
  const spacing = Math.max(SAMPLE_INTERVAL_MS, data.elapsedMs / MOST_SAMPLES);
  if (last !== undefined && data.elapsedMs < last.t + spacing) return;
  history.push({
    t: data.elapsedMs,
    ...data.rolling,
    rps: data.rps,
    offeredRps: data.offeredRps,
    inFlight: data.inFlight,
    outputTps: data.outputTps,
  });
  if (history.length > MOST_SAMPLES) stage.history = history.filter((_, i) => i % 2 === 0);
}
