import { messageOf, PromptrigError } from '../../util/errors';
import { requireBundle } from '../../util/require-bundle';
import type { createJudges } from './judge-book';

/**
 * Loads the separately bundled judges. It takes some 50 ms once.
 * @param entryPath absolute path of `dist/judges.js`
 * @throws PromptrigError `not_found` where the file cannot be loaded or is something else
 */
export function loadJudges(entryPath: string): typeof createJudges {
  let reason = 'it does not export the judges';
  let cause: unknown;
  try {
    const module = requireBundle(entryPath) as { createJudges?: unknown } | null;
    if (typeof module?.createJudges === 'function') return module.createJudges as typeof createJudges;
  } catch (error) {
    reason = messageOf(error);
    cause = error;
  }
  throw new PromptrigError(
    'not_found',
    `The judges cannot be loaded from ${entryPath}, so no model can grade. Install Promptrig anew, or build it with "npm run build".`,
    { reason, cause },
  );
}
