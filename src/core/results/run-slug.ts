/** The name of a run's eval, as far as the name of the run's folder holds it; null of a folder that is called otherwise. */
export function slugOf(id: string): string | null {
  return /^\d{8}T\d{6}Z-(.+)-[0-9a-z]{4}$/.exec(id)?.[1] ?? null;
}

/** Of each eval the newest of `runs`, which come newest first. */
export function newestOfEach<T extends { id: string }>(runs: readonly T[]): Set<T> {
  const bySlug = new Map<string, T>();
  for (const run of runs) {
    const slug = slugOf(run.id);
    if (slug !== null && !bySlug.has(slug)) bySlug.set(slug, run);
  }
  return new Set(bySlug.values());
}
