/** How a thing is written at the cursor: with a dash, in brackets, or as it is. */
import type { Cursor } from '../cursor';

export interface Form {
  before: string;
  after: string;
  /** Inside brackets, where everything stays on one line. */
  flow: boolean;
  /** Of the thing against the blanks at the start of its line; lines below it are indented by two more. */
  indent: number;
  /** A list or a map may start here in block style. */
  ownLine: boolean;
  /** Nothing is written around the thing. */
  isBare: boolean;
}

export function formAt(cursor: Cursor): Form {
  const form: Form = {
    before: cursor.tight ? ' ' : '',
    after: '',
    flow: cursor.flow,
    indent: cursor.column - cursor.lineIndent + (cursor.tight ? 1 : 0),
    ownLine: cursor.ownLine && !cursor.flow,
    isBare: true,
  };
  return cursor.dash ? asItem(form) : form;
}

/** As the item of a list that is yet to be opened. */
export function asItem(form: Form): Form {
  return form.ownLine
    ? { ...form, before: `${form.before}- `, indent: form.indent + 2, isBare: false }
    : { ...form, before: `${form.before}[`, after: `]${form.after}`, flow: true, isBare: false };
}

/** As a key of a map that is yet to be opened. */
export function asKey(form: Form): Form {
  if (form.ownLine) return form;
  return { ...form, before: `${form.before}{ `, after: ` }${form.after}`, flow: true, isBare: false };
}

/** Lines of a snippet below the thing, in block style. */
export function below(form: Form, lines: readonly string[]): string {
  return lines.map((line) => `\n${' '.repeat(form.indent)}${line}`).join('');
}
