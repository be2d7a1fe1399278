import picomatch from 'picomatch';

/** Whether one of several globs matches a path relative to their folder, with forward slashes. */
export function globMatcher(globs: readonly string[]): (path: string) => boolean {
  if (globs.length === 0) return () => false;
  const matches = picomatch([...globs], { dot: true });
  return (path) => matches(path);
}
