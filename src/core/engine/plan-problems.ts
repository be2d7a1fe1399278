import type { Diagnostic, TextRange } from '../spec/document';
import type { EvalDocument } from '../spec/parse';
import { isWithin } from '../spec/pointer';
import type { LocatedCase } from './plan-cases';
import { whatOf, type PlanSelection } from './plan-select';
import type { LocatedStage } from './plan-stages';

type Problem = Omit<Diagnostic, 'path' | 'suggestions'> & { path?: string; suggestions?: Diagnostic['suggestions'] };

/** Codes that the planner decides itself, knowing more than the parser did: other files, and which cases are run. */
const REDECIDED = new Set(['unknown-endpoint', 'unknown-preset', 'undefined-variable', 'nothing-to-run']);

/** Collects what the planner finds, each problem once, and nothing that the parser has said already. */
export class PlanProblems {
  private readonly list: Diagnostic[] = [];
  private readonly seen = new Set<string>();
  private hasError = false;

  constructor(readonly document: EvalDocument) {
    for (const diagnostic of document.diagnostics) this.seen.add(keyOf(diagnostic));
  }

  /** In the order of the file. */
  get found(): Diagnostic[] {
    return [...this.list].sort(
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
    this.list.push(diagnostic);
  }

  /** A problem of the file at a node; at its name where there is no such node. */
  at(code: string, message: string, pointer: string, extra: Partial<Problem> = {}): void {
    this.add({
      code,
      message,
      range: this.document.rangeOf(pointer) ?? this.document.outline.nameRange,
      severity: 'error',
      pointer,
      ...extra,
    });
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

function keyOf({ code, path, range, severity, pointer }: Diagnostic): string {
  return JSON.stringify([code, path, range.start, severity, code === 'undefined-variable' ? '' : pointer]);
}
