/** Tells VS Code which results no longer hold: those of tests whose prompt, case, dataset, endpoint or grader has changed. */
import type { TestItem } from 'vscode';
import type { ParsedDocument } from '../language/documents';
import { dependsOn, fingerprintsOf } from './fingerprints';
import { subjectKey, type TestSubject } from './test-data';
import type { TestTree } from './test-tree';

interface Reported {
  subject: TestSubject;
  /** Of the file as it was run. */
  fingerprint: string | undefined;
}

export class OutdatedResults {
  /** By file, the tests whose results still hold. */
  private readonly fresh = new Map<string, Map<string, Reported>>();

  constructor(
    private readonly tree: TestTree,
    private readonly invalidate: (items: TestItem[]) => void,
  ) {}

  /** Files that have results which may go out of date. */
  get files(): string[] {
    return [...this.fresh.keys()];
  }

  /** A test was reported, of a run of the file as it was then. */
  reported(parsed: ParsedDocument, subjects: Iterable<TestSubject>): void {
    const file = parsed.uri.toString();
    const fingerprint = fingerprintsOf(parsed);
    const known = this.fresh.get(file) ?? new Map<string, Reported>();
    this.fresh.set(file, known);
    for (const subject of subjects) known.set(subjectKey(subject), { subject, fingerprint: fingerprint(subject) });
  }

  /** The file says something else now. */
  changed(parsed: ParsedDocument): void {
    const known = this.fresh.get(parsed.uri.toString());
    if (known === undefined || known.size === 0) return;
    const fingerprint = fingerprintsOf(parsed);
    this.outdate(parsed.uri.toString(), (reported) => fingerprint(reported.subject) !== reported.fingerprint);
  }

  /** A file that is referred to at these places has changed. */
  dependencyChanged(parsed: ParsedDocument, pointers: readonly string[]): void {
    this.outdate(parsed.uri.toString(), ({ subject }) =>
      pointers.some((pointer) => dependsOn(pointer, subject, parsed)),
    );
  }

  /** What all results of the file depend on has changed, such as the shared endpoints. */
  allChanged(file: string): void {
    this.outdate(file, () => true);
  }

  forget(file: string): void {
    this.fresh.delete(file);
  }

  private outdate(file: string, isOutdated: (reported: Reported) => boolean): void {
    const known = this.fresh.get(file);
    if (known === undefined) return;
    const items: TestItem[] = [];
    for (const [key, reported] of known) {
      if (!isOutdated(reported)) continue;
      known.delete(key);
      const item = this.tree.find(file, reported.subject, null);
      if (item !== undefined) items.push(item);
    }
    if (items.length > 0) this.invalidate(items);
  }
}
