/** Results that a tool wrote as YAML: GuideLLM dumps the same report as either, by the name of the file. */
import { parseDocument } from 'yaml';
import { PromptrigError, messageOf } from '../util/errors';

/** A tree of YAML is some thirty times its text: more than this would take gigabytes. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** Whether a text that is no JSON is to be taken for YAML. */
export function looksLikeYaml(text: string, path: string): boolean {
  return /\.ya?ml$/i.test(path) || /^(?:#.*\r?\n|---\s*\n|\s*\n)*[\w"'-]+:(?:\s|$)/.test(text.slice(0, 10_000));
}

/**
 * The one document of a text. Tags of Python are passed over, what they mark is read as plain data; NaN and Infinity become "none".
 * @throws PromptrigError `unsupported` for one that is too large, `unreadable` for one that is no YAML
 */
export function parseYaml(text: string, path: string): unknown {
  if (text.length > MOST_CHARACTERS) {
    throw new PromptrigError(
      'unsupported',
      `${path} is YAML of ${Math.round(text.length / 1024 / 1024)} MB; up to ${MOST_CHARACTERS / 1024 / 1024} MB are read. Let the tool write it as JSON.`,
    );
  }
  // Positions and line breaks of scalars are for editors, and cost as much as the rest.
  const document = parseDocument(text, { logLevel: 'error', prettyErrors: false, keepSourceTokens: false });
  const [error] = document.errors;
  if (error !== undefined) throw unreadable(path, error);
  try {
    // Aliases are resolved within the limit that keeps a few lines from becoming gigabytes.
    return document.toJS() as unknown;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, error: unknown): PromptrigError {
  const [reason = ''] = messageOf(error).split('\n');
  return new PromptrigError('unreadable', `${path} is neither JSON nor YAML: ${reason}.`, { cause: error });
}
