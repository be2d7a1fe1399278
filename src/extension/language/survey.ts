/**
 * The places of a file that results attach to, with identities that survive edits. A result is never tied to a line or to a
 * JSON pointer for longer than the run that made it: inserting a case above would hand its result to a stranger.
 */
import { createHash } from 'node:crypto';
import type { EvalOutline, FileKind, OutlineItem, TextRange } from '../../core/spec/document';
import { FileDependencies, NO_FILES, type FileInputs } from './file-inputs';

/** What a survey needs of a parsed file. */
export interface SurveyInput {
  outline: EvalOutline;
  kind?: FileKind;
  /** Hash of the node's content at a pointer; undefined where there is no node. */
  nodeHash: (pointer: string) => string | undefined;
  /** Where the parts stand that the outline does not list: turns, members of sets, the baseline. */
  rangeOf?: (pointer: string, part?: 'key' | 'value') => TextRange | undefined;
}

/** Where a node is written: the file, one case or one stage. */
export type Scope = 'file' | `case:${string}` | `stage:${string}`;

/** What was measured: one case, one load stage, or all cases together. A rerun replaces what is known of its subjects. */
export type Subject = `case:${string}` | `stage:${string}` | 'cases';

export interface SurveyNode {
  /** `member`: of a set of assertions. `baseline`: the key, or the file's name where the file has none. */
  kind: 'case' | 'stage' | 'assertion' | 'member' | 'turn' | 'slo' | 'baseline';
  scope: Scope;
  /** Position among the nodes of its kind in its scope. */
  index: number;
  hash: string;
  pointer: string;
  id: string;
  name: string;
  range: TextRange;
  /** The line that results belong to. */
  anchor: TextRange;
}

export interface Survey {
  name: string;
  nameRange: TextRange;
  nodes: SurveyNode[];
  /** The node at a pointer; the cases that one expands to (`/cases/0#2`) are all at its place. */
  at(pointer: string): SurveyNode | undefined;
  cases: SurveyNode[];
  stages: SurveyNode[];
  /** Digest of everything in the file that decides what is sent for a subject; undefined where the file no longer has it. */
  inputs(subject: Subject): string | undefined;
  /** Digest of everything in the file that decides how answers are judged. */
  judging(): string;
  /** Digest of the files that a result at a node depends on; empty where there are none, undefined where one is unread. */
  files(subject: Subject, node: Pick<SurveyNode, 'kind' | 'pointer'>, isQuality: boolean): string | undefined;
}

/** Keys whose change makes every result of the file an answer to another question. */
const FILE_INPUTS = ['endpoints', 'prompt', 'messages', 'prompts', 'params', 'matrix', 'vars', 'judge'];
const CASE_INPUTS = ['vars', 'messages', 'turns', 'expected', 'expand'];
const CASE_JUDGING = ['assert', 'threshold', 'transform', 'weight', 'skip', 'only', 'repeat'];
const FILE_JUDGING = ['assert', 'transform', 'repeat'];
const STAGE_INPUTS = [
  'pattern',
  'rate',
  'concurrency',
  'burstiness',
  'duration',
  'requests',
  'warmup',
  'cooldown',
  'max_concurrency',
  'cases',
  'input_tokens',
  'output_tokens',
  'prefix',
  'cache',
  'sessions',
  'from',
  'to',
  'shape',
  'steps',
  'auto',
  'base',
  'peak',
  'every',
  'for',
  'file',
  'speed',
  'precision',
];

const DATASET = '/dataset';
/** Sets within sets: deeper ones are left to the hover of the set. */
const DEEPEST_SET = 3;

/**
 * Lists a parsed file's cases, turns, stages, assertions and SLOs.
 * @param valueHash digest of what is written at a pointer alone
 * @param files what the file refers to, and what that holds
 */
