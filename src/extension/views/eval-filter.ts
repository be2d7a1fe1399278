/** Which evals and cases a choice of tags leaves: as `run --tag` would choose them. */

/** What of a file its tags decide. */
export interface TaggedFile {
  tags: readonly string[];
  cases: readonly { id: string; tags: readonly string[] }[];
}

/** All of a file, some of its cases, or nothing. A file whose own tag matches is shown whole. */
export type Shown = 'all' | 'none' | ReadonlySet<string>;

export function shownOf(file: TaggedFile, wanted: readonly string[]): Shown {
  if (wanted.length === 0) return 'all';
  const matches = (tags: readonly string[]): boolean => tags.some((tag) => wanted.includes(tag));
  if (matches(file.tags)) return 'all';
  const ids = file.cases.filter(({ tags }) => matches(tags)).map(({ id }) => id);
  return ids.length === 0 ? 'none' : new Set(ids);
}

/** Every tag with how many files bear it, on themselves or on a case; by name. */
export function tagCounts(files: readonly TaggedFile[]): { tag: string; files: number }[] {
  const counts = new Map<string, number>();
  for (const { tags, cases } of files) {
    for (const tag of new Set([...tags, ...cases.flatMap((item) => item.tags)])) {
      counts.set(tag, (counts.get(tag) ?? 0) + 1);
    }
  }
  return [...counts].map(([tag, count]) => ({ tag, files: count })).sort((a, b) => (a.tag < b.tag ? -1 : 1));
}
