/** What test items stand for, kept beside VS Code's objects and never on them. */
import type { TestItem } from 'vscode';

/** What is measured: one case, all rows of the dataset, one of them, the SLOs on all cases, or one load stage. */
export type TestSubject =
  | { kind: 'case'; id: string }
  | { kind: 'dataset' }
  | { kind: 'row'; id: string }
  | { kind: 'slos' }
  | { kind: 'stage'; id: string };

export type TestData =
  | { kind: 'file'; file: string }
  /** The folder of the load stages. */
  | { kind: 'load'; file: string }
  /** `target` is null of a parent, whose children are its targets or rows, and where the targets are not known yet. */
  | { kind: 'subject'; file: string; subject: TestSubject; target: string | null };

/** Test items by what they stand for. `file` is the URI of the eval file, as text. */
export class TestDataMap {
  private readonly data = new WeakMap<TestItem, TestData>();

  get(item: TestItem): TestData | undefined {
    return this.data.get(item);
  }

  set(item: TestItem, data: TestData): void {
    this.data.set(item, data);
  }
}

/** Unique within a file. */
export function subjectKey(subject: TestSubject): string {
  return 'id' in subject ? `${subject.kind}:${subject.id}` : subject.kind;
}

/** VS Code joins ids with a NUL, and refuses one that holds it; a quoted YAML text may. */
export function itemId(text: string): string {
  return text.replaceAll('\0', '␀');
}
