/** Assertions on what an answer was given to answer from: `context-faithfulness`, `context-recall`, `context-relevance`. */
import type { Json } from '../../../protocol/plan';
import { isMap } from '../../endpoints/json-values';
import { quote } from '../excerpt';
import type { Finding } from '../types';
import { answerVariable, customMessages, customPair } from './custom-prompt';
import { graded, reasonIn, textIn, type Grading } from './grading';
import { attributedIn, extractedIn, supportedIn } from './plain-replies';
import { contextOf, joined, linesOf, partsOf, promptOf, questionOf } from './question';
import { Ungradable } from './ungradable';

const REASON = { type: 'string' };
/** Parts that a reason names. */
const SHOWN = 3;

function neededContext(grading: Grading): string | string[] {
  const context = contextOf(grading.answer);
  if (context !== null) return context;
  throw new Ungradable(
    `${grading.assertion.type} needs the variable "context": what the answer was given to answer from`,
  );
}

/** The share of the answer's statements that the context supports; 0 where it makes none, as in promptfoo. */
async function faithfulness(grading: Grading): Promise<Finding> {
  const context = joined(neededContext(grading));
  const { rubricPrompt } = grading.assertion;
  if (rubricPrompt !== undefined) return customFaithfulness(grading, context, rubricPrompt);
  const { answer } = grading;
  const taken = await grading.ask(
    'context-faithfulness',
    'statements',
    { untrusted: { question: questionOf(answer), answer: answer.text } },
    { statements: { type: 'array', items: { type: 'string', minLength: 1 } } },
  );
  const statements = (taken['statements'] as Json[]).map(textIn);
  const count = statements.length;
  if (count === 0) return grading.scored(0, 0, 'the answer makes no statement that the context could support');
  const numbered = statements.map((statement, index) => `${index + 1}. ${statement}`).join('\n');
  const item = {
    type: 'object',
    properties: { number: { type: 'integer' }, reason: REASON, supported: { type: 'boolean' } },
    required: ['supported'],
  };
  const checked = await grading.ask(
    'context-faithfulness',
    'verdicts',
    { untrusted: { context, statements: numbered }, plain: { count } },
    // One for each: a verdict that is missing must not count as one against the answer.
    { verdicts: { type: 'array', minItems: count, maxItems: count, items: item } },
  );
  const verdicts = (checked['verdicts'] as Json[]).filter(isMap);
  const unsupported = verdicts.flatMap((verdict, index) =>
    verdict['supported'] === true ? [] : [`${quote(statements[index] ?? '')} (${reasonIn(verdict['reason'])})`],
  );
  const supported = count - unsupported.length;
  return grading.scored(supported / count, 0, listed(supported, count, 'statements', 'supported', unsupported));
}

async function customFaithfulness(grading: Grading, context: string, rubricPrompt: string): Promise<Finding> {
  const pair = customPair(rubricPrompt);
  if (pair === null) {
    throw new Ungradable(
      'the rubricPrompt of context-faithfulness must be a list of two: for statements, for verdicts',
    );
  }
  const { answer, judge } = grading;
  const variables = {
    ...answer.vars,
    question: questionOf(answer),
    answer: answerVariable('answer', answer.text, pair[0]),
  };
  const statements = linesOf(await grading.askText(customMessages(pair[0], variables)));
  const reply = await grading.askText(customMessages(pair[1], { ...answer.vars, context, statements }));
  const supported = supportedIn(reply, statements.length);
  if (supported === null) throw new Ungradable(`the judge ${judge.label} gave no verdict on any statement`);
  return grading.scored(
    supported / statements.length,
    0,
    listed(supported, statements.length, 'statements', 'supported', []),
  );
}

/** The share of the expected text's sentences that the context supports. Without a context the prompt counts as it. */
async function recall(grading: Grading): Promise<Finding> {
  const { answer, assertion, judge } = grading;
  const { rubricPrompt } = assertion;
  const reference = grading.text('the right answer');
  const context = joined(contextOf(answer) ?? promptOf(answer));
  if (rubricPrompt !== undefined) {
    const variables = { ...answer.vars, context, groundTruth: reference };
    const found = attributedIn(await grading.askText(customMessages(rubricPrompt, variables)));
    if (found === null) throw new Ungradable(`the judge ${judge.label} marked no sentence as attributed or not`);
    const { attributed, total } = found;
    return grading.scored(attributed / total, 0, listed(attributed, total, 'sentences', 'in the context', []));
  }
  const item = {
    type: 'object',
    properties: { sentence: { type: 'string' }, reason: REASON, attributed: { type: 'boolean' } },
    required: ['sentence', 'attributed'],
  };
  const reply = await grading.ask(
    'context-recall',
    'verdict',
    { trusted: { reference }, untrusted: { context } },
    { sentences: { type: 'array', minItems: 1, items: item } },
  );
  const sentences = (reply['sentences'] as Json[]).filter(isMap);
  const missing = sentences.flatMap((sentence) =>
    sentence['attributed'] === true ? [] : [`${quote(textIn(sentence['sentence']))} (${reasonIn(sentence['reason'])})`],
  );
  const attributed = sentences.length - missing.length;
  const fact = listed(attributed, sentences.length, 'sentences', 'in the context', missing);
  return grading.scored(attributed / sentences.length, 0, fact);
}

/** The share of the context's parts that the question needs. */
async function relevance(grading: Grading): Promise<Finding> {
  const { answer, assertion } = grading;
  const { rubricPrompt } = assertion;
  const context = neededContext(grading);
  const question = questionOf(answer);
  const parts = partsOf(context);
  const count = parts.length;
  if (count === 0) throw new Ungradable('the variable "context" holds no sentence');
  if (rubricPrompt !== undefined) {
    const variables = { ...answer.vars, context: joined(context), query: question };
    const extracted = extractedIn(await grading.askText(customMessages(rubricPrompt, variables)), context);
    const relevant = Math.min(extracted, count);
    return grading.scored(relevant / count, 0, listed(relevant, count, 'parts of the context', 'needed', []));
  }
  const numbered = parts.map((part, index) => `[${index + 1}] ${part}`).join('\n');
  const reply = await grading.ask(
    'context-relevance',
    'verdict',
    { untrusted: { question, context: numbered }, plain: { count } },
    { reason: REASON, relevant: { type: 'array', items: { type: 'integer', minimum: 1, maximum: count } } },
  );
  const relevant = new Set(reply['relevant'] as number[]).size;
  const fact = `${listed(relevant, count, 'parts of the context', 'needed', [])}: ${reasonIn(reply['reason'])}`;
  return grading.scored(relevant / count, 0, fact);
}

/** `2 of 3 statements are supported; not "..." (why)`. */
function listed(good: number, total: number, what: string, how: string, others: string[]): string {
  const more = others.length > SHOWN ? `, and ${others.length - SHOWN} more` : '';
  const not = others.length === 0 ? '' : `; not ${others.slice(0, SHOWN).join(', ')}${more}`;
  return `${good} of ${total} ${what} ${good === 1 ? 'is' : 'are'} ${how}${not}`;
}

export const CONTEXT_CHECKS = {
  'context-faithfulness': graded(faithfulness),
  'context-recall': graded(recall),
  'context-relevance': graded(relevance),
};