export function surveyOf(input: SurveyInput, valueHash = input.nodeHash, files: FileInputs = NO_FILES): Survey {
  const { outline } = input;
  const hashOf = (pointer: string): string => input.nodeHash(pointer) ?? '';
  const hashesOf = (pointer: string, keys: string[]): string =>
    digest(keys.map((key) => `${key}=${hashOf(`${pointer}/${key}`)}`));

  const node = (kind: SurveyNode['kind'], scope: Scope, item: Place, index: number): SurveyNode => ({
    kind,
    scope,
    index,
    // A case or stage is alone of its kind in its own scope, and known by its id.
    hash: kind === 'case' || kind === 'stage' || kind === 'baseline' ? '' : hashAt(kind, item.pointer),
    pointer: item.pointer,
    id: item.id,
    name: item.name,
    range: item.range,
    anchor: item.anchor,
  });
  // Of an SLO the expression as it is meant, of anything else the text as it is written.
  const hashAt = (kind: SurveyNode['kind'], pointer: string): string =>
    kind === 'slo' ? hashOf(pointer) : (valueHash(pointer) ?? '');

  const cases = [...outline.cases, ...datasetOf(outline)].map((item) => node('case', `case:${item.id}`, item, 0));
  const stages = outline.stages.map((item) => node('stage', `stage:${item.id}`, item, 0));
  const assertionsOf = (scope: Scope, items: readonly OutlineItem[]): SurveyNode[] => [
    ...items.map((item, index) => node('assertion', scope, item, index)),
    ...items.flatMap((item) => membersOf(input, item, 0)).map((item, index) => node('member', scope, item, index)),
  ];
  const nodes = [
    node('baseline', 'file', baselineOf(input), 0),
    ...cases,
    ...outline.cases.flatMap((parent) => [
      ...turnsOf(input, parent).map((item, index) => node('turn', `case:${parent.id}`, item, index)),
      ...assertionsOf(`case:${parent.id}`, parent.assertions),
    ]),
    ...assertionsOf('file', outline.assertions),
    ...stages,
    ...outline.stages.flatMap((parent) =>
      parent.slos.map((item, index) => node('slo', `stage:${parent.id}`, item, index)),
    ),
    ...outline.slos.map((item, index) => node('slo', 'file', item, index)),
  ];

  const once = <T>(compute: () => T): (() => T) => {
    let known: { value: T } | undefined;
    return () => (known ??= { value: compute() }).value;
  };
  const subjects = new Map<string, SurveyNode>([...cases, ...stages].map((item) => [item.scope, item]));
  const fileInputs = once(() => hashesOf('', FILE_INPUTS));
  const caseInputs = (item: SurveyNode): string =>
    item.pointer === DATASET ? hashOf(DATASET) : hashesOf(item.pointer, CASE_INPUTS);
  const allCases = once(() => digest([fileInputs(), ...cases.map(caseInputs)]));
  const compute = (subject: Subject): string | undefined => {
    if (subject === 'cases') return allCases();
    const item = subjects.get(subject);
    if (item === undefined) return undefined;
    return item.kind === 'case'
      ? digest([fileInputs(), caseInputs(item)])
      : // A load stage draws its prompts from the cases: another case is another workload.
        digest([allCases(), hashesOf(item.pointer, STAGE_INPUTS)]);
  };
  const inputs = memoized(compute);

  const dependencies = new FileDependencies(files, (path) => files.digestOf(path), isForeign(input.kind));
  const filesOf = memoized((subject: Subject): string | undefined => {
    if (subject === 'cases') return dependencies.cases();
    const item = subjects.get(subject);
    if (item === undefined) return '';
    return item.kind === 'case'
      ? dependencies.case(item.pointer, item.pointer === DATASET)
      : dependencies.stage(item.pointer);
  });

  const byPointer = new Map(nodes.map((item) => [item.pointer, item]));
  return {
    name: outline.name,
    nameRange: outline.nameRange,
    nodes,
    at: (pointer) => byPointer.get(pointer) ?? byPointer.get(pointer.replace(/#\d+(?=\/|$)/, '')),
    cases,
    stages,
    inputs,
    judging: once(() =>
      digest([
        hashesOf('', FILE_JUDGING),
        ...cases.filter(({ pointer }) => pointer !== DATASET).map(({ pointer }) => hashesOf(pointer, CASE_JUDGING)),
      ]),
    ),
    files(subject, { kind, pointer }, isQuality) {
      if (files.inputs.length === 0) return '';
      const own = kind === 'assertion' || kind === 'member' ? dependencies.assertion(pointer) : '';
      return joined(filesOf(subject), own, isQuality ? dependencies.assertions() : '');
    },
  };
}

function isForeign(kind: FileKind | undefined): boolean {
  return kind === 'promptfoo' || kind === 'github-models';
}

type Place = Pick<OutlineItem, 'pointer' | 'id' | 'name' | 'range' | 'anchor'>;

/** The rows of a dataset stand in another file: here they are one place, and what is found of them is found there. */
function datasetOf({ dataset }: EvalOutline): OutlineItem[] {
  // The planner takes the pointer for all of its rows.
  return dataset === undefined ? [] : [{ ...dataset, id: dataset.pointer }];
}

function baselineOf({ outline, rangeOf }: SurveyInput): Place {
  const pointer = '/baseline';
  const range = rangeOf?.(pointer);
  const shown = range ?? outline.nameRange;
  return { pointer, id: pointer, name: 'baseline', range: shown, anchor: firstLineOf(shown) };
}

/** What the user says, turn by turn. One that shares its line with its case would only repeat it. */
function turnsOf({ rangeOf }: SurveyInput, parent: OutlineItem): Place[] {
  if (rangeOf === undefined || isOneLine(parent.range)) return [];
  const turns: Place[] = [];
  for (let index = 0; ; index++) {
    const pointer = `${parent.pointer}/turns/${index}`;
    const range = rangeOf(pointer);
    if (range === undefined) return turns;
    turns.push({ pointer, id: pointer, name: `turn ${index + 1}`, range, anchor: firstLineOf(range) });
  }
}

/** The members of a set, in either form of an assertion, which stand on lines of their own. */
function membersOf(input: SurveyInput, parent: Place, depth: number): Place[] {
  const { rangeOf } = input;
  if (rangeOf === undefined || isOneLine(parent.range) || depth >= DEEPEST_SET) return [];
  const list = ['', '/assert-set', '/not-assert-set']
    .map((form) => `${parent.pointer}${form}/assert`)
    .find((pointer) => rangeOf(`${pointer}/0`) !== undefined);
  if (list === undefined) return [];
  const members: Place[] = [];
  for (let index = 0; ; index++) {
    const pointer = `${list}/${index}`;
    const range = rangeOf(pointer);
    if (range === undefined) return members;
    const name = `${parent.name}: ${index + 1}`;
    const member = { pointer, id: pointer, name, range, anchor: firstLineOf(range) };
    members.push(member, ...membersOf(input, member, depth + 1));
  }
}

function isOneLine({ start, end }: TextRange): boolean {
  return start.line === end.line;
}

/** The first line of a range, as far as is known without the text. */
function firstLineOf(range: TextRange): TextRange {
  return isOneLine(range)
    ? range
    : { start: range.start, end: { ...range.start, character: range.start.character + 1 } };
}

function memoized<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, { value: V }>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before.value;
    const value = compute(key);
    known.set(key, { value });
    return value;
  };
}

function joined(...digests: (string | undefined)[]): string | undefined {
  if (digests.some((part) => part === undefined)) return undefined;
  return digests.filter((part) => part !== '').join('+');
}

function digest(parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
