/** Reads a pinned baseline, and says in words, with a line, what is wrong with one that cannot be used. */
import { parseDocument } from 'yaml';
import { BASELINE_SCHEMA, type BaselineDistribution, type BaselineFile } from '../../protocol/baseline';
import type { BaselineCase, BaselineRate, BaselineStage } from '../../protocol/baseline';
import type { Unit } from '../../protocol/plan';
import type { RunVerdict } from '../../protocol/run-json';
import type { TextRange } from '../spec/document';
import { TextLines, withoutBom } from '../spec/lines';
import { setOwn } from '../spec/own';
import { buildTree, type MapNode, type Span, type TreeNode } from '../spec/tree';
import { messageOf, PromptrigError } from '../util/errors';

export type PinnedFault = 'merge-conflict' | 'not-ours' | 'newer' | 'damaged' | 'other-eval' | 'other-target';

/** A pinned baseline that cannot be used. `message` begins with its place; `sentence` is what follows it. */
export class PinnedFileError extends PromptrigError {
  constructor(
    readonly fault: PinnedFault,
    readonly path: string,
    readonly range: TextRange,
    readonly sentence: string,
  ) {
    const { line, character } = range.start;
    super(fault === 'newer' ? 'unsupported' : 'invalid_file', `${path}:${line + 1}:${character + 1}: ${sentence}`);
    this.name = 'PinnedFileError';
  }
}

const AGAIN = 'Restore it from version control, or pin a run again: promptrig baseline pin RUN.';
const CONFLICT = /^(?:<{7}|\|{7}|={7}|>{7})(?= |$)/m;
const SCHEMA_NAME = /^promptrig\.baseline\/(\d+)$/;
const VERDICTS: readonly RunVerdict[] = ['pass', 'fail', 'inconclusive', 'error'];
const UNITS: readonly Unit[] = ['ms', '1/s', 'tokens/s', 'ratio', 'USD', 'tokens', 'count'];

/**
 * Reads the text of a pinned baseline. Keys that are not known are passed over, so that a newer version may add some.
 * @param path for messages
 * @param expected what it has to be the baseline of, where that is known
 * @throws PinnedFileError where it cannot be used
 */
export function readPinned(
  source: string,
  path: string,
  expected: { eval?: string; target?: string } = {},
): BaselineFile {
  return new PinnedReader(withoutBom(source).replaceAll('\r\n', '\n'), path).read(expected);
}

class PinnedReader {
  private readonly lines: TextLines;

  constructor(
    private readonly source: string,
    private readonly path: string,
  ) {
    this.lines = new TextLines(source);
  }

  read(expected: { eval?: string; target?: string }): BaselineFile {
    const conflict = CONFLICT.exec(this.source);
    if (conflict !== null) {
      const span = { start: conflict.index, end: this.lines.lineEnd(conflict.index) };
      throw this.fault(
        'merge-conflict',
        span,
        'The baseline holds both sides of a merge conflict. Take one of them whole (git checkout --ours or --theirs, with this path), or pin a run of the merged code: promptrig baseline pin RUN.',
      );
    }
    const root = this.tree();
    this.checkSchema(root);
    const file = this.file(root);
    if (expected.eval !== undefined && file.eval !== expected.eval) {
      throw this.fault(
        'other-eval',
        this.spanOf(root, 'eval'),
        `This is the baseline of ${file.eval}, and lies where that of ${expected.eval} belongs. Where the eval was renamed, write its new path here; else pin a run of it: promptrig baseline pin RUN.`,
      );
    }
    if (expected.target !== undefined && file.target !== expected.target) {
      throw this.fault(
        'other-target',
        this.spanOf(root, 'target'),
        `This is the baseline of the target ${file.target}, and lies where that of ${expected.target} belongs. Pin a run again: promptrig baseline pin RUN.`,
      );
    }
    return file;
  }

