/**
 * The places of a file that results attach to, with identities that survive edits. A result is never tied to a line or to a
 * JSON pointer for longer than the run that made it: inserting a case above would hand its result to a stranger.
 */
import { createHash } from 'node:crypto';
import type { EvalOutline, OutlineItem, TextRange } from '../../core/spec/document';

/** What a survey needs of a parsed file. */
export interface SurveyInput {
  outline: EvalOutline;
  /** Hash of the node's content at a pointer; undefined where there is no node. */
  nodeHash(pointer: string): string | undefined;
}

/** Where a node is written: the file, one case or one stage. */
export type Scope = 'file' | `case:${string}` | `stage:${string}`;

/** What was measured: one case, one load stage, or all cases together. A rerun replaces what is known of its subjects. */
export type Subject = `case:${string}` | `stage:${string}` | 'cases';

export interface SurveyNode {
  kind: 'case' | 'stage' | 'assertion' | 'slo';
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
  /** Digest of everything that decides what is sent for a subject; undefined where the file no longer has it. */
  inputs(subject: Subject): string | undefined;
}

/** Keys whose change makes every result of the file an answer to another question. */
const FILE_INPUTS = ['endpoints', 'prompt', 'messages', 'prompts', 'params', 'matrix', 'vars', 'judge', 'dataset'];
const CASE_INPUTS = ['vars', 'messages', 'turns', 'expected', 'expand'];
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

/** Lists a parsed file's cases, stages, assertions and SLOs. */
export function surveyOf(input: SurveyInput): Survey {
  const { outline } = input;
  const hashOf = (pointer: string): string => input.nodeHash(pointer) ?? '';
  const hashesOf = (pointer: string, keys: string[]): string =>
    digest(keys.map((key) => `${key}=${hashOf(`${pointer}/${key}`)}`));

  const node = (kind: SurveyNode['kind'], scope: Scope, item: OutlineItem, index: number): SurveyNode => ({
    kind,
    scope,
    index,
    hash: hashOf(item.pointer),
    pointer: item.pointer,
    id: item.id,
    name: item.name,
    range: item.range,
    anchor: item.anchor,
  });

  // A case or stage is alone of its kind in its own scope: where it stands in the list says nothing about it.
  const cases = [...outline.cases, ...datasetOf(outline)].map((item) => node('case', `case:${item.id}`, item, 0));
  const stages = outline.stages.map((item) => node('stage', `stage:${item.id}`, item, 0));
  const nodes = [
    ...cases,
    ...outline.cases.flatMap((parent) =>
      parent.assertions.map((item, index) => node('assertion', `case:${parent.id}`, item, index)),
    ),
    ...outline.assertions.map((item, index) => node('assertion', 'file', item, index)),
    ...stages,
    ...outline.stages.flatMap((parent) =>
      parent.slos.map((item, index) => node('slo', `stage:${parent.id}`, item, index)),
    ),
    ...outline.slos.map((item, index) => node('slo', 'file', item, index)),
  ];

  let file: string | undefined;
  const fileInputs = (): string => (file ??= hashesOf('', FILE_INPUTS));
  const known = new Map<Subject, string>();
  let all: string | undefined;
  const allCases = (): string =>
    (all ??= digest([fileInputs(), ...cases.map((item) => hashesOf(item.pointer, CASE_INPUTS))]));
  const compute = (subject: Subject): string | undefined => {
    if (subject === 'cases') return allCases();
    const kind = subject.startsWith('case:') ? 'case' : 'stage';
    const id = subject.slice(kind.length + 1);
    const item = (kind === 'case' ? cases : stages).find((candidate) => candidate.id === id);
    if (item === undefined) return undefined;
    return kind === 'case'
      ? digest([fileInputs(), hashesOf(item.pointer, CASE_INPUTS)])
      : // A load stage draws its prompts from the cases: another case is another workload.
        digest([allCases(), hashesOf(item.pointer, STAGE_INPUTS)]);
  };

  const byPointer = new Map(nodes.map((item) => [item.pointer, item]));
  return {
    name: outline.name,
    nameRange: outline.nameRange,
    nodes,
    at: (pointer) => byPointer.get(pointer) ?? byPointer.get(pointer.replace(/#\d+(?=\/|$)/, '')),
    cases,
    stages,
    inputs(subject) {
      const before = known.get(subject);
      if (before !== undefined) return before;
      const inputs = compute(subject);
      if (inputs !== undefined) known.set(subject, inputs);
      return inputs;
    },
  };
}

/** The rows of a dataset stand in another file: here they are one place, and what is found of them is found there. */
function datasetOf({ dataset }: EvalOutline): OutlineItem[] {
  // The planner takes the pointer for all of its rows.
  return dataset === undefined ? [] : [{ ...dataset, id: dataset.pointer }];
}

function digest(parts: string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16);
}
