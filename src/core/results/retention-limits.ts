/** How many runs are kept, for how long and in how much space, as `promptrig.yaml` says it. */
import type { WorkspaceSpec } from '../spec/schema';
import { parseAgeMs, parseBytes } from '../spec/units';

/** Infinity: no limit. */
export interface RetentionLimits {
  runs: number;
  ageMs: number;
  sizeBytes: number;
}

/** Where nobody has said anything: months of daily work, and no run that goes for its age alone. */
export const DEFAULT_RETENTION: RetentionLimits = {
  runs: 1_000,
  ageMs: Number.POSITIVE_INFINITY,
  sizeBytes: 10e9,
};

/** The limits of a folder: each from its `promptrig.yaml` where that names it, else from `fallback`. */
export function retentionLimits(
  retention: WorkspaceSpec['retention'],
  fallback: RetentionLimits = DEFAULT_RETENTION,
): RetentionLimits {
  const { runs, age, size } = retention ?? {};
  return {
    runs: runs ?? fallback.runs,
    ageMs: (age === undefined ? null : parseAgeMs(age)) ?? fallback.ageMs,
    sizeBytes: (size === undefined ? null : parseBytes(size)) ?? fallback.sizeBytes,
  };
}
