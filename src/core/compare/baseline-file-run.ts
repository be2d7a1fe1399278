/** What a run leaves to be held against later runs: its distributions as sketches, its cases as counts. */
import { BASELINE_SCHEMA, type BaselineFile, type BaselineQuality, type BaselineStage } from '../../protocol/baseline';
import type { RunPlan, StagePlan, TargetPlan, Unit } from '../../protocol/plan';
import type { CaseRecord, RequestRecord, RunJson, StageResult, TargetResult } from '../../protocol/run-json';
import { METRICS } from '../metrics/definitions';
import { studentQuantile } from '../metrics/normal';
import { batchRateInterval, estimateRatio } from '../metrics/ratio';
import { latenciesOf } from '../metrics/request-sample';
import { readCases, readRequests } from '../results/store';
import { sketchOf } from './sketch';
import { ValuesInSendOrder } from './sketch-values';

/** Metrics that a baseline keeps, in the order of the file. */
const KEPT = ['ttft', 'ttfat', 'itl', 'tpot', 'e2e', 'output_tokens', 'cost'] as const;
const CONFIDENCE = 0.95;

/**
 * Reads the requests and the answers of a run.
 * @param plan says how the load was made; without it two stages are told apart by their pattern and rate alone
 * @returns one baseline for each target that has measured something
 * @throws PromptrigError as the run's files do
 */
export async function baselinesOfRun(
  dir: string,
  run: RunJson,
  plan: RunPlan | null,
  pinnedAt: string,
): Promise<BaselineFile[]> {
  const targets = new Map(run.targets.map((target) => [target.id, new TargetReader(target)]));
  for await (const record of readRequests(dir)) targets.get(record.target)?.addRequest(record);
  for await (const record of readCases(dir)) targets.get(record.target)?.addCase(record);
  const { environment } = run;
  return run.targets.flatMap((target): BaselineFile[] => {
    const reader = targets.get(target.id);
    const stages = reader?.stages(plan?.targets.find(({ id }) => id === target.id)) ?? {};
    const quality = reader?.quality() ?? null;
    if (Object.keys(stages).length === 0 && quality === null) return [];
    return [
      {
        schema: BASELINE_SCHEMA,
        eval: run.source.path,
        target: target.id,
        pinned: {
          run: run.id,
          at: pinnedAt,
          started_at: run.started_at,
          verdict: target.verdict,
          commit: environment.git?.commit ?? null,
          dirty: environment.git?.dirty ?? false,
          promptrig: environment.promptrig,
          machine: `${environment.cpu}, ${environment.cores} cores`,
          eval_sha256: run.source.sha256,
        },
        model: target.model,
        ...(quality === null ? {} : { quality }),
        stages,
      },
    ];
  });
}

class TargetReader {
  private readonly readers: Map<string, StageReader>;
  private readonly cases = new Map<string, { passed: number; of: number; score: number }>();

  constructor(private readonly target: TargetResult) {
    // The steps of a search are measured at rates that differ from run to run.
    const own = target.stages.filter(({ part_of: partOf }) => partOf === undefined);
    this.readers = new Map(own.map((stage) => [stage.name, new StageReader(stage)]));
  }

  addRequest(record: RequestRecord): void {
    this.readers.get(record.stage)?.add(record);
  }

  addCase({ case_id: id, outcome, score }: CaseRecord): void {
    if (outcome === 'skipped') return;
    const known = this.cases.get(id) ?? { passed: 0, of: 0, score: 0 };
    this.cases.set(id, known);
    known.of++;
    if (outcome === 'passed') known.passed++;
    known.score += outcome === 'error' ? 0 : (score ?? (outcome === 'passed' ? 1 : 0));
  }

  quality(): BaselineQuality | null {
    const { quality } = this.target;
    if (quality === null || this.cases.size === 0) return null;
    const cases = [...this.cases].map(([id, { passed, of, score }]) => [
      id,
      { passed, of, score: Number((score / of).toPrecision(4)) },
    ]);
    return {
      pass_rate: quality.pass_rate,
      score: quality.score,
      cases: Object.fromEntries(cases) as BaselineQuality['cases'],
    };
  }

  stages(plan: TargetPlan | undefined): Record<string, BaselineStage> {
    const found = [...this.readers].flatMap(([name, reader]): [string, BaselineStage][] => {
      const stage = reader.result(loadOf(name, reader.stage, plan));
      return stage === null ? [] : [[name, stage]];
    });
    return Object.fromEntries(found);
  }
}

class StageReader {
  private readonly metrics = new Map<string, ValuesInSendOrder>();
  private readonly failures = new ValuesInSendOrder();
  private readonly completed = new ValuesInSendOrder();
  private readonly tokens = new ValuesInSendOrder();
  private requests = 0;
  private failed = 0;
  private hasReasoning = false;

  constructor(readonly stage: StageResult) {}

