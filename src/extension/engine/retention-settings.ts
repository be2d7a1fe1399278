import { DEFAULT_RETENTION, type RetentionLimits } from '../../core/results/retention-limits';
import { parseBytes } from '../../core/spec/units';

const DAY_MS = 24 * 3_600_000;

/** The settings `promptrig.runs.keep…` as limits. What cannot be understood counts for the default: nobody is to lose a run by a slip. */
export function limitsOfSettings(settings: {
  keepCount: unknown;
  keepDays: unknown;
  keepSize: unknown;
}): RetentionLimits {
  const { keepCount, keepDays, keepSize } = settings;
  const number = (value: unknown, fallback: number): number => {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return fallback;
    return value === 0 ? Number.POSITIVE_INFINITY : value;
  };
  const size = typeof keepSize === 'string' ? keepSize.trim() : null;
  return {
    runs: Math.ceil(number(keepCount, DEFAULT_RETENTION.runs)),
    ageMs: number(keepDays, DEFAULT_RETENTION.ageMs) * DAY_MS,
    sizeBytes:
      size === ''
        ? Number.POSITIVE_INFINITY
        : ((size === null ? null : parseBytes(size)) ?? DEFAULT_RETENTION.sizeBytes),
  };
}
