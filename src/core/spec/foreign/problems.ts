/** What an importer has to say, by its place in whichever file it is about. */
import type { Severity } from '../../../protocol/plan';
import type { Diagnostic } from '../document';
import type { Place, SourceFile } from './source';

export interface ForeignProblem {
  code: string;
  message: string;
  severity: Severity;
  place: Place;
  /** Native pointer, where the problem belongs to one node. */
  pointer?: string;
}

/** A table with a thousand bad rows is no more readable than one with fifty. */
const MOST_OF_A_CODE = 100;

export class ForeignProblems {
  private readonly list: ForeignProblem[] = [];
  private readonly seen = new Set<string>();
  private readonly counts = new Map<string, number>();

  constructor(private readonly main: SourceFile) {}

  /** Adds a problem, once. */
  add(problem: ForeignProblem): void {
    const { code, message, place } = problem;
    const key = JSON.stringify([code, message, place.file.path, place.span.start]);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    const count = (this.counts.get(code) ?? 0) + 1;
    this.counts.set(code, count);
    if (count <= MOST_OF_A_CODE) this.list.push(problem);
  }

  error(code: string, message: string, place: Place, pointer?: string): void {
    this.add({ code, message, severity: 'error', place, ...(pointer === undefined ? {} : { pointer }) });
  }

  /** Something of the file that is not run. */
  skipped(message: string, place: Place): void {
    this.add({ code: 'foreign-skipped', message, severity: 'warning', place });
  }

  /** Something of the file that changes no result. */
  ignored(message: string, place: Place): void {
    this.add({ code: 'foreign-ignored', message, severity: 'info', place });
  }

  /** Whether something is wrong that keeps the file from running. */
  get hasError(): boolean {
    return this.list.some(({ severity }) => severity === 'error');
  }

  /** By their places, those of the imported file first. */
  get diagnostics(): Diagnostic[] {
    const isOther = ({ place }: ForeignProblem) => (place.file === this.main ? 0 : 1);
    return [...this.list]
      .sort(
        (a, b) =>
          isOther(a) - isOther(b) ||
          (a.place.file.path < b.place.file.path ? -1 : a.place.file.path > b.place.file.path ? 1 : 0) ||
          a.place.span.start - b.place.span.start,
      )
      .map(({ code, message, severity, place, pointer }) => ({
        code,
        message,
        severity,
        path: place.file.path,
        range: place.file.lines.range(place.span.start, place.span.end),
        ...(pointer === undefined ? {} : { pointer }),
        suggestions: [],
      }));
  }
}
