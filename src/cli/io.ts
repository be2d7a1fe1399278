import type { Redactor } from '../core/util/redact';

/** Where the command line writes; a terminal, a pipe, or a test. */
export interface TextSink {
  readonly isTTY: boolean;
  /** Of the terminal now; 80 where it is none. */
  readonly columns: number;
  write(text: string): void;
}

/** Everything of the outer world that a command touches. */
export interface CliIo {
  stdout: TextSink;
  stderr: TextSink;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Absolute path of the engine's bundle, beside the command line's own. */
  engineEntry: string;
  /** Folder of the panels' bundles, which an HTML report is made of; likewise. */
  panelDir: string;
  version: string;
  /** Registers what Ctrl+C does; returns a function that takes it back. Without a listener Ctrl+C ends the process. */
  onInterrupt(listener: () => void): () => void;
  /** Ends the process at once, for an interrupt that will not wait. */
  exitNow(code: number): void;
}

/** The same sink with every known secret masked. */
export function redacted(sink: TextSink, redactor: Redactor): TextSink {
  return {
    get isTTY() {
      return sink.isTTY;
    },
    get columns() {
      return sink.columns;
    },
    write: (text) => sink.write(redactor.text(text)),
  };
}

/** Whether to colour what goes to `sink`: on a terminal, unless NO_COLOR (https://no-color.org) is set or TERM is dumb; FORCE_COLOR overrides. */
export function wantsColour(sink: TextSink, env: CliIo['env']): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return sink.isTTY && TERM !== 'dumb';
}
