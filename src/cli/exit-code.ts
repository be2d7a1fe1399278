/** What the process ends with; scripts and CI depend on these numbers. */
export const EXIT = {
  pass: 0,
  /** An SLO or an assertion failed. */
  failed: 1,
  /** The command was used wrongly, or a file is invalid. */
  usage: 2,
  inconclusive: 3,
  /** An endpoint could not be reached, every request failed, or the engine died. */
  unreachable: 4,
  interrupted: 130,
} as const;

/**
 * Over several files the worst one counts: an interrupt (nothing after it was judged), then usage (nothing was measured), then an
 * unreachable endpoint (nothing could be measured), then a failure, then an open question, then a pass.
 */
const WORST_FIRST: readonly number[] = [
  EXIT.interrupted,
  EXIT.usage,
  EXIT.unreachable,
  EXIT.failed,
  EXIT.inconclusive,
  EXIT.pass,
];

/** The worst of several exit codes; 0 for none. */
export function worstExit(codes: readonly number[]): number {
  return WORST_FIRST.find((code) => codes.includes(code)) ?? Math.max(0, ...codes);
}

/** A command cannot go on; `message` is the sentence for the person. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.usage,
  ) {
    super(message);
    this.name = 'CliError';
  }
}
