/** `answer-relevance`: whether an answer keeps to its question. */
import type { Json } from '../../../protocol/plan';
import type { Finding } from '../types';
import { cosineSimilarity } from './cosine';
import { answerVariable, customMessages } from './custom-prompt';
import { graded, reasonIn, shown, type Grading } from './grading';
import { questionOf } from './question';
import { quote } from '../excerpt';
import { Ungradable } from './ungradable';

const QUESTIONS = 3;
const QUESTIONS_SCHEMA = {
  questions: { type: 'array', minItems: QUESTIONS, maxItems: QUESTIONS, items: { type: 'string', minLength: 1 } },
};
const DIRECT_SCHEMA = { reason: { type: 'string' }, score: { type: 'number', minimum: 0, maximum: 1 } };

/**
 * The mean cosine similarity of the question with three that the judge makes up for the answer; without embeddings, a score of
 * the judge's. It must reach the threshold (0).
 */
async function answerRelevance(grading: Grading): Promise<Finding> {
  const { answer } = grading;
  const question = questionOf(answer);
  if (question.trim() === '') throw new Ungradable('answer-relevance needs a question: the prompt is empty');
  if (answer.text.trim() === '') return grading.scored(0, 0, 'the answer is empty');
  const embedder = grading.embedder();
  if (embedder === null) return direct(grading, question);
  // Before the judge is asked: where there turn out to be no embeddings, its questions would be in vain.
  const original = await grading.embed(embedder, [question]);
  if (original === null) return direct(grading, question);
  const questions = await questionsFor(grading);
  const made = await grading.embed(embedder, questions);
  const [own] = original;
  if (own === undefined || made === null) throw new Ungradable(`${embedder.label} stopped making embeddings`);
  const similarities = made.map((vector) => similarity(own, vector, embedder.label));
  const mean = similarities.reduce((sum, value) => sum + value, 0) / similarities.length;
  const list = questions.map((text, index) => `${quote(text)} ${shown(similarities[index] ?? 0)}`).join(', ');
  return grading.scored(Math.max(0, mean), 0, `the answer suits the questions ${list}`);
}

function similarity(own: number[], other: number[], label: string): number {
  if (own.length !== other.length) throw new Ungradable(`the embeddings of ${label} differ in length`);
  const cosine = cosineSimilarity(own, other);
  if (cosine === null) throw new Ungradable(`the embeddings of ${label} are all zeros, which have no similarity`);
  return cosine;
}

async function questionsFor(grading: Grading): Promise<string[]> {
  const { answer, assertion } = grading;
  const { rubricPrompt } = assertion;
  if (rubricPrompt === undefined) {
    const texts = { untrusted: { answer: answer.text } };
    const reply = await grading.ask('answer-relevance', 'questions', texts, QUESTIONS_SCHEMA);
    return (reply['questions'] as Json[]).map(String);
  }
  // A prompt of the author's own makes one question, as in promptfoo, and is asked for each.
  const variables = { ...answer.vars, answer: answerVariable('answer', answer.text, rubricPrompt) };
  const questions: string[] = [];
  for (let i = 0; i < QUESTIONS; i++) questions.push(await grading.askText(customMessages(rubricPrompt, variables)));
  return questions;
}

async function direct(grading: Grading, question: string): Promise<Finding> {
  const texts = { untrusted: { question, answer: grading.answer.text } };
  const reply = await grading.ask('answer-relevance', 'direct', texts, DIRECT_SCHEMA);
  const fact = `${reasonIn(reply['reason'])} (asked directly, since no endpoint makes embeddings)`;
  return grading.scored(Number(reply['score']), 0, fact);
}

export const RELEVANCE_CHECKS = { 'answer-relevance': graded(answerRelevance) };
