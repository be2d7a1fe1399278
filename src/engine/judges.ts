/**
 * Entry of the judges, a bundle of its own (`dist/judges.js`): what asks a model over HTTP is a third of the engine, and runs
 * without model-graded assertions do without it.
 */
export { createJudges } from '../core/quality/judge/judge-book';
