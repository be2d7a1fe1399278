/** The evaluators that GitHub Models has built in, as rubrics of our own for the same scale: 1 to 5, which score 0 to 1. */

const SCALE = [
  'Give the score that belongs to the grade: grade 1 is 0, grade 2 is 0.25, grade 3 is 0.5, grade 4 is 0.75, grade 5 is 1. Only grade 1 does not pass.',
].join('\n');

/** What is graded, and what the grades mean from the worst to the best; `needs` are the variables that a case must have. */
const BUILTINS: Readonly<Record<string, { task: string; grades: readonly string[] }>> = {
  similarity: {
    task: 'Grade how far the output says the same as the reference answer to the question. Wording and length do not matter, content does.\n\nQuestion:\n{{input}}\n\nReference answer:\n{{expected}}',
    grades: [
      'it shares nothing with the reference',
      'most of it differs from the reference',
      'about half of it agrees with the reference',
      'it agrees with the reference but for details',
      'it says all that the reference says, and nothing against it',
    ],
  },
  coherence: {
    task: 'Grade how coherent the output is as an answer to the question: whether its sentences follow from each other and are in an order that a reader can follow.\n\nQuestion:\n{{input}}',
    grades: [
      'words or fragments without any connection',
      'fragments that touch on the question, with hardly a connection between them',
      'a partial answer whose steps are abrupt or out of order',
      'an answer in a logical order with clear connections',
      'an answer whose every part leads to the next, well organised throughout',
    ],
  },
  fluency: {
    task: 'Grade how fluent the language of the output is: grammar, vocabulary, the build of its sentences, and how easily it reads. What it says does not matter.',
    grades: [
      'hardly a correct sentence, mostly not to be understood',
      'simple and often faulty sentences with few words',
      'mostly correct and easily understood, but plain',
      'well-made sentences with few slips',
      'flawless, varied and precise',
    ],
  },
  relevance: {
    task: 'Grade how relevant and complete the output is as an answer to the question.\n\nQuestion:\n{{input}}',
    grades: [
      'it has nothing to do with the question',
      'it addresses the question with wrong information',
      'it addresses the question and leaves out what is essential',
      'it answers the question fully and correctly',
      'it answers the question fully and adds what helps to understand it',
    ],
  },
  groundedness: {
    task: 'Grade how far the output rests on the context alone: whether what it says is supported there, and answers the question from it.\n\nContext:\n{{expected}}\n\nQuestion:\n{{input}}',
    grades: [
      'it has nothing to do with the context or the question',
      'it is about the topic of the context and does not answer the question',
      'it tries to answer and says what the context does not support',
      'what it says is right and incomplete',
      'it answers fully, and everything in it is supported by the context',
    ],
  },
};

/** The rubric of a built-in evaluator such as `github/similarity`; undefined for one that is not known. */
export function builtinRubric(uses: string): string | undefined {
  const name = /^github\/(.+)$/.exec(uses)?.[1] ?? '';
  const builtin = Object.hasOwn(BUILTINS, name) ? BUILTINS[name] : undefined;
  if (builtin === undefined) return undefined;
  const grades = builtin.grades.map((meaning, index) => `Grade ${index + 1}: ${meaning}.`);
  return [builtin.task, '', ...grades, '', SCALE].join('\n');
}
