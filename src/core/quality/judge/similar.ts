/** `similar`: how near the meaning of an answer is to that of a text, by embeddings. */
import type { AssertionPlan } from '../../../protocol/plan';
import { quote } from '../excerpt';
import { unevaluated, type AnswerUnderTest, type CheckResult, type QualityServices } from '../types';
import { cosineSimilarity } from './cosine';
import { reaches, shown } from './grading';

const DEFAULT_THRESHOLD = 0.75;

export const NO_EMBEDDER =
  'no endpoint makes embeddings: name one with "judge" in the assertion, in the file or in promptrig.yaml';

/**
 * The cosine similarity of the answer with the text must reach the threshold (0.75); with a list of texts, that of the nearest
 * must. The score is the similarity, 0 where it is negative.
 */
export async function similar(
  assertion: AssertionPlan,
  answer: AnswerUnderTest,
  services: QualityServices,
): Promise<CheckResult> {
  const texts = textsOf(assertion);
  if (texts.length === 0) return unevaluated('similar needs a text, or a list of texts, to compare the answer with');
  const expected = texts.join('\n');
  // Most endpoints refuse an empty text; it is like none.
  if (answer.text.trim() === '') {
    const reason = `is empty, so it is not similar to ${quote(texts[0] ?? '')}`;
    return { kind: 'found', holds: false, score: 0, reason, expected, actual: answer.text };
  }
  const embedder = services.embedder(assertion.judge);
  if (embedder === null) return unevaluated(NO_EMBEDDER);
  const reply = await embedder.embed([answer.text, ...texts], services.signal);
  const took = reply.usage.calls === 0 ? {} : { judge: reply.usage };
  if (!reply.ok) return { ...unevaluated(reply.reason), ...took };

  const [own, ...others] = reply.vectors;
  let nearest: { similarity: number; text: string } | null = null;
  for (const [index, vector] of others.entries()) {
    const similarity = own === undefined ? null : cosineSimilarity(own, vector);
    if (similarity === null || (nearest !== null && nearest.similarity >= similarity)) continue;
    nearest = { similarity, text: texts[index] ?? '' };
  }
  if (nearest === null) {
    return { ...unevaluated(`the embeddings of ${embedder.label} are all zeros, which have no similarity`), ...took };
  }
  const { similarity, text } = nearest;
  const threshold = assertion.threshold ?? DEFAULT_THRESHOLD;
  const of = texts.length === 1 ? '' : `, the nearest of ${texts.length}`;
  return {
    kind: 'found',
    holds: reaches(similarity, threshold),
    score: Math.max(0, similarity),
    reason: `has a similarity of ${shown(similarity)} (threshold ${shown(threshold)}) to ${quote(text)}${of}, by ${embedder.label}`,
    expected,
    actual: answer.text,
    ...took,
  };
}

function textsOf({ value }: AssertionPlan): string[] {
  const items = Array.isArray(value) ? value : [value];
  const texts = items.flatMap((item) =>
    typeof item === 'string' ? [item] : typeof item === 'number' || typeof item === 'boolean' ? [String(item)] : [],
  );
  // One that is no text would be left out of the comparison silently.
  return texts.length === items.length && texts.every((text) => text.trim() !== '') ? texts : [];
}
