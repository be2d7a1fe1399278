/** XML by a strict parser; part of the parsers' bundle. */
import { SaxesParser } from 'saxes';

class Problem extends Error {}

/**
 * Null where `text` is one well-formed document, else what is wrong with it and where. Entities that a document declares are
 * not expanded, so that none can grow without bound: a document type with declarations of its own is a problem.
 */
export function xmlProblem(text: string, options: { namespaces: boolean }): string | null {
  const problem = parse(text, options.namespaces, { open: () => undefined, close: () => undefined });
  if (problem === null) return null;
  // The parser reads on for the end of an entity's name, and reports what it meets on the way.
  return BARE_AMPERSAND.test(text) ? `${problem} (a bare "&" must be written "&amp;")` : problem;
}

const BARE_AMPERSAND = /&(?!(?:[\p{L}_][\p{L}\p{N}_.-]{0,50}|#\d{1,7}|#x[\da-f]{1,6});)/iu;

interface Step {
  name: string;
  /** Of several siblings of that name: which one, from 0. */
  index?: number;
}

/** Elements that are open, and how far each path has come at each of them. */
interface Frame {
  /** Paths whose next step may be a child of the element. */
  waiting: { path: number; step: number }[];
  /** Children so far by name, where paths wait for some. */
  counts: Map<string, number> | null;
}

/** Of most elements: no path leads into them. */
const UNWATCHED: Frame = { waiting: [], counts: null };

/**
 * Those of `paths` that no element of a well-formed document has: `root.item.name` from the root on, or `root.item.1.name`
 * for the second `item`, or `root.@_id` for an attribute.
 */
export function xmlMissing(text: string, paths: readonly string[]): string[] {
  const steps = paths.map(stepsOf);
  const found = new Set<number>();
  const stack: Frame[] = [{ waiting: paths.map((_, path) => ({ path, step: 0 })), counts: new Map() }];
  parse(text, false, {
    open: (name, attributes) => {
      const { waiting, counts } = stack[stack.length - 1] ?? UNWATCHED;
      const index = counts?.get(name) ?? 0;
      counts?.set(name, index + 1);
      const inside: Frame['waiting'] = [];
      for (const { path, step } of waiting) {
        const wanted = steps[path]?.[step];
        if (wanted === undefined || wanted.name !== name) continue;
        if (wanted.index !== undefined && wanted.index !== index) continue;
        const next = steps[path]?.[step + 1];
        if (next === undefined || (next.name.startsWith('@_') && Object.hasOwn(attributes, next.name.slice(2)))) {
          found.add(path);
        } else inside.push({ path, step: step + 1 });
      }
      stack.push(inside.length === 0 ? UNWATCHED : { waiting: inside, counts: new Map() });
    },
    close: () => stack.pop(),
  });
  return paths.filter((_, path) => !found.has(path));
}

function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  for (const part of path.split('.')) {
    const last = steps[steps.length - 1];
    // No element's name starts with a digit.
    if (/^\d+$/.test(part) && last !== undefined) last.index = Number(part);
    else steps.push({ name: part });
  }
  return steps;
}

interface Events {
  open(name: string, attributes: object): void;
  close(): void;
}

/** The first problem; null where there is none. */
function parse(text: string, namespaces: boolean, events: Events): string | null {
  const parser = new SaxesParser<{ xmlns?: boolean }>({ xmlns: namespaces });
  const stop = (problem: string): never => {
    throw new Problem(problem);
  };
  parser.on('error', (error) => stop(sentence(error.message)));
  parser.on('doctype', (doctype) => {
    if (doctype.includes('[')) stop('its document type has declarations of its own, which are not evaluated');
  });
  parser.on('opentag', ({ name, attributes }) => events.open(name, attributes));
  parser.on('closetag', () => events.close());
  try {
    parser.write(text).close();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
}

/** `2:5: unclosed tag: b` as `line 2, column 5: unclosed tag: b`. */
function sentence(message: string): string {
  const place = /^(?:[^:\s]*:)?(\d+):(\d+): /.exec(message);
  const text = place === null ? message : message.slice(place[0].length);
  const lower = text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
  return place === null ? lower : `line ${place[1]}, column ${Math.max(1, Number(place[2]))}: ${lower}`;
}