  add(record: RequestRecord): void {
    if (record.phase !== 'measured') return;
    const { loop } = this.stage;
    const at = loop === 'open' ? record.scheduled : (record.sent ?? record.scheduled);
    const isCompleted = record.outcome === 'completed';
    this.requests++;
    if (!isCompleted) this.failed++;
    this.failures.add(at, [isCompleted ? 0 : 1]);
    if (!isCompleted) return;
    this.completed.add(at, [1]);
    this.tokens.add(at, [record.output_tokens ?? 0]);
    const values = latenciesOf(record, loop);
    if (values.ttfat !== undefined && values.ttfat !== values.ttft) this.hasReasoning = true;
    for (const metric of KEPT) {
      const value = values[metric];
      if (metric === 'itl') this.valuesOf(metric).add(at, record.itl);
      else if (value !== undefined) this.valuesOf(metric).add(at, [value]);
    }
  }

  private valuesOf(metric: string): ValuesInSendOrder {
    const known = this.metrics.get(metric) ?? new ValuesInSendOrder();
    this.metrics.set(metric, known);
    return known;
  }

  /** Null where nothing was sent. */
  result(load: string): BaselineStage | null {
    if (this.requests === 0) return null;
    const metrics: BaselineStage['metrics'] = {};
    for (const metric of KEPT) {
      // Where nothing is reasoned it is TTFT once more.
      if (metric === 'ttfat' && !this.hasReasoning) continue;
      const sketch = sketchOf(this.valuesOf(metric).result(), unitOf(metric));
      if (sketch !== null) metrics[metric] = sketch;
    }
    const { nEffective } = estimateRatio(this.failures.result().values, null);
    const unfit = unfitness(this.stage);
    return {
      load,
      ...(unfit === null ? {} : { unfit }),
      errors: { requests: this.requests, failed: this.failed, worth: Number(nEffective.toPrecision(3)) },
      rates: this.stage.pattern === 'cases' ? {} : { rps: this.rate('rps'), output_tps: this.rate('output_tps') },
      metrics,
    };
  }

  private rate(name: 'rps' | 'output_tps'): BaselineStage['rates'][string] {
    const { rates, window, origin_ms: origin = 0 } = this.stage;
    const value = Number(rates[name].toPrecision(4));
    const { values } = this.tokens.result();
    const instants = this.completed.instants();
    const weights = name === 'rps' ? instants.map(() => 1) : values;
    // Thinned ones would make a rate look smaller than it was; its spread is not worth the memory.
    if (instants.length < this.requests - this.failed || weights.length !== instants.length) return { value, se: null };
    const span = { startMs: origin + window.start_ms, endMs: origin + window.end_ms };
    const ci = batchRateInterval(instants, weights, span, CONFIDENCE);
    const half = studentQuantile(1 - (1 - CONFIDENCE) / 2, 19);
    return { value, se: ci === null ? null : Number(((ci[1] - ci[0]) / 2 / half).toPrecision(3)) };
  }
}

function unitOf(metric: string): Unit {
  return METRICS[metric]?.unit ?? 'ms';
}

function unfitness({ client, flags }: StageResult): string | null {
  if (client.limited) return 'the client was the limit';
  if (flags.includes('clock_jump')) return 'the machine was suspended while it was measured';
  return null;
}

/** The load in words that are the same for the same load. */
function loadOf(name: string, { pattern, rate, loop }: StageResult, target: TargetPlan | undefined): string {
  const stage = target?.stages.find((each) => each.name === name);
  if (pattern === 'cases') return target === undefined ? 'cases' : `cases, ${target.concurrency} at once`;
  const concurrency = loop === 'closed' && pattern !== 'sync' ? stage?.concurrency : undefined;
  const shown = loop === 'open' && rate !== null ? `${Number(rate.toPrecision(6))}/s` : concurrency;
  const head = shown === undefined ? pattern : `${pattern} ${shown}`;
  return [head, ...(stage === undefined ? [] : detailsOf(stage))].join(', ');
}

function detailsOf(stage: StagePlan): string[] {
  const { burstiness, ramp, burst, trace, synthetic, sessions, requestPool } = stage;
  const details: string[] = [];
  if (burstiness !== undefined) details.push(`burstiness ${burstiness}`);
  if (ramp !== undefined) details.push(`${ramp.from} to ${ramp.to} ${ramp.shape}`);
  if (burst !== undefined) details.push(`${burst.base} to ${burst.peak} for ${burst.forMs} of ${burst.everyMs} ms`);
  if (trace !== undefined) details.push(`${trace.path.replace(/^.*[/\\]/, '')} ${trace.speed}x`);
  if (sessions !== undefined) details.push(`${sessions.turns} turns`);
  const { inputTokens, outputTokens, prefix, cache } = synthetic ?? {};
  if (inputTokens !== undefined) details.push(`input ${inputTokens.mean}`);
  // A run of one case sends other prompts than that of all; that a prompt was edited is what is to be judged.
  else if (requestPool.length > 0)
    details.push(`${requestPool.length} ${requestPool.length === 1 ? 'prompt' : 'prompts'}`);
  if (outputTokens !== undefined) details.push(`output ${outputTokens.mean}`);
  if (prefix !== undefined) details.push(`prefix ${prefix.tokens}x${prefix.pool}`);
  if (cache === 'cold') details.push('cold');
  return details;
}
