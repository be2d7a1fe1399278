/** "Maximise this subject to that", as it is typed: what cannot be read is data, with what may have been meant. */
import type { CompareSelection } from '../../protocol/compare-panel';
import { metricOf } from '../metrics/definitions';
import { parseSloExpression } from '../metrics/slo';
import { isStat } from '../metrics/stat';
import { choiceSentence, limitOn, select, verdictOf, type Requirement } from './constraint';
import { limitsOf, mainAxes } from './panel-front';
import { axisInfo, axisPhrase, splitAxis, type Candidate } from './pareto-values';

export interface Choice {
  aim: string;
  limits: readonly string[];
}

/** The cheapest that meets every SLO; without a cost the fastest, else the best. */
export function defaultChoice(candidates: readonly Candidate[]): Choice | null {
  const main = mainAxes(candidates);
  const aim = main.find((axis) => metricOf(splitAxis(axis).metric)?.kind === 'cost') ?? main[1] ?? main[0];
  return aim === undefined ? null : { aim, limits: limitsOf(candidates).map(({ expr }) => expr) };
}

/** @param name how a contender is called in the sentence */
export function panelSelection(
  candidates: readonly Candidate[],
  { aim, limits }: Choice,
  name: (id: string) => string,
): CompareSelection {
  const invalid: CompareSelection['invalid'] = [];
  const requirements = limits.flatMap((text): Requirement[] => {
    if (text.trim() === '') return [];
    const read = requirementOf(text);
    if ('problem' in read) invalid.push({ text, problem: read.problem });
    return 'problem' in read ? [] : [read.requirement];
  });
  const wanted = axisOfAim(aim);
  if ('problem' in wanted) {
    invalid.push({ text: aim, problem: wanted.problem });
    const result = select(candidates, [], requirements);
    return { aim, result, sentence: wanted.problem, invalid };
  }
  const result = select(candidates, [wanted.axis], requirements);
  const [choice] = result.choices;
  return {
    aim: wanted.axis,
    result,
    sentence: choice === undefined ? '' : choiceSentence(choice, result, name),
    invalid,
  };
}

/** A limit that the run has judged is met as the run says; of any other the number decides. */
export function requirementOf(text: string): { requirement: Requirement } | { problem: string } {
  const parsed = parseSloExpression(text);
  if (!parsed.ok) {
    const { message, offset, length, suggestions } = parsed;
    const [first] = suggestions;
    if (first === undefined || message.includes(`"${first}"`)) return { problem: message };
    const meant = `${text.slice(0, offset)}${first}${text.slice(offset + length)}`.trim();
    return { problem: `${message} Did you mean "${meant}"?` };
  }
  const judged = verdictOf(parsed.expr);
  const measured = limitOn(parsed);
  return {
    requirement: {
      text: parsed.expr,
      standing: (candidate) =>
        candidate.slos.some(({ slo }) => slo.expr === parsed.expr)
          ? judged.standing(candidate)
          : measured.standing(candidate),
    },
  };
}

const DIRECTIONS: Record<string, 'lower' | 'higher'> = {
  ...{ maximise: 'higher', maximize: 'higher', max: 'higher', highest: 'higher' },
  ...{ minimise: 'lower', minimize: 'lower', min: 'lower', lowest: 'lower' },
};

/** `maximise quality.score`, `ttft` (of which the usual percentile is meant). */
function axisOfAim(aim: string): { axis: string } | { problem: string } {
  const words = aim.trim().split(/\s+/);
  const direction = words.length > 1 ? DIRECTIONS[(words[0] ?? '').toLowerCase()] : undefined;
  const subject = (direction === undefined ? words : words.slice(1)).join(' ');
  if (subject === '') return { problem: 'Say what is to be best, such as "cost.per_good".' };
  const { metric, stat } = splitAxis(subject);
  const definition = metricOf(metric);
  const isKnown = definition !== undefined && (stat === null || (definition.stats && isStat(stat)));
  if (!isKnown) {
    // The reader of SLOs knows what other tools call our metrics; the rest of the expression is there for its sake.
    const read = parseSloExpression(`${subject} <= 1`);
    return { problem: read.ok ? `"${subject}" is not a metric.` : read.message };
  }
  const axis = stat === null && definition.defaultStat !== null ? `${metric}.${definition.defaultStat}` : subject;
  const better = axisInfo(axis)?.better ?? definition.better;
  if (direction !== undefined && direction !== better) {
    const [word, verb] = better === 'lower' ? ['less', 'minimise'] : ['more', 'maximise'];
    return { problem: `Of ${axisPhrase(axis)} ${word} is better: ${verb} it.` };
  }
  return { axis };
}
