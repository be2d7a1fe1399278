/** Runs by the day on which they began, in the person's own time. */
import { l10n } from '../l10n';

export interface RunDay<T> {
  /** `2026-11-25`: the same as long as the day is the same. */
  id: string;
  /** `Today`, `Yesterday`, `Mon, Nov 23`, `Dec 31, 2025`. */
  label: string;
  /** Newest first. */
  runs: T[];
}

/** Newest day first. */
export function groupByDay<T>(runs: readonly T[], startOf: (run: T) => Date, now: Date): RunDay<T>[] {
  const days = new Map<string, RunDay<T>>();
  for (const run of [...runs].sort((a, b) => startOf(b).getTime() - startOf(a).getTime())) {
    const date = startOf(run);
    const id = idOf(date);
    const day = days.get(id) ?? { id, label: labelOf(date, now), runs: [] };
    day.runs.push(run);
    days.set(id, day);
  }
  return [...days.values()];
}

function idOf(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

function labelOf(date: Date, now: Date): string {
  if (idOf(date) === idOf(now)) return l10n.t('Today');
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (idOf(date) === idOf(yesterday)) return l10n.t('Yesterday');
  const isThisYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString('en-US', {
    ...(isThisYear ? { weekday: 'short' } : { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
  });
}
