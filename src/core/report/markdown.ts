/**
 * Markdown for a comment on a pull request or a job's summary: the verdict first, then the SLOs, what failed with its lines, the
 * targets against each other and against the baseline; answers are folded away.
 */
import type {
  BaselineComparison,
  BaselineRow,
  QualityPair,
  QualityResult,
  QualityUnderLoad,
  RunJson,
  SloResult,
  TargetResult,
} from '../../protocol/run-json';
import { choiceSentence } from '../compare/constraint';
import { axisInfo } from '../compare/pareto-values';
import { formatCount, formatInterval, formatValue } from '../metrics/format';
import { parseSloExpression } from '../metrics/slo';
import { baselineName, orderedRows, rowText } from './baseline-rows';
import { codeBlock, codeCell, codeSpan } from './escape-markdown';
import { findingsOf, type Finding, type FindingLevel } from './finding';
import { levelOf, pointsWithInterval } from './points';
import { nearestPlace, type ReportFile, type ReportSet } from './report-file';
import { VERDICT_LOOK } from './style';

/** Bytes that a comment may have on GitHub, less some room for what is put around it. */
export const COMMENT_BYTES = 65_000;
/** Findings and pairs beyond these are in the results. */
const MOST_FINDINGS = 50;
const MOST_PAIRS = 10;
/** Numbers beside the baseline's that are listed; the others are in run.json. */
const MOST_BASELINE_ROWS = 60;
const MOST_ANSWERS = 10;
const MOST_ANSWER = 1000;

export interface MarkdownOptions {
  /** The document is kept to so many bytes of UTF-8: answers go first, then whole sections from the end. */
  mostBytes?: number;
}

export function renderMarkdown(report: ReportSet, { mostBytes = COMMENT_BYTES }: MarkdownOptions = {}): string {
  const full = sectionsOf(report, true);
  if (bytes(join(full)) <= mostBytes) return join(full);
  const brief = sectionsOf(report, false);
  const note = '_Shortened: the rest is in the results._\n';
  while (brief.length > 1 && bytes(join([...brief, note])) > mostBytes) brief.pop();
  const text = join([...brief, note]);
  return bytes(text) <= mostBytes ? text : note;
}

function join(sections: readonly string[]): string {
  return sections.join('\n');
}

function bytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

