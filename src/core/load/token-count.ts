/** Counts of tokens by a real tokenizer, for servers that send no usage. Loaded only where it is needed. */
import { createRequire } from 'node:module';
import { messageOf, PromptrigError } from '../util/errors';

export interface TokenCounter {
  /** Name of the vocabulary, such as `o200k_base`. */
  readonly name: string;
  /** Number of tokens of a text; 0 for the empty one. */
  count(text: string): number;
}

const loaded = new Map<string, TokenCounter>();

/**
 * Loads the separately bundled tokenizer. It takes some 100 ms and 60 MB once, so it must not happen while a schedule runs:
 * call it before the stage starts. The same path gives the same counter.
 * @param entryPath absolute path of `dist/tokenizer.js`
 * @throws PromptrigError `not_found` where the file cannot be loaded or is not the tokenizer
 */
export function loadTokenCounter(entryPath: string): TokenCounter {
  const known = loaded.get(entryPath);
  if (known !== undefined) return known;
  const counter = counterOf(entryPath, requireModule(entryPath));
  loaded.set(entryPath, counter);
  return counter;
}

function requireModule(entryPath: string): unknown {
  try {
    return createRequire(entryPath)(entryPath) as unknown;
  } catch (error) {
    throw unusable(entryPath, messageOf(error), error);
  }
}

function counterOf(entryPath: string, module: unknown): TokenCounter {
  if (typeof module === 'object' && module !== null && 'countTokens' in module && 'TOKENIZER_NAME' in module) {
    const { countTokens, TOKENIZER_NAME: name } = module;
    if (typeof countTokens === 'function' && typeof name === 'string') {
      return { name, count: (text) => (text === '' ? 0 : (countTokens as (text: string) => number)(text)) };
    }
  }
  throw unusable(entryPath, 'it does not export countTokens and TOKENIZER_NAME', undefined);
}

function unusable(entryPath: string, reason: string, cause: unknown): PromptrigError {
  return new PromptrigError(
    'not_found',
    `The tokenizer cannot be loaded from ${entryPath}, so output tokens cannot be counted. Install Promptrig anew, or build it with "npm run build".`,
    { reason, cause },
  );
}
