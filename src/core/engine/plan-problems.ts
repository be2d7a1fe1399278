import type { RowPlace } from '../dataset/row-place';
import type { Diagnostic, TextRange } from '../spec/document';
import type { EvalDocument } from '../spec/parse';
import { isWithin } from '../spec/pointer';
import type { LocatedCase } from './plan-cases';
import { whatOf, type PlanSelection } from './plan-select';
import type { LocatedStage } from './plan-stages';

type Problem = Omit<Diagnostic, 'path' | 'suggestions'> & { path?: string; suggestions?: Diagnostic['suggestions'] };

/** Codes that the planner decides itself, knowing more than the parser did: other files, and which cases are run. */
const REDECIDED = new Set(['unknown-endpoint', 'unknown-preset', 'undefined-variable', 'nothing-to-run']);

/** A dataset with a thousand problems of one kind is no more readable than one with twenty. */
const MAX_OF_ROWS = 20;

/** Where a problem is shown. */
export interface Place {
  path: string;
  range: TextRange;
}

/** Collects what the planner finds, each problem once, and nothing that the parser has said already. */
export class PlanProblems {
  private readonly list: Diagnostic[] = [];
  private readonly seen = new Set<string>();
  private hasError = false;
  /** Rows of the dataset by their number: what is said of `/dataset#12/assert/0` is shown in the file of the dataset. */
  readonly rows = new Map<number, RowPlace>();
  /** Problems of rows by code: how many, and the worst severity of those that are not shown. */
  private readonly ofRows = new Map<string, { count: number; severity: Diagnostic['severity'] }>();

  constructor(readonly document: EvalDocument) {
    for (const diagnostic of document.diagnostics) this.seen.add(keyOf(diagnostic));
  }

  /** In the order of the file. */
  get found(): Diagnostic[] {
    return [...this.list, ...this.hiddenOfRows()].sort(
      (a, b) =>
        (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
        a.range.start.line - b.range.start.line ||
        a.range.start.character - b.range.start.character,
    );
  }

  /** Whether the run is forbidden. */
  get blocked(): boolean {
    return this.hasError;
  }

  add(problem: Problem): void {
    if (problem.severity === 'error') this.hasError = true;
    const diagnostic: Diagnostic = { path: this.document.path, suggestions: [], ...problem };
    const key = keyOf(diagnostic);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    if (!rowOf(diagnostic.pointer ?? '')) {
      this.list.push(diagnostic);
      return;
    }
    const { code, severity } = diagnostic;
    const known = this.ofRows.get(code);
    if (known === undefined) this.ofRows.set(code, { count: 1, severity: 'info' });
    else known.count++;
    if (known === undefined || known.count <= MAX_OF_ROWS) this.list.push(diagnostic);
    else if (severity === 'error' || known.severity === 'info') known.severity = severity;
  }

  /** One sentence for the problems of rows beyond those that are shown. */
  private hiddenOfRows(): Diagnostic[] {
    return [...this.ofRows].flatMap(([code, { count, severity }]): Diagnostic[] => {
      const more = count - MAX_OF_ROWS;
      if (more <= 0) return [];
      const message = `${more} more of the rows have problems of this kind (${code}); those of the first are shown in their file.`;
      return [{ code, message, severity, ...this.placeOf('/dataset'), pointer: '/dataset', suggestions: [] }];
    });
  }

  /** A problem at a node, of the file or of a row; at the file's name where there is no such node. */
  at(code: string, message: string, pointer: string, extra: Partial<Problem> = {}): void {
    this.add({ code, message, severity: 'error', pointer, ...this.placeOf(pointer), ...extra });
  }

  /** Where the node at a pointer stands. */
  placeOf(pointer: string): Place {
    const row = rowOf(pointer);
    const place = row === null ? undefined : this.rows.get(row.number);
    if (row !== null && place !== undefined) return { path: place.path, range: place.rangeOf(row.rest) };
    return { path: this.document.path, range: this.document.rangeOf(pointer) ?? this.document.outline.nameRange };
  }

  /** Where a part of the text at a pointer stands. */
  placeWithin(pointer: string, offset: number, length: number): Place {
    const row = rowOf(pointer);
    const place = row === null ? undefined : this.rows.get(row.number);
    const range =
      row !== null && place !== undefined
        ? place.rangeWithin(row.rest, offset, length)
        : this.document.rangeWithin(pointer, offset, length);
    const whole = this.placeOf(pointer);
    return range === undefined ? whole : { path: whole.path, range };
  }

  /** A problem of the file as a whole. */
  file(code: string, message: string): void {
    this.add({ code, message, range: this.document.outline.nameRange, severity: 'error', pointer: '' });
  }

  /** No fault of the file: another file may hold what was asked for. */
  nothingSelected(range: TextRange): void {
    this.hasError = true;
    const message = 'Nothing in this file matches the selection.';
    this.list.push({
      code: 'nothing-selected',
      message,
      path: this.document.path,
      range,
      severity: 'info',
      pointer: '',
      suggestions: [],
    });
  }

  /** Lets the parser's errors forbid the run, but for those in cases and stages that are not part of it. */
  blockingOfDocument(select: PlanSelection, chosen: readonly LocatedCase[], stages: readonly LocatedStage[]): void {
    const cases = new Set(chosen.map(({ pointer }) => pointer));
    const kept = new Set(stages.map(({ pointer }) => pointer));
    const narrowed = select.what !== undefined || (select.cases?.length ?? 0) > 0 || (select.stages?.length ?? 0) > 0;
    for (const { code, severity, pointer = '' } of this.document.diagnostics) {
      if (severity !== 'error' || REDECIDED.has(code)) continue;
      // A load stage sends what the cases ask, and judges no answer.
      if (whatOf(select) === 'load' && /^(?:\/cases\/\d+)?\/assert(?:\/|$)/.test(pointer)) continue;
      const item = /^\/(?:cases\/\d+|load(?:\/\d+)?)/.exec(pointer)?.[0];
      const isElsewhere =
        narrowed &&
        item !== undefined &&
        (item.startsWith('/cases')
          ? !cases.has(item)
          : ![...kept].some((stage) => isWithin(stage, item) || isWithin(pointer, stage)));
      if (!isElsewhere) this.hasError = true;
    }
  }
}

/** The row of `/dataset#12#2/assert/0`, and the pointer within it. */
function rowOf(pointer: string): { number: number; rest: string } | null {
  const match = /^\/dataset#(\d+)(?:#\d+)*((?:\/.*)?)$/.exec(pointer);
  return match === null ? null : { number: Number(match[1]), rest: match[2] ?? '' };
}

function keyOf({ code, path, range, severity, pointer }: Diagnostic): string {
  return JSON.stringify([code, path, range.start, severity, code === 'undefined-variable' ? '' : pointer]);
}
