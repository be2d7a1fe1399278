/** Files of other tools: what they offer beyond their own text, and what reading it needs. */
import type { Diagnostic } from '../document';
import type { EvalDocument } from '../parse';

/** How an imported file reaches the files that it refers to. Paths are absolute. */
export interface ForeignIo {
  /** Text as it is or as UTF-8 bytes. Rejects where it cannot, with `code: ENOENT` where there is no such file. */
  readFile(path: string): Promise<string | Uint8Array>;
  /** Sorted paths of the files that a glob matches. */
  glob(pattern: string): Promise<string[]>;
  /**
   * The environment, for addresses and models of endpoints alone: a variable that went into a prompt or a header would end up
   * in the results.
   */
  env?: Readonly<Record<string, string | undefined>>;
}

export interface LoadedForeign {
  /** With everything that the file refers to in it; pointers are those of the document that it was loaded from. */
  document: EvalDocument;
  /** What the document itself did not say yet. */
  diagnostics: Diagnostic[];
}

export interface ForeignPart {
  /** Reads what the file refers to. A problem with a file is a diagnostic; it rejects for no fault of a file. */
  load(io: ForeignIo): Promise<LoadedForeign>;
  /** Nothing of it can be run, and that is no fault: a prompt without test data, say. The reason as a sentence. */
  idle?: string;
}

/** What the native format cannot say: which prompts an endpoint is asked, and which of both a case is asked of. */
export interface ForeignHints {
  allows(endpoint: string, prompt: string): boolean;
  /** Of the case at a pointer. */
  allowsCase(pointer: string, endpoint: string, prompt: string): boolean;
  /** The pointer of the case that what stands at a pointer has become a turn of; undefined for what has not. */
  holderOf(pointer: string): string | undefined;
}
