import { parseEvalFile, type EvalDocument } from '../../../src/core/spec/parse';
import { NO_FILES, type FileInputs } from '../../../src/extension/language/file-inputs';
import { nodeStatuses, type NodeStatus } from '../../../src/extension/language/line-ends';
import type { Observation } from '../../../src/extension/language/observations';
import { surveyOf, type Survey } from '../../../src/extension/language/survey';
import { valueHashOf } from '../../../src/extension/language/value-hash';

export const AT = '2026-02-03T04:05:06.000Z';

/** A file as the editor reads it. */
export function parsed(
  text: string,
  files: FileInputs = NO_FILES,
  path = '/w/chat.eval.yaml',
): { document: EvalDocument; survey: Survey; text: string } {
  const document = parseEvalFile(text, path);
  return { document, survey: surveyOf(document, valueHashOf(document), files), text };
}

/** What each place says, by its pointer. */
export function texts(survey: Survey, observations: Observation[]): Record<string, string> {
  return Object.fromEntries(nodeStatuses(survey, observations).map(({ node, text }) => [node.pointer, text]));
}

export function statusAt(survey: Survey, observations: Observation[], pointer: string): NodeStatus {
  const found = nodeStatuses(survey, observations).find(({ node }) => node.pointer === pointer);
  if (found === undefined) throw new Error(`Nothing is known of ${pointer}.`);
  return found;
}