  private tree(): MapNode {
    try {
      const document = parseDocument(this.source, {
        version: '1.2',
        uniqueKeys: false,
        prettyErrors: false,
        logLevel: 'error',
      });
      const [error] = document.errors;
      if (error !== undefined) {
        const start = Math.min(error.pos[0], this.source.length);
        throw this.damaged({ start, end: this.lines.lineEnd(start) }, error.message.replace(/\s+/g, ' '));
      }
      const { root, problems } = buildTree(document, this.source);
      const [problem] = problems;
      if (problem !== undefined) throw this.damaged(problem.span, problem.message);
      if (root?.kind === 'map') return root;
    } catch (error) {
      if (error instanceof PinnedFileError) throw error;
      // The YAML parser is recursive: very deep nesting runs out of stack.
      throw this.damaged({ start: 0, end: this.lines.lineEnd(0) }, messageOf(error));
    }
    throw this.notOurs({ start: 0, end: this.lines.lineEnd(0) });
  }

  private checkSchema(root: MapNode): void {
    const node = root.entries.get('schema')?.node;
    const name = node?.kind === 'scalar' ? node.value : undefined;
    if (name === BASELINE_SCHEMA) return;
    const span = node?.span ?? { start: 0, end: this.lines.lineEnd(0) };
    if (typeof name === 'string' && SCHEMA_NAME.test(name)) {
      throw this.fault(
        'newer',
        span,
        `The baseline has the schema ${name}, which this version does not know. Update Promptrig, or pin a run again with this version.`,
      );
    }
    throw this.notOurs(span);
  }

  private file(root: MapNode): BaselineFile {
    const pinned = this.map(root, 'pinned');
    const quality = this.optional(root, 'quality');
    const commit = pinned.entries.get('commit')?.node;
    return {
      schema: BASELINE_SCHEMA,
      eval: this.text(root, 'eval'),
      target: this.text(root, 'target'),
      pinned: {
        run: this.text(pinned, 'run'),
        at: this.text(pinned, 'at'),
        started_at: this.text(pinned, 'started_at'),
        verdict: this.word(pinned, 'verdict', VERDICTS),
        commit: isNull(commit) ? null : this.text(pinned, 'commit'),
        dirty: this.flag(pinned, 'dirty'),
        promptrig: this.text(pinned, 'promptrig'),
        machine: this.text(pinned, 'machine'),
        eval_sha256: this.text(pinned, 'eval_sha256'),
      },
      model: this.text(root, 'model'),
      ...(quality === null
        ? {}
        : {
            quality: {
              pass_rate: this.numberOrNull(quality, 'pass_rate'),
              score: this.numberOrNull(quality, 'score'),
              cases: this.entries(quality, 'cases', (node): BaselineCase => {
                const [passed, of] = [this.count(node, 'passed'), this.count(node, 'of')];
                if (passed > of) throw this.damaged(node.span, `${passed} of ${of} answers cannot be right.`);
                return { passed, of, score: this.number(node, 'score') };
              }),
            },
          }),
      stages: this.entries(root, 'stages', (node) => this.stage(node)),
    };
  }

  private stage(node: MapNode): BaselineStage {
    const errors = this.map(node, 'errors');
    return {
      load: this.text(node, 'load'),
      ...(node.entries.has('unfit') ? { unfit: this.text(node, 'unfit') } : {}),
      errors: {
        requests: this.count(errors, 'requests'),
        failed: this.count(errors, 'failed'),
        worth: this.number(errors, 'worth'),
      },
      rates: this.entries(node, 'rates', (rate): BaselineRate => ({
        value: this.number(rate, 'value'),
        se: this.numberOrNull(rate, 'se'),
      })),
      metrics: this.entries(node, 'metrics', (metric) => this.distribution(metric)),
    };
  }

  private distribution(node: MapNode): BaselineDistribution {
    const worth: Record<string, number> = {};
    const ofWorth = this.map(node, 'worth');
    for (const key of ofWorth.entries.keys()) setOwn(worth, key, this.number(ofWorth, key));
    const base = {
      unit: this.word(node, 'unit', UNITS),
      n: this.count(node, 'n'),
      mean: this.number(node, 'mean'),
      stdev: this.number(node, 'stdev'),
      worth,
    };
    if (node.entries.has('sorted')) return { ...base, sorted: this.row(node, 'sorted') };
    const quantiles: Record<string, number[]> = {};
    const rows = this.map(node, 'quantiles');
    let last = Number.NEGATIVE_INFINITY;
    for (const [key, { keySpan }] of rows.entries) {
      const share = /^p(\d+(?:\.\d+)?)$/.exec(key)?.[1];
      if (share === undefined || Number(share) > 100 || Number(share) <= last)
        throw this.damaged(keySpan, `"${key}" is no percentile, or not above the one before it.`);
      last = Number(share);
      quantiles[key] = this.row(rows, key);
    }
    if (rows.entries.size === 0) throw this.damaged(this.spanOf(node, 'quantiles'), 'The quantiles are missing.');
    return { ...base, quantiles };
  }

