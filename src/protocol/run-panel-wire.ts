/**
 * Requests in columns of rounded numbers for the way to the webview: a thousand streams end hundreds of requests a second, and
 * as objects with names and full doubles they would be four times the bytes, each of them copied and parsed three times.
 */
import type { TickPoint } from './events';
import type { HostToRunPanel, RunPanelChange, RunPanelStage } from './run-panel';

interface PackedPoints {
  t: number[];
  ttft: (number | null)[];
  itl: (number | null)[];
  itlMax: (number | null)[];
  e2e: (number | null)[];
  /** 1: completed; 2: warm-up or cool-down. */
  flags: number[];
  /** The number behind the last `/` of `target/stage/number`; an id of another form as it is. */
  ids: (number | string)[];
}

const OK = 1;
const WARMUP = 2;

/** The message as it is posted. The original is left alone: it is the extension's own state. */
export function toWire(message: HostToRunPanel): unknown {
  if (message.type === 'snapshot') {
    const targets = message.state.targets.map((target) => ({
      ...target,
      stages: target.stages.map((stage) => packStage(target.id, stage)),
    }));
    return { ...message, state: { ...message.state, targets } };
  }
  if (message.type === 'delta') return { ...message, changes: message.changes.map(packChange) };
  return message;
}

/** The message as it was before `toWire`, its times rounded to a hundredth of a millisecond. */
export function fromWire(message: HostToRunPanel): HostToRunPanel {
  if (message.type === 'snapshot') {
    for (const target of message.state.targets)
      for (const stage of target.stages) unpackInto(target.id, stage.name, stage);
  } else if (message.type === 'delta') {
    for (const change of message.changes) {
      if (change.kind === 'points') unpackInto(change.target, change.stage, change);
      else if (change.kind === 'step') unpackInto(change.target, change.step.name, change.step);
    }
  }
  return message;
}

function packStage(target: string, stage: RunPanelStage): unknown {
  return { ...stage, points: pack(prefixOf(target, stage.name), stage.points) };
}

function packChange(change: RunPanelChange): unknown {
  if (change.kind === 'points')
    return { ...change, points: pack(prefixOf(change.target, change.stage), change.points) };
  if (change.kind === 'step') return { ...change, step: packStage(change.target, change.step) };
  return change;
}

function prefixOf(target: string, stage: string): string {
  return `${target}/${stage}/`;
}

function pack(prefix: string, points: readonly TickPoint[]): PackedPoints {
  const packed: PackedPoints = { t: [], ttft: [], itl: [], itlMax: [], e2e: [], flags: [], ids: [] };
  for (const point of points) {
    packed.t.push(rounded(point.t));
    packed.ttft.push(roundedOrNull(point.ttft));
    packed.itl.push(roundedOrNull(point.itl));
    packed.itlMax.push(roundedOrNull(point.itlMax));
    packed.e2e.push(roundedOrNull(point.e2e));
    packed.flags.push((point.ok ? OK : 0) | (point.warmup ? WARMUP : 0));
    packed.ids.push(shortId(prefix, point.request));
  }
  return packed;
}

/** Points that were not packed stay as they are. */
function unpackInto(target: string, stage: string, holder: { points: TickPoint[] | PackedPoints }): void {
  const { points } = holder;
  if (Array.isArray(points)) return;
  const prefix = prefixOf(target, stage);
  const { t, ttft, itl, itlMax, e2e, flags, ids } = points;
  holder.points = t.map((instant, i) => {
    const flag = flags[i] ?? 0;
    const id = ids[i] ?? '';
    return {
      t: instant,
      ttft: ttft[i] ?? null,
      itl: itl[i] ?? null,
      itlMax: itlMax[i] ?? null,
      e2e: e2e[i] ?? null,
      warmup: (flag & WARMUP) !== 0,
      ok: (flag & OK) !== 0,
      request: typeof id === 'number' ? prefix + id : id,
    };
  });
}

function shortId(prefix: string, id: string): number | string {
  if (!id.startsWith(prefix)) return id;
  const rest = id.slice(prefix.length);
  return /^(?:0|[1-9]\d{0,14})$/.test(rest) ? Number(rest) : id;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function roundedOrNull(value: number | null): number | null {
  return value === null ? null : rounded(value);
}
