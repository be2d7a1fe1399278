/** The assertions that ask a model. */
import type { Check } from '../types';
import { RELEVANCE_CHECKS } from './answer-relevance';
import { CONTEXT_CHECKS } from './context';
import { G_EVAL_CHECKS } from './g-eval';
import { RUBRIC_CHECKS } from './rubric';
import { similar } from './similar';

export const MODEL_CHECKS: Readonly<Record<string, Check>> = {
  similar,
  ...RUBRIC_CHECKS,
  ...G_EVAL_CHECKS,
  ...RELEVANCE_CHECKS,
  ...CONTEXT_CHECKS,
};
