/** Changes of a text as data: the editor makes one undoable edit of them, the command line writes the file. */
import { PromptrigError } from '../../util/errors';

/** Replaces `length` UTF-16 units at `offset`. Edits of one change do not overlap and all count in the text before it. */
export interface SourceEdit {
  offset: number;
  length: number;
  newText: string;
}

/** The text after a change. */
export function applyEdits(text: string, edits: readonly SourceEdit[]): string {
  let out = text;
  // From the end, so that the offsets of those before it still hold.
  for (const { offset, length, newText } of [...edits].sort((a, b) => b.offset - a.offset)) {
    out = out.slice(0, offset) + newText + out.slice(offset + length);
  }
  return out;
}

/** The one edit that turns `before` into `after`: what both begin and end with is left alone. */
export function changeBetween(before: string, after: string): SourceEdit {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { offset: start, length: before.length - end - start, newText: after.slice(start, after.length - end) };
}

/** A file that is written in a way that cannot be changed without touching what its author wrote. */
export class UneditableError extends PromptrigError {
  constructor(why: string, reason?: string) {
    super('invalid_file', `${why} Change it by hand.`, reason === undefined ? {} : { reason });
    this.name = 'UneditableError';
  }
}