function sectionsOf({ files }: ReportSet, withAnswers: boolean): string[] {
  if (files.length === 0) return ['### Promptrig: nothing was run\n'];
  const verdicts = files.map(({ run }) => run.verdict);
  const worst =
    (['fail', 'error', 'inconclusive', 'pass'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'pass';
  const evals = files.length === 1 ? '' : ` · ${files.length} evals`;
  const sections = [`### Promptrig: ${badge(worst)}${evals}\n`];
  if (files.length > 1) sections.push(overview(files));
  for (const file of files) sections.push(...fileSections(file, withAnswers, files.length > 1));
  return sections;
}

const MARKS: Record<RunJson['verdict'], string> = { pass: '✅', fail: '❌', inconclusive: '❔', error: '⚠️' };

function badge(verdict: RunJson['verdict']): string {
  return `${MARKS[verdict]} ${VERDICT_LOOK[verdict].word}`;
}

function overview(files: readonly ReportFile[]): string {
  const rows = files.map(({ run, path }) => [badge(run.verdict), codeCell(path), summaryOf(run)]);
  return table(['verdict', 'eval', ''], rows);
}

function fileSections(file: ReportFile, withAnswers: boolean, withHead: boolean): string[] {
  const { run } = file;
  const status =
    run.status === 'completed'
      ? ''
      : ` · ${run.status}${run.status_reason === undefined ? '' : `: ${codeSpan(run.status_reason)}`}`;
  const head = `${badge(run.verdict)} ${codeSpan(file.path)} · ${summaryOf(run)}${status}\n`;
  const sections = [withHead ? `#### ${head}` : head];
  const slos = sloTable(run);
  if (slos !== '') sections.push(slos);
  const findings = findingsOf(file).filter(({ rule }) => !rule.startsWith('slo/'));
  if (findings.length > 0) sections.push(findingList(file, findings));
  const notes = [
    ...run.targets.flatMap(({ id, quality_under_load: found }) =>
      found === undefined ? [] : [underLoad(id, found, run)],
    ),
    ...run.targets.flatMap(({ id, quality }) => (quality === null ? [] : flaky(id, quality))),
    ...run.targets.flatMap((target) => flagLines(target)),
  ];
  if (notes.length > 0) sections.push(`${notes.map((note) => `- ${note}`).join('\n')}\n`);
  if (run.baseline !== undefined) sections.push(renderBaselineMarkdown(run.baseline, run.confidence));
  if (run.purpose === 'selection') sections.push(...selectionSections(run));
  const pairs = run.comparison?.pairs ?? [];
  if (pairs.length > 0) sections.push(pairTable(pairs, run.confidence));
  if (withAnswers) {
    const answers = answerSection(findings);
    if (answers !== '') sections.push(answers);
  }
  return sections;
}

function summaryOf({ targets }: RunJson): string {
  const quality = targets.flatMap((target) => (target.quality === null ? [] : [target.quality]));
  const asked = quality.reduce((sum, { cases, skipped }) => sum + cases - skipped, 0);
  const passed = quality.reduce((sum, item) => sum + item.passed, 0);
  const slos = targets.flatMap(slosOf).map(({ slo }) => slo);
  const met = slos.filter(({ verdict }) => verdict === 'pass').length;
  const cost = targets.reduce<number | null>(
    (sum, { cost: { total } }) => (total === null ? sum : (sum ?? 0) + total),
    null,
  );
  const parts = [
    asked === 0 ? '' : `${formatCount(passed)} of ${formatCount(asked)} answers passed`,
    slos.length === 0 ? '' : `${met} of ${slos.length} SLOs met`,
    cost === null ? '' : formatValue(cost, 'USD').replace('$', '\\$'),
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing was measured' : parts.join(' · ');
}

function slosOf(target: TargetResult): { slo: SloResult; stage: string }[] {
  const ofStages = target.stages
    .filter(({ part_of: partOf }) => partOf === undefined)
    .flatMap((stage) =>
      [...stage.slo, ...(stage.quality?.slo ?? [])].map((slo) => ({
        slo,
        stage: stage.pointer === null ? '' : stage.name,
      })),
    );
  return [...(target.quality?.slo ?? []).map((slo) => ({ slo, stage: '' })), ...ofStages];
}

function sloTable(run: RunJson): string {
  const rows = run.targets.flatMap((target) =>
    slosOf(target).map(({ slo, stage }) => {
      const parsed = parseSloExpression(slo.expr);
      const value = (amount: number): string =>
        (parsed.ok ? formatValue(amount, parsed.unit) : String(amount)).replace('$', '\\$');
      const weight = slo.severity === 'error' ? '' : ` (${slo.severity})`;
      const ci = slo.ci === null || !parsed.ok ? '' : formatInterval(slo.ci, slo.value ?? slo.ci[1], parsed.unit);
      return [
        `${badge(slo.verdict)}${weight}`,
        codeCell(slo.name === undefined ? slo.expr : `${slo.name}: ${slo.expr}`),
        ...(run.targets.length > 1 ? [codeCell(target.id)] : []),
        stage === '' ? '' : codeCell(stage),
        slo.value === null ? '' : value(slo.value),
        ci,
        formatCount(slo.n),
        slo.verdict === 'pass' && slo.confidence === 'high' ? '' : codeCell(slo.reason),
      ];
    }),
  );
  if (rows.length === 0) return '';
  const target = run.targets.length > 1 ? ['target'] : [];
  return table(['verdict', 'SLO', ...target, 'stage', 'value', `${levelOf(run.confidence)} CI`, 'n', 'why'], rows);
}

const SIGNS: Record<FindingLevel, string> = { error: '❌', warning: '⚠️', note: 'ℹ️' };

function findingList(file: ReportFile, findings: readonly Finding[]): string {
  const many = file.run.targets.length > 1;
  const lines = findings.slice(0, MOST_FINDINGS).map((finding) => {
    const { line } = nearestPlace(file, finding.pointer);
    const share = finding.answers === undefined ? '' : ` (${finding.answers.count} of ${finding.answers.of} answers)`;
    const target = many ? ` · ${codeSpan(finding.target)}` : '';
    return `- ${SIGNS[finding.level]} ${codeSpan(`${file.path}:${line}`)} ${codeSpan(finding.title)}${share}${target}: ${codeSpan(finding.message)}`;
  });
  const more = findings.length - MOST_FINDINGS;
  if (more > 0) lines.push(`- and ${formatCount(more)} more`);
  return `${lines.join('\n')}\n`;
}

function underLoad(target: string, { low, high, difference, ci, verdict }: QualityUnderLoad, run: RunJson): string {
  const mark = verdict === 'worse' ? '❌' : 'ℹ️';
  return (
    `${mark} Right answers under load, ${codeSpan(target)}: ${formatValue(low.pass_rate, 'ratio')} in ${codeSpan(low.stage)}, ` +
    `${formatValue(high.pass_rate, 'ratio')} in ${codeSpan(high.stage)}: ${pointsWithInterval(difference, ci, run.confidence)}, ${verdict}`
  );
}

function flaky(target: string, { repeated = [] }: QualityResult): string[] {
  const disagree = repeated.filter(({ n, passed }) => passed > 0 && passed < n);
  if (disagree.length === 0) return [];
  const named = disagree.slice(0, 5).map(({ name, n, passed }) => `${codeSpan(name)} ${passed}/${n}`);
  const more = disagree.length > 5 ? ` and ${disagree.length - 5} more` : '';
  return [`⚠️ Flaky, ${codeSpan(target)}: ${named.join(', ')}${more}`];
}

function flagLines({ id, stages }: TargetResult): string[] {
  return stages
    .filter(({ flags }) => flags.length > 0)
    .map(
      ({ name, flags }) =>
        `ℹ️ ${codeSpan(`${id} / ${name}`)}: ${flags.map((flag) => codeSpan(flag.replaceAll('_', ' '))).join(', ')}`,
    );
}

/** A comparison with a baseline; also a document of its own. */
export function renderBaselineMarkdown(baseline: BaselineComparison, confidence: number): string {
  const lines = [`**Against the baseline** ${codeSpan(baselineName(baseline))}`, ''];
  if (baseline.error !== undefined) lines.push(`- ⚠️ ${codeSpan(baseline.error)}`);
  for (const text of baseline.regressions) lines.push(`- ❌ worse: ${codeSpan(text)}`);
  for (const text of baseline.improvements) lines.push(`- ✅ better: ${codeSpan(text)}`);
  if (baseline.rows === undefined) {
    for (const pair of baseline.pairs.filter(({ verdict }) => verdict === 'no difference shown')) {
      lines.push(
        `- ${codeSpan(pair.second)}: no difference shown, ${pointsWithInterval(pair.difference, pair.ci, confidence)} over ${pair.cases} cases`,
      );
    }
  }
  for (const text of baseline.caveats ?? []) lines.push(`- ⚠️ ${codeSpan(text)}`);
  return `${lines.join('\n')}\n${baselineTable(baseline, confidence)}`;
}

const ROW_MARKS: Record<BaselineRow['verdict'], string> = {
  regression: '❌',
  improvement: '✅',
  'within tolerance': '⚠️',
  'no difference shown': '',
  'not tested': '',
};

/** Every number that was held against the baseline, what got worse first; folded away where nothing did. */
function baselineTable(baseline: BaselineComparison, confidence: number): string {
  const rows = orderedRows(baseline);
  if (rows.length === 0) return '';
  const targets = new Set(rows.map(({ target }) => target)).size;
  const cells = rows.slice(0, MOST_BASELINE_ROWS).map((row) => {
    const text = rowText(row, targets);
    return [
      ROW_MARKS[row.verdict],
      codeCell(text.metric),
      codeCell(text.place),
      ...[text.before, text.now, text.difference, text.ci, text.tolerated].map((value) => value.replaceAll('$', '\\$')),
      codeCell(text.verdict),
    ];
  });
  const head = ['', 'metric', '', 'before', 'now', 'difference', `${levelOf(confidence)} CI`, 'tolerated', ''];
  const shown = `\n${table(head, cells)}`;
  return baseline.regressions.length > 0
    ? shown
    : `\n<details><summary>${rows.length} numbers beside the baseline's</summary>\n${shown}\n</details>\n`;
}

/** Of a run that selects: who is beaten by nobody outright, and what fits. */
function selectionSections({ comparison }: RunJson): string[] {
  const { pareto, selection } = comparison ?? {};
  const sections: string[] = [];
  if (pareto !== undefined) {
    const rows = pareto.points.map(({ id, values }) => {
      const by = pareto.dominated.find((each) => each.id === id)?.by;
      const place = pareto.front.includes(id)
        ? '**on the front**'
        : by === undefined
          ? 'left out'
          : `dominated by ${codeCell(by)}`;
      const shown = values.map((value, index) =>
        value === null
          ? ''
          : formatValue(value, axisInfo(pareto.axes[index] ?? '')?.unit ?? 'count').replace('$', '\\$'),
      );
      return [codeCell(id), ...shown, place];
    });
    sections.push(table(['target', ...pareto.axes.map(codeCell), ''], rows));
  }
  if (selection !== undefined) {
    const lines = [
      ...selection.fitting.map(
        ({ id, sure }) => `- ✅ ${codeSpan(id)} meets every limit${sure ? '' : ', not all with high confidence'}`,
      ),
      ...selection.rejected.map(({ id, reasons }) => `- ❌ ${codeSpan(id)}: ${codeSpan(reasons.join(', '))}`),
      ...selection.choices.map((choice) => `- ${codeSpan(choiceSentence(choice, selection))}`),
    ];
    if (lines.length > 0) sections.push(`${lines.join('\n')}\n`);
  }
  return sections;
}

function pairTable(pairs: readonly QualityPair[], confidence: number): string {
  const rank = ({ verdict }: QualityPair): number => (verdict === 'no difference shown' ? 1 : 0);
  const ordered = [...pairs].sort((a, b) => rank(a) - rank(b));
  const rows = ordered
    .slice(0, MOST_PAIRS)
    .map((pair) => [
      codeCell(pair.first),
      codeCell(pair.second),
      pointsWithInterval(pair.difference, pair.ci, confidence),
      String(pair.cases),
      String(Number(pair.p_adjusted.toPrecision(2))),
      pair.verdict === 'no difference shown'
        ? pair.verdict
        : `${codeCell(pair.verdict === 'first better' ? pair.first : pair.second)} is better`,
    ]);
  const more = ordered.length > MOST_PAIRS ? `\nand ${ordered.length - MOST_PAIRS} more pairs\n` : '';
  return folded('Quality side by side', table(['first', 'second', 'second less first', 'cases', 'p', ''], rows) + more);
}

function answerSection(findings: readonly Finding[]): string {
  const withAnswers = findings
    .filter(({ answer, level }) => answer !== undefined && level !== 'note')
    .slice(0, MOST_ANSWERS);
  if (withAnswers.length === 0) return '';
  const parts = withAnswers.map(({ title, target, answer = '' }) => {
    const text = answer.length > MOST_ANSWER ? `${answer.slice(0, MOST_ANSWER)}…` : answer;
    return `${codeSpan(title)} · ${codeSpan(target)}\n\n${codeBlock(text)}`;
  });
  return folded('Answers that did not pass', `${parts.join('\n\n')}\n`);
}

/** A blank line behind the summary: without it Markdown inside is shown as it is. */
function folded(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n</details>\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