  /** Numbers, ascending: a sketch whose quantiles fall would give any answer. */
  private row(parent: MapNode, key: string): number[] {
    const node = parent.entries.get(key)?.node;
    if (node?.kind !== 'list' || node.items.length === 0) {
      throw this.damaged(node?.span ?? parent.span, `"${key}" must be a list of numbers.`);
    }
    let last = Number.NEGATIVE_INFINITY;
    return node.items.map((item) => {
      const value = item.kind === 'scalar' ? item.value : null;
      if (typeof value !== 'number' || !Number.isFinite(value) || value < last)
        throw this.damaged(item.span, `"${key}" must be a list of numbers that do not fall.`);
      last = value;
      return value;
    });
  }

  private entries<T>(parent: MapNode, key: string, read: (node: MapNode) => T): Record<string, T> {
    const result: Record<string, T> = {};
    for (const [name, { node }] of this.map(parent, key).entries) {
      if (node.kind !== 'map') throw this.damaged(node.span, `"${name}" must be a map.`);
      setOwn(result, name, read(node));
    }
    return result;
  }

  private optional(parent: MapNode, key: string): MapNode | null {
    return parent.entries.has(key) ? this.map(parent, key) : null;
  }

  private map(parent: MapNode, key: string): MapNode {
    const node = parent.entries.get(key)?.node;
    if (node?.kind === 'map') return node;
    throw this.missing(parent, key, 'a map');
  }

  private text(parent: MapNode, key: string): string {
    const value = scalarOf(parent, key);
    if (typeof value === 'string') return value;
    throw this.missing(parent, key, 'a text');
  }

  private word<T extends string>(parent: MapNode, key: string, words: readonly T[]): T {
    const value = scalarOf(parent, key);
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    throw this.missing(parent, key, `one of ${words.join(', ')}`);
  }

  private flag(parent: MapNode, key: string): boolean {
    const value = scalarOf(parent, key);
    if (typeof value === 'boolean') return value;
    throw this.missing(parent, key, 'true or false');
  }

  private number(parent: MapNode, key: string): number {
    const value = scalarOf(parent, key);
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.missing(parent, key, 'a number');
  }

  private count(parent: MapNode, key: string): number {
    const value = scalarOf(parent, key);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.missing(parent, key, 'a whole number');
  }

  private numberOrNull(parent: MapNode, key: string): number | null {
    return isNull(parent.entries.get(key)?.node) ? null : this.number(parent, key);
  }

  private spanOf(parent: MapNode, key: string): Span {
    const entry = parent.entries.get(key);
    return entry?.node.span ?? { start: parent.span.start, end: this.lines.lineEnd(parent.span.start) };
  }

  private missing(parent: MapNode, key: string, what: string): PinnedFileError {
    const isThere = parent.entries.has(key);
    return this.damaged(
      this.spanOf(parent, key),
      isThere ? `"${key}" must be ${what}.` : `"${key}" is missing here; it must be ${what}.`,
    );
  }

  private damaged(span: Span, what: string): PinnedFileError {
    return this.fault('damaged', span, `The baseline is damaged: ${what.replace(/\.?$/, '.')} ${AGAIN}`);
  }

  private notOurs(span: Span): PinnedFileError {
    return this.fault(
      'not-ours',
      span,
      `This is no baseline of Promptrig: it does not begin with "schema: ${BASELINE_SCHEMA}". Pin a run in its place: promptrig baseline pin RUN.`,
    );
  }

  private fault(fault: PinnedFault, { start, end }: Span, sentence: string): PinnedFileError {
    const range = this.lines.range(start, Math.min(end, this.lines.lineEnd(start)));
    return new PinnedFileError(fault, this.path, range, sentence);
  }
}

function scalarOf(parent: MapNode, key: string): unknown {
  const node = parent.entries.get(key)?.node;
  return node?.kind === 'scalar' ? node.value : undefined;
}

function isNull(node: TreeNode | undefined): boolean {
  return node?.kind === 'scalar' && node.value === null;
}
