import { basename } from 'node:path';
import type { CaseRecord, CurveResult, RunJson, SloResult, StageResult, TargetResult } from '../../protocol/run-json';
import { formatCount, formatValue } from '../metrics/format';
import { truncate } from './layout';
import { stageCaveats } from './flags';
import { plainData } from './plain';
import { INDENT, sentence } from './sentence';
import { painter, VERDICT_LOOK, type Paint } from './style';
import { curveLines } from './table-curve';
import { phaseLines } from './table-phases';
import { qualityLines } from './table-quality';
import { sloLines } from './table-slo';
import { comparisonLines } from './table-compare';
import { loadQualityLines, underLoadLines } from './table-variance';

export interface TableOptions {
  colour: boolean;
  /** Columns of the terminal; sentences wrap to it. */
  width: number;
  /** Line (from 1) of a JSON pointer in the eval file, where it is known. */
  lineOf?: (pointer: string) => number | undefined;
  /** Where the results are, as it is to be shown. */
  dir?: string;
}

/** What the parts of the table share. */
export interface TableContext extends TableOptions {
  run: RunJson;
  paint: Paint;
}

/**
 * The closing table of a run for a person: per target the quality with each failed assertion at its line, each SLO with its
 * evidence, errors, cost; last a line with the overall verdict. Text from models and servers is made printable first.
 */
export function renderTable(run: RunJson, cases: CaseRecord[], options: TableOptions): string {
  const context: TableContext = { ...options, run: plainData(run), paint: painter(options.colour) };
  const safeCases = plainData(cases);
  const lines = ['', title(context), ...datasetLines(context)];
  for (const target of context.run.targets) {
    lines.push(
      '',
      ...targetLines(
        target,
        safeCases.filter((record) => record.target === target.id),
        context,
      ),
    );
  }
  lines.push(...comparisonLines(context.run, context));
  lines.push('', verdictLine(context), '');
  return lines.join('\n');
}

/** The last line alone: the overall verdict, what decided it, and where the results are. */
export function renderVerdictLine(run: RunJson, options: TableOptions): string {
  return verdictLine({ ...options, run: plainData(run), paint: painter(options.colour) });
}

function title({ run, paint }: TableContext): string {
  return `${paint('strong', run.name)}  ${paint('dim', `${run.source.path} · seed ${run.seed}`)}`;
}

/** Which rows the verdict speaks of. */
function datasetLines({ run: { dataset }, paint }: TableContext): string[] {
  if (dataset === undefined) return [];
  const { path, read, taken, unreadable, complete, seed } = dataset;
  const rows = `${formatCount(read)}${complete ? '' : ' or more'} rows`;
  const drawn = seed === undefined ? '' : `, drawn with the seed ${seed}`;
  const bad = unreadable === 0 ? '' : `, ${formatCount(unreadable)} unreadable`;
  return [paint('dim', `${basename(path)}: ${formatCount(taken)} of ${rows}${bad}${drawn}`)];
}

function targetLines(target: TargetResult, cases: CaseRecord[], context: TableContext): string[] {
  const { paint } = context;
  const look = VERDICT_LOOK[target.verdict];
  const about = [
    target.model === target.endpoint ? '' : target.model,
    target.prompt === 'default' ? '' : target.prompt,
  ];
  // Tools and schemas are longer than anyone reads here.
  const params = Object.entries(target.params).map(([key, value]) => truncate(`${key} ${JSON.stringify(value)}`, 40));
  const detail = [...about, ...params].filter((part) => part !== '').join(' · ');
  const head = `${paint(look.tone, look.sign)} ${paint('strong', target.id)}`;
  const body: string[] = [];
  if (target.error !== undefined) body.push(...sentence(`${target.error.message}`, context, 'bad'));
  if (target.quality !== null) body.push(...qualityLines(target.quality, cases, context));
  body.push(...loadLines(target, context));
  body.push(...underLoadLines(target, context));
  body.push(costLine(target, context));
  return [detail === '' ? head : `${head}  ${paint('dim', detail)}`, ...body.map((line) => INDENT + line)];
}

/** Stages in the order in which they ran; the steps of a sweep or a capacity search are one block. */
function loadLines({ stages, curves = [], phases }: TargetResult, context: TableContext): string[] {
  const waiting = [...curves];
  const lines: string[] = [];
  for (const stage of stages) {
    if (stage.part_of === undefined) {
      lines.push(...stageLines(stage, context));
      continue;
    }
    const index = waiting.findIndex((curve) => curve.stage === stage.part_of);
    const [curve] = index < 0 ? [] : waiting.splice(index, 1);
    if (curve !== undefined) lines.push(...curveLines(curve, stages, context));
    // A search that was cut off has no curve yet: what its steps measured is not to be lost.
    else if (!curves.some((known) => known.stage === stage.part_of)) lines.push(...stageLines(stage, context));
  }
  for (const curve of waiting) lines.push(...curveLines(curve, stages, context));
  const several = stages.filter((stage) => stage.pattern !== 'cases').length > 1;
  if (phases !== undefined && several) {
    lines.push(context.paint('strong', 'All load stages together'), ...phaseLines(phases, context));
  }
  return lines;
}

