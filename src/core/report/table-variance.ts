import type { JudgeTotals, QualityResult, StageResult, TargetResult } from '../../protocol/run-json';
import { formatCount, formatInterval, formatValue } from '../metrics/format';
import { levelOf, pointsWithInterval } from './points';
import { sentence } from './sentence';
import type { TableContext } from './table';

/** Repeated cases that disagree and are named; the others are in run.json. */
const SHOWN_CASES = 5;

/** What repeats say: pass@k and pass^k, the cases whose answers disagree, and whether the judge agrees with itself. */
export function varianceLines(quality: QualityResult, context: TableContext): string[] {
  const lines: string[] = [];
  const { pass_at: at, pass_all: all, repeated = [] } = quality;
  if (at !== undefined && all !== undefined) lines.push(...sentence(ofK(at, all), context, 'dim'));
  const flaky = repeated.filter(({ n, passed }) => passed > 0 && passed < n);
  for (const { name, n, passed, distinct } of flaky.slice(0, SHOWN_CASES)) {
    const texts = distinct === 1 ? 'although it always ends in the same answer' : `in ${distinct} different wordings`;
    const text = `flaky: ${name} passes ${passed} of ${n} times, ${texts}`;
    lines.push(...sentence(text, context, 'unsure'));
  }
  if (flaky.length > SHOWN_CASES)
    lines.push(...sentence(`and ${flaky.length - SHOWN_CASES} more flaky cases, in run.json`, context, 'dim'));
  if (quality.judge !== undefined) lines.push(...judgeLines(quality.judge, context));
  return lines;
}

function ofK(at: Record<string, number>, all: Record<string, number>): string {
  const ks = Object.keys(at).map(Number);
  const most = Math.max(...ks);
  // One answer, and as many as were asked for, tell the story; what lies between is in run.json.
  const shown = [...new Set([1, most])].filter((k) => ks.includes(k));
  const parts = shown.map((k) =>
    k === 1 ? `pass@1 ${share(at[k])}` : `pass@${k} ${share(at[k])} (right at least once)`,
  );
  if (most > 1) parts.push(`pass^${most} ${share(all[most])} (right every time)`);
  return parts.join(' · ');
}

function share(value: number | undefined): string {
  return value === undefined ? '-' : formatValue(value, 'ratio');
}

function judgeLines(judge: JudgeTotals, context: TableContext): string[] {
  const cost = judge.cost === null ? 'cost unknown: the judge has no price' : formatValue(judge.cost, 'USD');
  const tokens = formatCount(judge.input_tokens + judge.output_tokens);
  const text = `Judge: ${plural(judge.calls, 'request')} · ${tokens} tokens · ${cost}`;
  const { graded_twice: twice, disagreed = 0 } = judge;
  if (twice === undefined) return sentence(text, context, 'dim');
  const agreement =
    disagreed === 0
      ? `agreed with itself on all ${twice} answers that it graded twice`
      : `disagreed with itself on ${disagreed} of ${twice} answers that it graded twice`;
  return sentence(`${text} · ${agreement}`, context, disagreed === 0 ? 'dim' : 'unsure');
}

/** The answers of a load stage: how many are right at this load. */
export function loadQualityLines({ quality }: StageResult, context: TableContext): string[] {
  if (quality === undefined) return [];
  const asked = quality.cases - quality.skipped;
  const level = levelOf(context.run.confidence);
  const ci = quality.ci === null ? '' : `, ${level} CI ${formatInterval(quality.ci, quality.pass_rate ?? 0, 'ratio')}`;
  const rate = quality.pass_rate === null ? '' : ` (${formatValue(quality.pass_rate, 'ratio')}${ci})`;
  const sampled = quality.sampled_from;
  const parts = [
    `Answers: ${formatCount(quality.passed)} of ${formatCount(asked)} right${rate}`,
    quality.errors === 0 ? '' : `${formatCount(quality.errors)} in error`,
    quality.skipped === 0 ? '' : `${formatCount(quality.skipped)} skipped`,
    sampled === undefined || sampled <= asked
      ? ''
      : `graded: a random sample of ${formatCount(sampled)}; goodput counts the assertions that need no model`,
    quality.not_judged === undefined
      ? ''
      : `${formatCount(quality.not_judged)} more could not be judged: they came faster than that`,
  ].filter((part) => part !== '');
  const lines = sentence(parts.join(' · '), context, quality.failed > 0 ? 'unsure' : 'plain');
  if (quality.judge !== undefined) lines.push(...judgeLines(quality.judge, context));
  return lines;
}

/** Whether the answers get worse as the load grows. */
export function underLoadLines({ quality_under_load: found }: TargetResult, context: TableContext): string[] {
  if (found === undefined) return [];
  const { low, high, difference, ci, verdict } = found;
  const points = pointsWithInterval(difference, ci, context.run.confidence);
  const text =
    `Right answers under load: ${formatValue(low.pass_rate, 'ratio')} in "${low.stage}", ` +
    `${formatValue(high.pass_rate, 'ratio')} in "${high.stage}": ${points}, ${verdict}`;
  return sentence(text, context, verdict === 'worse' ? 'bad' : 'plain');
}

function plural(count: number, word: string): string {
  return `${formatCount(count)} ${word}${count === 1 ? '' : 's'}`;
}
