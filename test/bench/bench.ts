/** One row of the table: a claim, what was measured, and whether it holds. */
export interface BenchRow {
  what: string;
  measured: string;
  reach: string;
  /** Null where there is nothing to hold, such as a row that describes a peer. */
  met: boolean | null;
  /** The reason that was found for a missed row, or what the number depends on. */
  note?: string;
}

export interface BenchContext {
  /** Says what is being measured; on stderr, so that the table alone is on stdout. */
  log(message: string): void;
  /** Aborted on Ctrl+C: a bench ends its processes and rejects. */
  signal: AbortSignal;
}

/** What a `*.bench.ts` file exports under the name `bench`. */
export interface Bench {
  /** The word that selects it: `npm run bench -- NAME`. */
  name: string;
  /** The heading of its table. */
  title: string;
  run(context: BenchContext): Promise<BenchRow[]>;
}
