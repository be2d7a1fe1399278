/** What went wrong, as a stable word that code, tests and result files can rely on. */
export type ErrorCode =
  | 'usage'
  | 'invalid_file'
  | 'not_found'
  | 'unreadable'
  | 'unsupported'
  | 'endpoint_unreachable'
  | 'engine_crashed'
  | 'engine_start'
  | 'results_write'
  | 'cancelled'
  | 'internal';

/**
 * An error a person can act on. `message` is the sentence for the person: what happened, where, and what to do;
 * `reason` is the technical detail for the log.
 */
export class PromptrigError extends Error {
  readonly code: ErrorCode;
  readonly reason: string | undefined;

  constructor(code: ErrorCode, message: string, options: { reason?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PromptrigError';
    this.code = code;
    this.reason = options.reason;
  }
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
