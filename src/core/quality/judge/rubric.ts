/** Assertions with one question to the judge about one answer: `llm-rubric`, `factuality`, `model-graded-closedqa`. */
import type { Json } from '../../../protocol/plan';
import type { Finding } from '../types';
import { answerVariable, customMessages } from './custom-prompt';
import { graded, reaches, reasonIn, shown, textIn, type Grading } from './grading';
import { categoryIn, verdictLetterIn } from './plain-replies';
import { promptOf, questionOf } from './question';
import { Ungradable } from './ungradable';

const REASON = { type: 'string' };
const SHARE = { type: 'number', minimum: 0, maximum: 1 };

/**
 * The judge says whether the answer meets the rubric, and how far. It holds where `pass` is true and the score reaches the
 * threshold, where there is one. Of a prompt of the author's own that asks for one of the two only, the other follows from it.
 */
async function rubric(grading: Grading): Promise<Finding> {
  const { assertion, answer, judge } = grading;
  const { rubricPrompt, threshold } = assertion;
  const text = rubricOf(grading);
  let verdict: { [key: string]: Json };
  if (rubricPrompt !== undefined) {
    const output = answerVariable('output', answer.text, rubricPrompt);
    const messages = customMessages(rubricPrompt, { ...answer.vars, output, rubric: text });
    // An author's prompt may ask for less than ours, and on a scale of its own.
    const properties = { reason: REASON, score: { type: 'number' }, pass: { type: 'boolean' } };
    const anyOf = [{ required: ['pass'] }, { required: ['score'] }];
    verdict = await grading.askFor(messages, { type: 'object', properties, anyOf });
  } else {
    const texts = { trusted: { rubric: text }, untrusted: { answer: answer.text } };
    const properties = { reason: REASON, score: SHARE, pass: { type: 'boolean' } };
    verdict = await grading.ask('llm-rubric', 'verdict', texts, properties);
  }
  const { pass: said, score: given } = verdict;
  const pass = typeof said === 'boolean' ? said : reaches(Number(given), threshold ?? 0.5);
  const score = typeof given === 'number' ? given : pass ? 1 : 0;
  const holds = pass && (threshold === undefined || reaches(score, threshold));
  const verb = pass ? 'meets the rubric' : 'does not meet the rubric';
  const needed = threshold === undefined ? '' : `, score ${shown(score)} of the ${shown(threshold)} needed`;
  return {
    kind: 'found',
    holds,
    // On a scale of the author's own the score decides by its threshold alone: it is no share of 1.
    score: score >= 0 && score <= 1 ? score : holds ? 1 : 0,
    reason: `${verb}${needed}, says ${judge.label}: ${reasonIn(verdict['reason'])}`,
  };
}

/** A text, or a map or list as JSON. Without one, a prompt of the author's own says everything. */
function rubricOf({ assertion: { value, rubricPrompt } }: Grading): string {
  const text = textIn(value ?? '');
  if (text.trim() !== '') return text;
  if (rubricPrompt !== undefined) return '';
  throw new Ungradable('llm-rubric needs a rubric as its value');
}

/** What a category means, and whether it passes: as in promptfoo only a contradiction fails. */
const CATEGORIES: Readonly<Record<string, { passes: boolean; fact: string }>> = {
  A: { passes: true, fact: 'states a part of the expected facts and contradicts none' },
  B: { passes: true, fact: 'states the expected facts and more, and contradicts none' },
  C: { passes: true, fact: 'states the expected facts' },
  D: { passes: false, fact: 'contradicts the expected facts' },
  E: { passes: true, fact: 'differs from the expected facts in nothing that matters' },
};

/** The judge puts the answer's facts beside those of the value into a category, A to E; D, a contradiction, fails. */
async function factuality(grading: Grading): Promise<Finding> {
  const { assertion, answer, judge } = grading;
  const { rubricPrompt } = assertion;
  const reference = grading.text('the expected facts');
  let category: string;
  let reason: string;
  if (rubricPrompt === undefined) {
    const texts = { trusted: { reference }, untrusted: { question: questionOf(answer), answer: answer.text } };
    const properties = { reason: REASON, category: { type: 'string', enum: Object.keys(CATEGORIES) } };
    const verdict = await grading.ask('factuality', 'verdict', texts, properties);
    category = textIn(verdict['category']);
    reason = reasonIn(verdict['reason']);
  } else {
    const completion = answerVariable('completion', answer.text, rubricPrompt);
    const variables = { ...answer.vars, input: promptOf(answer), ideal: reference, completion };
    const found = categoryIn(await grading.askText(customMessages(rubricPrompt, variables)));
    if (found === null) throw new Ungradable(`the judge ${judge.label} named no category from A to E`);
    category = found.category;
    reason = reasonIn(found.reason);
  }
  const { passes, fact } = CATEGORIES[category] ?? { passes: false, fact: 'is of no known category' };
  return {
    kind: 'found',
    holds: passes,
    reason: `${fact} (${category}), says ${judge.label}: ${reason}`,
    expected: reference,
    actual: answer.text,
  };
}

/** The judge says Y or N to whether the answer meets the criterion. */
async function closedQa(grading: Grading): Promise<Finding> {
  const { assertion, answer, judge } = grading;
  const { rubricPrompt } = assertion;
  const criterion = grading.text('a criterion');
  let verdict: string | null;
  let reason: Json | undefined;
  if (rubricPrompt === undefined) {
    const texts = { trusted: { criterion }, untrusted: { question: questionOf(answer), answer: answer.text } };
    const properties = { reason: REASON, verdict: { type: 'string', enum: ['Y', 'N'] } };
    const reply = await grading.ask('model-graded-closedqa', 'verdict', texts, properties);
    verdict = textIn(reply['verdict']);
    reason = reply['reason'];
  } else {
    const completion = answerVariable('completion', answer.text, rubricPrompt);
    const variables = { ...answer.vars, input: promptOf(answer), criteria: criterion, completion };
    reason = await grading.askText(customMessages(rubricPrompt, variables));
    verdict = verdictLetterIn(textIn(reason));
    if (verdict === null) throw new Ungradable(`the judge ${judge.label} did not end its answer with Y or N`);
  }
  const holds = verdict === 'Y';
  const fact = holds ? 'meets the criterion' : 'does not meet the criterion';
  return { kind: 'found', holds, reason: `${fact}, says ${judge.label}: ${reasonIn(reason)}` };
}

export const RUBRIC_CHECKS = {
  'llm-rubric': graded(rubric),
  factuality: graded(factuality),
  'model-graded-closedqa': graded(closedQa),
};
