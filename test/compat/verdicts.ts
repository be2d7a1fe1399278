export interface CompatVerdict {
  pass: boolean;
  score: number | null;
  outcome: 'passed' | 'failed' | 'error' | 'skipped';
  reason: string;
}

/** By the name of the row. */
export type Verdicts = Map<string, CompatVerdict>;
