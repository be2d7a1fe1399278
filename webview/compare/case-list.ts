/** Which cases are listed: by what came of them, by tag, by text. */
import type { CompareCase, CompareCaseCell } from '../../src/protocol/compare-panel';

export type CaseShow = 'all' | 'failed' | 'differs' | 'flaky';

export interface CaseFilter {
  show: CaseShow;
  text: string;
  /** Empty for any. */
  tag: string;
}

export const EVERY_CASE: CaseFilter = { show: 'all', text: '', tag: '' };

export function listCases(cases: readonly CompareCase[], { show, text, tag }: CaseFilter): CompareCase[] {
  const words = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return cases.filter(
    (one) => shows(one, show) && (tag === '' || one.tags.includes(tag)) && words.every((word) => has(one, word)),
  );
}

export function tagsOf(cases: readonly CompareCase[]): string[] {
  return [...new Set(cases.flatMap(({ tags }) => tags))].sort();
}

/** `3/3`; nothing where nothing was judged. */
export function passText({ passed, of }: CompareCaseCell): string {
  return of === 0 ? '' : `${passed}/${of}`;
}

function shows({ cells, differs }: CompareCase, show: CaseShow): boolean {
  switch (show) {
    case 'all':
      return true;
    case 'failed':
      return cells.some((cell) => cell?.state === 'failed' || cell?.state === 'error');
    case 'differs':
      return differs;
    case 'flaky':
      return cells.some((cell) => cell?.flaky === true);
  }
}

function has({ id, name, tags, cells }: CompareCase, word: string): boolean {
  const within = (text: string) => text.toLowerCase().includes(word);
  return (
    within(name) ||
    within(id) ||
    tags.some(within) ||
    cells.some((cell) => cell !== null && (within(cell.answer) || within(cell.reason)))
  );
}
