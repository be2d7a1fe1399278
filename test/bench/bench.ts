/** One row of the table: a claim, what was measured, and whether it holds. */
export interface BenchRow {
  what: string;
  reach: string;
  measured: string;
  /** Null where there is nothing to hold, such as a row that describes a peer. */
  met: boolean | null;
  /** The reason that was found for a missed row, or what the number depends on. */
  note?: string;
}

export interface BenchContext {
  /** Says what is being measured; on stderr, so that the table alone is on stdout. */
  log: (message: string) => void;
  /** Aborted on Ctrl+C: a bench ends its processes and rejects. */
  signal: AbortSignal;
  /** Fewer repetitions and smaller runs: shows that a bench works, not what it is worth. */
  quick: boolean;
  /** Peers that are not there may be installed, which takes gigabytes. */
  installPeers: boolean;
}

/** What a `*.bench.ts` file exports under the name `bench`. */
export interface Bench {
  /** The word that selects it: `npm run bench -- NAME`. */
  name: string;
  /** The heading of its table. */
  title: string;
  /** Its place in the table and in time; benches without one come last. */
  order: number;
  run(context: BenchContext): Promise<BenchRow[]>;
}