function stageLines(stage: StageResult, context: TableContext): string[] {
  const { paint } = context;
  const lines = [paint('strong', stage.name), ...sentence(stageFacts(stage), context, 'dim')];
  lines.push(...sloLines(stage.slo, context).map((line) => INDENT + line));
  lines.push(...loadQualityLines(stage, context));
  for (const error of stage.errors) {
    lines.push(...sentence(`${error.count} × ${error.kind}: ${error.example}`, context, 'bad'));
  }
  for (const text of stageCaveats(stage)) lines.push(...sentence(text, context, 'unsure'));
  if (stage.phases !== undefined) lines.push(...phaseLines(stage.phases, context));
  return lines;
}

function stageFacts(stage: StageResult): string {
  const { counts, rates, metrics } = stage;
  const seconds = formatValue(stage.window.end_ms - stage.window.start_ms, 'ms');
  const rate = stage.rate === null ? '' : ` ${formatValue(stage.rate, '1/s')}`;
  const facts = [
    stage.pattern === 'cases' ? '' : `${stage.pattern}${rate}`,
    `${counts.completed} of ${counts.scheduled} completed in ${seconds}`,
    stage.pattern === 'cases' ? '' : `${formatValue(rates.rps, '1/s')} achieved`,
    spread('TTFT', metrics.ttft),
    spread('ITL', metrics.itl),
  ];
  return facts.filter((fact) => fact !== '').join(' · ');
}

function spread(label: string, distribution: StageResult['metrics'][string] | undefined): string {
  if (distribution === undefined || distribution.n === 0) return '';
  return `${label} p50 ${formatValue(distribution.p50, 'ms')}, p99 ${formatValue(distribution.p99, 'ms')}`;
}

function costLine({ cost }: TargetResult, { paint }: TableContext): string {
  const parts = [
    cost.total === null ? '' : `${formatValue(cost.total, 'USD')} in total`,
    cost.per_request === null ? '' : `${formatValue(cost.per_request, 'USD')} a request`,
    cost.per_1m_output === null ? '' : `${formatValue(cost.per_1m_output, 'USD')} per 1M output tokens`,
    cost.per_good === null ? '' : `${formatValue(cost.per_good, 'USD')} a good request`,
  ].filter((part) => part !== '');
  const text =
    parts.length === 0 ? paint('dim', 'unknown: the endpoint has neither price nor hardware') : parts.join(' · ');
  return `${paint('strong', 'Cost')}  ${text}`;
}

function verdictLine({ run, paint, dir }: TableContext): string {
  const look = VERDICT_LOOK[run.verdict];
  const reasons = decisive(run);
  const status =
    run.status === 'completed'
      ? []
      : [
          `${run.status}${run.status_reason === undefined ? '' : `: ${run.status_reason.replace(/^budget: /, 'budget, ')}`}`,
        ];
  const where = dir === undefined ? [] : [paint('dim', `results in ${dir}`)];
  return [paint(look.tone, `${look.sign} ${look.word.toUpperCase()}`), ...status, ...reasons, ...where].join(' · ');
}

function decisive(run: RunJson): string[] {
  const slos = run.targets.flatMap(slosOf);
  const missed = slos.filter((slo) => slo.verdict === 'fail').length;
  const open = slos.filter((slo) => slo.verdict === 'inconclusive').length;
  const quality = run.targets.flatMap((target) => (target.quality === null ? [] : [target.quality]));
  const answers = quality.reduce((sum, item) => sum + item.cases, 0);
  const failed = quality.reduce((sum, item) => sum + item.failed, 0);
  const errors = quality.reduce((sum, item) => sum + item.errors, 0);
  const skipped = quality.reduce((sum, item) => sum + item.skipped, 0);
  const met = slos.length - missed - open;
  return [
    answers === 0 ? '' : `${answers - failed - errors - skipped} of ${answers} answers passed`,
    skipped === 0 ? '' : `${skipped} skipped`,
    errors === 0 ? '' : `${errors} in error`,
    slos.length === 0 ? '' : `${met} of ${slos.length} SLOs met`,
    missed === 0 ? '' : `${missed} missed`,
    open === 0 ? '' : `${open} undecided`,
    ...run.targets.flatMap((target) => target.curves ?? []).map(curveReason),
  ].filter((reason) => reason !== '');
}

function curveReason({ stage, kind, rate, verdict }: CurveResult): string {
  if (rate === null) return `${stage}: ${verdict === 'fail' ? 'no rate meets the SLOs' : 'no rate found'}`;
  return `${stage}: ${kind === 'capacity' ? '' : 'SLOs met up to '}${formatValue(rate, '1/s')}`;
}

function slosOf(target: TargetResult): SloResult[] {
  // A step is meant to find the rate that misses its SLOs: what counts is the curve's own conclusion.
  const deciding = target.stages.filter((stage) => stage.part_of === undefined);
  return [...(target.quality?.slo ?? []), ...deciding.flatMap((stage) => stage.slo)];
}
