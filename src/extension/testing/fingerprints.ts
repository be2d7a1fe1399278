/** What a test's result depends on in its file, so that a change is told from one that does not concern it. */
import { createHash } from 'node:crypto';
import type { TextRange } from '../../core/spec/document';
import type { ParsedDocument } from '../language/documents';
import type { TestSubject } from './test-data';

/** Keys of the file that shape every answer or judge every one of them. */
const SHARED = [
  'endpoints',
  'prompt',
  'messages',
  'prompts',
  'params',
  'matrix',
  'vars',
  'assert',
  'judge',
  'repeat',
].map((key) => `/${key}`);

/** An alias, or what looks like one: then a node's own text does not say all that is in it. */
const ALIAS = /(?:^|[\s[{,:-])(?:\*[\w-]+|<<\s*:)/m;

export type Fingerprints = (subject: TestSubject) => string | undefined;

/**
 * A function from tests to texts that change with what their results depend on; undefined for one that the file does not have.
 * They are made from the nodes' texts without comments and indentation, since to digest the values of thousands of cases takes
 * longer than a person should wait after each key.
 */
export function fingerprintsOf({
  text,
  document,
  survey,
}: Pick<ParsedDocument, 'text' | 'document' | 'survey'>): Fingerprints {
  const starts = lineStarts(text);
  const slice = ({ start, end }: TextRange): string =>
    text.slice((starts[start.line] ?? 0) + start.character, (starts[end.line] ?? 0) + end.character);
  const hasAliases = ALIAS.test(text);
  const written = (pointer: string): string => {
    const range = document.rangeOf(pointer);
    if (range === undefined) return '';
    return hasAliases ? (document.nodeHash(pointer) ?? '') : withoutLayout(slice(range));
  };
  const once = (compute: () => string): (() => string) => {
    let known: string | undefined;
    return () => (known ??= compute());
  };
  const shared = once(() => digest(SHARED.map(written)));
  const dataset = once(() => written('/dataset'));
  const slos = once(() => written('/slo'));
  const cases = new Map(survey.cases.map(({ id, pointer }) => [id, pointer]));
  const stages = new Map(survey.stages.map(({ id, pointer }) => [id, pointer]));
  const all = once(() => digest([...[...cases.values()].map(written), dataset()]));
  return (subject) => {
    switch (subject.kind) {
      case 'case': {
        const pointer = cases.get(subject.id);
        return pointer === undefined ? undefined : `${shared()} ${written(pointer)}`;
      }
      case 'dataset':
      case 'row':
        return document.outline.dataset === undefined ? undefined : `${shared()} ${dataset()}`;
      case 'slos':
        return `${shared()} ${all()} ${slos()}`;
      case 'stage': {
        const pointer = stages.get(subject.id);
        // A load stage draws its prompts from the cases: another case is another workload.
        return pointer === undefined ? undefined : `${shared()} ${all()} ${slos()} ${written(pointer)}`;
      }
    }
  };
}

/** The tests of a file whose results depend on what stands at `pointer`: of those that have a place of their own in it. */
export function dependsOn(pointer: string, subject: TestSubject, { survey }: Pick<ParsedDocument, 'survey'>): boolean {
  const isOfLoad = /^\/load(?:\/|$)/.test(pointer);
  const ofCase = /^\/cases\/\d+(?=\/|$)/.exec(pointer)?.[0];
  const isOfDataset = /^\/dataset(?:\/|$)/.test(pointer);
  switch (subject.kind) {
    case 'case':
      return !isOfLoad && !isOfDataset && (ofCase === undefined || survey.at(ofCase)?.id === subject.id);
    case 'dataset':
    case 'row':
      return !isOfLoad && ofCase === undefined;
    case 'slos':
      return !isOfLoad;
    case 'stage': {
      if (!isOfLoad) return true;
      const own = survey.stages.find(({ id }) => id === subject.id)?.pointer;
      return own !== undefined && (pointer === own || pointer.startsWith(`${own}/`));
    }
  }
}

function withoutLayout(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n');
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) starts.push(index + end.length);
  return starts;
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}
