/** What is known of the answers beyond their count, as sentences and numbers: repeats, judge, load. */
import { formatCount, formatDifference, formatInterval, formatValue } from '../../src/protocol/format';
import type { CostResult, JudgeTotals, QualityResult, QualityUnderLoad } from '../../src/protocol/run-json';
import { judgeText } from './judge-text';
import { verdictWord, type Word } from '../words';

export interface Fact {
  label: string;
  text: string;
  /** For a hover: how it comes about. */
  help: string;
  /** Where it is worth a look. */
  word?: Word;
}

const NOTABLE = verdictWord('inconclusive');

/** Of the answers to the quality cases. @param confidence level of the intervals, such as 0.95 */
export function qualityFacts(quality: QualityResult, confidence: number): Fact[] {
  const facts: Fact[] = [];
  const { pass_rate: rate, ci, score, flake_rate: flaky, pass_at: at, pass_all: all, judge } = quality;
  const asked = quality.cases - quality.skipped;
  if (rate !== null)
    facts.push({
      label: 'Passed',
      text: `${formatValue(rate, 'ratio')}${intervalText(ci, rate, confidence)} · n ${formatCount(asked)}`,
      help: 'Answers that passed / answers that were asked for and not skipped. Wilson interval; repeats of one case are one cluster.',
    });
  if (score !== null)
    facts.push({
      label: 'Score',
      text: formatValue(score, 'count'),
      help: 'Weighted mean of the scores of all cases.',
    });
  if (at !== undefined && all !== undefined) {
    const ks = Object.keys(at).map(Number);
    const most = Math.max(...ks);
    facts.push({
      label: 'Repeats',
      text: [
        `pass@1 ${shareText(at['1'])}`,
        ...(most > 1
          ? [`pass@${most} ${shareText(at[String(most)])}`, `pass^${most} ${shareText(all[String(most)])}`]
          : []),
      ].join(' · '),
      help: `pass@k: share of cases of which at least one of k answers passes. pass^k: of which all k do.`,
    });
  }
  if (flaky !== null)
    facts.push({
      label: 'Flaky',
      text: `${formatValue(flaky, 'ratio')} of the repeated cases${flakyNames(quality)}`,
      help: 'Repeated cases of which some answers pass and some do not.',
      ...(flaky > 0 ? { word: NOTABLE } : {}),
    });
  if (judge !== undefined) facts.push(judgeFact(judge));
  return facts;
}

/** Of the answers of a load stage. */
export function loadFacts(quality: QualityResult, confidence: number): Fact[] {
  const { pass_rate: rate, ci, passed, sampled_from: from, not_judged: missed, judge } = quality;
  const asked = quality.cases - quality.skipped;
  const parts = [`${formatCount(passed)} of ${formatCount(asked)} right`];
  if (rate !== null) parts.push(`${formatValue(rate, 'ratio')}${intervalText(ci, rate, confidence)}`);
  if (quality.errors > 0) parts.push(`${formatCount(quality.errors)} in error`);
  if (from !== undefined && from > asked) parts.push(`a random sample of ${formatCount(from)}`);
  if (missed !== undefined) parts.push(`${formatCount(missed)} more came faster than they could be judged`);
  const facts: Fact[] = [
    {
      label: 'Answers under this load',
      text: parts.join(' · '),
      help: 'Answers of measured requests that passed the assertions of their case.',
      ...(rate !== null && rate < 1 ? { word: NOTABLE } : {}),
    },
  ];
  if (judge !== undefined) facts.push(judgeFact(judge));
  return facts;
}

/** Whether the answers get worse as the load grows. */
export function underLoadFact({ low, high, difference, ci, verdict }: QualityUnderLoad, confidence: number): Fact {
  const sign = difference < 0 ? '−' : '+';
  const points = `${sign}${formatDifference(difference, 'ratio')} (${formatValue(confidence, 'ratio')} CI ${signed(ci[0])} to ${signed(ci[1])})`;
  return {
    label: 'Quality under load',
    text: `${formatValue(low.pass_rate, 'ratio')} right in ${low.stage}, ${formatValue(high.pass_rate, 'ratio')} in ${high.stage}: ${points}, ${verdict}`,
    help: 'Right answers at the highest load less those at the lowest.',
    word: verdict === 'worse' ? verdictWord('fail') : verdict === 'better' ? verdictWord('pass') : NOTABLE,
  };
}

/** Null where nothing has a price. */
export function costFact({
  total,
  per_request: request,
  per_1m_output: output,
  per_good: good,
}: CostResult): Fact | null {
  const parts: string[] = [];
  if (total !== null) parts.push(`${formatValue(total, 'USD')} in all`);
  if (request !== null) parts.push(`${formatValue(request, 'USD')} a request`);
  if (good !== null) parts.push(`${formatValue(good, 'USD')} a good request`);
  if (output !== null) parts.push(`${formatValue(output, 'USD')} per 1M output tokens`);
  if (parts.length === 0) return null;
  return { label: 'Cost', text: parts.join(' · '), help: 'Tokens × price; with hardware, its share of machine time.' };
}

function judgeFact(judge: JudgeTotals): Fact {
  const { graded_twice: twice, disagreed = 0 } = judge;
  const agreement =
    twice === undefined
      ? ''
      : disagreed === 0
        ? ` · agreed with itself on all ${formatCount(twice)} answers that it graded twice`
        : ` · disagreed with itself on ${formatCount(disagreed)} of ${formatCount(twice)} answers that it graded twice`;
  return {
    label: 'Judge',
    text: judgeText(judge) + agreement,
    help: 'What grading took, apart from the cost of the answers.',
    ...(disagreed > 0 ? { word: NOTABLE } : {}),
  };
}

function intervalText(ci: [number, number] | null, value: number, confidence: number): string {
  return ci === null ? '' : ` · ${formatValue(confidence, 'ratio')} CI ${formatInterval(ci, value, 'ratio')}`;
}

function shareText(value: number | undefined): string {
  return value === undefined ? '–' : formatValue(value, 'ratio');
}

/** Points with their sign, which an interval around zero is about. */
function signed(share: number): string {
  const points = Number((share * 100).toPrecision(3));
  return points < 0 ? `−${-points}` : `${points}`;
}

const NAMED = 3;

function flakyNames({ repeated = [] }: QualityResult): string {
  const flaky = repeated.filter(({ n, passed }) => passed > 0 && passed < n);
  if (flaky.length === 0) return '';
  const named = flaky.slice(0, NAMED).map(({ name, n, passed }) => `${name} ${passed}/${n}`);
  const more = flaky.length > NAMED ? `, and ${formatCount(flaky.length - NAMED)} more` : '';
  return `: ${named.join(', ')}${more}`;
}
