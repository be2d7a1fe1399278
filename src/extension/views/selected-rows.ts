/** Rows that are selected together, as the runs that they ask for. */
import type { RunRequest } from '../engine/run-preparation';

export interface SelectedRow {
  kind: 'file' | 'case' | 'stage';
  uri: RunRequest['uri'];
  id?: string;
}

/**
 * One run a file, in the order of the rows: all of it where the file itself is selected, else its selected cases, then its
 * selected stages.
 * @param what of a file: everything, or its load alone
 * @param casesShown of a file that is not shown whole: what is not seen is not run
 */
export function requestsOf(
  rows: readonly SelectedRow[],
  what: 'file' | 'load' = 'file',
  casesShown: (uri: RunRequest['uri']) => string[] | null = () => null,
): RunRequest[] {
  const files = new Map<string, SelectedRow[]>();
  for (const row of rows) {
    const key = row.uri.toString();
    files.set(key, [...(files.get(key) ?? []), row]);
  }
  return [...files.values()].flatMap((selected): RunRequest[] => {
    const [first] = selected;
    if (first === undefined) return [];
    const { uri } = first;
    const shown = casesShown(uri);
    if (selected.some(({ kind }) => kind === 'file'))
      return [shown === null || what === 'load' ? { uri, what } : { uri, what: 'case', ids: shown }];
    return (['case', 'stage'] as const).flatMap((kind) => {
      const ids = selected.flatMap((row) => (row.kind === kind && row.id !== undefined ? [row.id] : []));
      const [id] = ids;
      if (id === undefined) return [];
      return [ids.length === 1 ? { uri, what: kind, id } : { uri, what: kind, ids }];
    });
  });
}
