/**
 * The lines over time of a stage that is over, from its requests: what the engine said tick by tick while it ran and nobody
 * kept. The same window of ten seconds, counted in steps; percentiles from buckets 2% wide, which a line cannot show.
 */
import type { RequestRecord } from '../../protocol/run-json';
import type { RunPanelSample } from '../../protocol/run-panel';

const WINDOW_MS = 10_000;
const FIRST_STEP_MS = 250;
/** Past this many steps every two of them become one. */
const MOST_STEPS = 2000;

/** Buckets of a histogram: the first ends at 0.01 ms, the last at hours. */
const SMALLEST_MS = 0.01;
const RATIO = 1.02;
const BUCKETS = 1200;

/** What happened in one step of time. */
interface Step {
  scheduled: number;
  /** Requests in flight at its end, less those at its beginning. */
  inFlight: number;
  completed: number;
  tokens: number;
  ttft: Sparse;
  itl: Sparse;
}

/** Counts by bucket; most steps touch a few of them. */
type Sparse = Map<number, number>;

/** Collects the requests of one stage in any order. */
export class StageHistory {
  private stepMs = FIRST_STEP_MS;
  private steps: Step[] = [];

  /** @param originMs start of the stage on the clock of the records */
  constructor(
    private readonly originMs: number,
    private readonly loop: 'open' | 'closed',
  ) {}

  add(record: RequestRecord): void {
    const { scheduled, sent, first, end } = record;
    this.at(scheduled).scheduled++;
    if (sent !== null) {
      this.at(sent).inFlight++;
      this.at(end).inFlight--;
    }
    if (record.outcome !== 'completed') return;
    const step = this.at(end);
    step.completed++;
    step.tokens += record.output_tokens ?? 0;
    const origin = this.loop === 'open' ? scheduled : sent;
    if (first !== null && origin !== null) count(step.ttft, first - origin, 1);
    for (const gap of record.itl) count(step.itl, gap, 1);
  }

  /** One sample a step, oldest first. */
  samples(): RunPanelSample[] {
    const { steps, stepMs } = this;
    const samples: RunPanelSample[] = [];
    const window = { ttft: new Buckets(), itl: new Buckets(), scheduled: 0, completed: 0, tokens: 0 };
    const width = Math.max(1, Math.round(WINDOW_MS / stepMs));
    let inFlight = 0;
    steps.forEach((step, i) => {
      inFlight += step.inFlight;
      const left = steps[i - width];
      for (const [moved, sign] of [
        [step, 1],
        [left, -1],
      ] as const) {
        if (moved === undefined) continue;
        window.scheduled += sign * moved.scheduled;
        window.completed += sign * moved.completed;
        window.tokens += sign * moved.tokens;
        window.ttft.add(moved.ttft, sign);
        window.itl.add(moved.itl, sign);
      }
      const seconds = (Math.min(i + 1, width) * stepMs) / 1000;
      samples.push({
        t: (i + 1) * stepMs,
        ttftP50: window.ttft.quantile(0.5),
        ttftP99: window.ttft.quantile(0.99),
        itlP50: window.itl.quantile(0.5),
        itlP99: window.itl.quantile(0.99),
        rps: window.completed / seconds,
        offeredRps: window.scheduled / seconds,
        inFlight,
        outputTps: window.tokens / seconds,
      });
    });
    return samples;
  }

  private at(instantMs: number): Step {
    let index = this.indexOf(instantMs);
    while (index >= MOST_STEPS) {
      this.halve();
      index = this.indexOf(instantMs);
    }
    for (let i = this.steps.length; i <= index; i++) this.steps.push(emptyStep());
    return this.steps[index] as Step;
  }

  private indexOf(instantMs: number): number {
    return Math.max(0, Math.floor((instantMs - this.originMs) / this.stepMs));
  }

  private halve(): void {
    const { steps } = this;
    const halved: Step[] = [];
    for (let i = 0; i < steps.length; i += 2) {
      const step = steps[i] as Step;
      const next = steps[i + 1];
      if (next !== undefined) {
        step.scheduled += next.scheduled;
        step.inFlight += next.inFlight;
        step.completed += next.completed;
        step.tokens += next.tokens;
        for (const name of ['ttft', 'itl'] as const)
          for (const [bucket, n] of next[name]) step[name].set(bucket, (step[name].get(bucket) ?? 0) + n);
      }
      halved.push(step);
    }
    this.steps = halved;
    this.stepMs *= 2;
  }
}

class Buckets {
  private readonly counts = new Int32Array(BUCKETS);
  private total = 0;

  add(values: Sparse, sign: 1 | -1): void {
    for (const [bucket, n] of values) {
      this.counts[bucket] = (this.counts[bucket] ?? 0) + sign * n;
      this.total += sign * n;
    }
  }

  quantile(share: number): number | null {
    if (this.total === 0) return null;
    let left = share * this.total;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.counts[bucket] ?? 0;
      // The middle of the bucket, geometrically.
      if (left <= 0 && (this.counts[bucket] ?? 0) > 0) return SMALLEST_MS * RATIO ** (bucket + 0.5);
    }
    return SMALLEST_MS * RATIO ** BUCKETS;
  }
}

function emptyStep(): Step {
  return { scheduled: 0, inFlight: 0, completed: 0, tokens: 0, ttft: new Map(), itl: new Map() };
}

const LOG_RATIO = Math.log(RATIO);

function count(values: Sparse, ms: number, n: number): void {
  const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) / LOG_RATIO));
  values.set(bucket, (values.get(bucket) ?? 0) + n);
}
