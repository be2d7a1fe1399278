/** `g-eval`: a score by a criterion, in steps that the judge makes of the criterion first. */
import type { AssertionPlan, Json } from '../../../protocol/plan';
import { isMap } from '../../endpoints/json-values';
import { quote } from '../excerpt';
import type { Finding, Judge } from '../types';
import { answerVariable, customMessages, customParts } from './custom-prompt';
import { graded, reasonIn, shown, type Grading } from './grading';
import { promptOf, questionOf } from './question';
import { Ungradable } from './ungradable';

const DEFAULT_THRESHOLD = 0.7;
const MOST_POINTS = 10;
const STEPS = { steps: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } } };
const SCORE = { reason: { type: 'string' }, score: { type: 'number', minimum: 0, maximum: MOST_POINTS } };

interface Criterion {
  /** Of a map: its key. */
  name?: string;
  text: string;
}

/** The mean over the criteria of score / 10 must reach the threshold (0.7). One that cannot be scored makes the whole an error. */
async function gEval(grading: Grading): Promise<Finding> {
  const criteria = criteriaOf(grading.assertion);
  let sum = 0;
  const reasons: string[] = [];
  for (const { name, text } of criteria) {
    const { score, reason } = await scoreBy(grading, text);
    sum += score;
    const head = criteria.length === 1 ? '' : `${name ?? quote(text, 40)} ${shown(score)}: `;
    reasons.push(head + reason);
  }
  return grading.scored(sum / criteria.length, DEFAULT_THRESHOLD, reasons.join('; '));
}

/** A criterion, a list of them, or a map of names to them. */
function criteriaOf({ value }: AssertionPlan): Criterion[] {
  const entries: [string | undefined, Json][] = isMap(value)
    ? Object.entries(value)
    : (Array.isArray(value) ? value : [value ?? null]).map((item) => [undefined, item]);
  const criteria = entries.map(([name, text]): Criterion => {
    if (typeof text === 'string' && text.trim() !== '') return { text, ...(name === undefined ? {} : { name }) };
    throw new Ungradable('g-eval needs a criterion, a list of criteria, or a map of names to criteria');
  });
  if (criteria.length === 0) throw new Ungradable('g-eval needs at least one criterion');
  return criteria;
}

async function scoreBy(grading: Grading, criterion: string): Promise<{ score: number; reason: string }> {
  const { answer, assertion } = grading;
  const custom = assertion.rubricPrompt === undefined ? null : customParts(assertion.rubricPrompt);
  const steps = await stepsFor(grading, criterion, custom?.steps);
  let verdict: { [key: string]: Json };
  if (custom?.evaluate === undefined) {
    const numbered = steps.map((step, index) => `${index + 1}. ${step}`).join('\n');
    verdict = await grading.ask(
      'g-eval',
      'score',
      { trusted: { criterion, steps: numbered }, untrusted: { question: questionOf(answer), answer: answer.text } },
      SCORE,
    );
  } else {
    const variables = {
      ...answer.vars,
      criteria: criterion,
      steps: steps.join('\n- '),
      maxScore: String(MOST_POINTS),
      input: promptOf(answer),
      output: answerVariable('output', answer.text, custom.evaluate),
    };
    const messages = customMessages(custom.evaluate, variables);
    verdict = await grading.askFor(messages, { type: 'object', properties: SCORE, required: ['score'] });
  }
  return { score: Number(verdict['score']) / MOST_POINTS, reason: reasonIn(verdict['reason']) };
}

/** By judge, the steps of each criterion. */
const stepsOfJudges = new WeakMap<Judge, Map<string, Promise<string[]>>>();

/** The steps are made once for a criterion: were they made anew for each answer, answers would be scored by different measures. */
function stepsFor(grading: Grading, criterion: string, prompt: string | undefined): Promise<string[]> {
  const known = stepsOfJudges.get(grading.judge) ?? new Map<string, Promise<string[]>>();
  stepsOfJudges.set(grading.judge, known);
  const key = JSON.stringify([criterion, prompt ?? null]);
  const made = known.get(key);
  if (made !== undefined) return made;
  const steps = makeSteps(grading, criterion, prompt).catch((error: unknown) => {
    // The next answer may find the judge well again.
    known.delete(key);
    throw error;
  });
  known.set(key, steps);
  return steps;
}

async function makeSteps(grading: Grading, criterion: string, prompt: string | undefined): Promise<string[]> {
  const reply =
    prompt === undefined
      ? await grading.ask('g-eval', 'steps', { trusted: { criterion } }, STEPS)
      : await grading.askFor(customMessages(prompt, { criteria: criterion }), {
          type: 'object',
          properties: STEPS,
          required: ['steps'],
        });
  return (reply['steps'] as Json[]).map(String);
}

export const G_EVAL_CHECKS = { 'g-eval': graded(gEval) };
