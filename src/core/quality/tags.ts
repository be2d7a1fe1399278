/** Tags of XML and HTML in a text that may be anything else, in one pass. */

export interface Tag {
  kind: 'open' | 'close' | 'empty';
  name: string;
  start: number;
  end: number;
}

const NAME = /[\p{L}_:][\p{L}\p{N}_:.·-]*/uy;

/** Tags from `from` to `to`, without those in comments, CDATA sections and processing instructions. `a < b` is none. */
export function* tags(text: string, from = 0, to = text.length): Generator<Tag> {
  const closers = new Closers(text);
  for (let start = text.indexOf('<', from); start >= 0 && start < to;) {
    const skipped = closers.endOfSkipped(start);
    if (skipped !== null) {
      start = text.indexOf('<', skipped);
      continue;
    }
    const tag = readTag(text, start);
    if (tag !== null && tag.end <= to) yield tag;
    start = text.indexOf('<', tag === null ? start + 1 : tag.end);
  }
}

const SKIPPED: readonly [opens: string, closes: string][] = [
  ['<!--', '-->'],
  ['<![CDATA[', ']]>'],
  ['<?', '?>'],
];

/** Ends of what is skipped. What is not closed is looked for once only: a text of `<!--<!--<!--…` would take quadratic time. */
class Closers {
  private readonly missing = new Set<string>();

  constructor(private readonly text: string) {}

  /** Where a comment or the like ends that starts at `start`; null where none does, or none that is closed. */
  endOfSkipped(start: number): number | null {
    const pair = SKIPPED.find(([opens]) => this.text.startsWith(opens, start));
    if (pair === undefined) return null;
    const [opens, closes] = pair;
    if (this.missing.has(closes)) return null;
    const end = this.text.indexOf(closes, start + opens.length);
    if (end >= 0) return end + closes.length;
    this.missing.add(closes);
    return null;
  }
}

function readTag(text: string, start: number): Tag | null {
  const closing = text[start + 1] === '/';
  NAME.lastIndex = start + (closing ? 2 : 1);
  const name = NAME.exec(text)?.[0];
  if (name === undefined) return null;
  const last = tagEnd(text, start + (closing ? 2 : 1) + name.length);
  if (last === null) return null;
  const kind = closing ? 'close' : text[last - 1] === '/' ? 'empty' : 'open';
  return { kind, name, start, end: last + 1 };
}

/** Index of the `>` of a tag; one inside quotes is part of an attribute. Null where the tag is none. */
function tagEnd(text: string, from: number): number | null {
  const first = text[from];
  if (first === undefined || !/[\s/>]/.test(first)) return null;
  for (let index = from; index < text.length; index++) {
    const character = text[index];
    if (character === '>') return index;
    if (character === '<') return null;
    if (character !== '"' && character !== "'") continue;
    index = text.indexOf(character, index + 1);
    if (index < 0) return null;
  }
  return null;
}
