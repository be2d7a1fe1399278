import type { CliIo } from './io';
import { EXIT } from './exit-code';

/** Ctrl+C: the first one asks to stop, so that what was measured is kept; the second ends at once. */
export class Interrupts {
  private readonly controller = new AbortController();
  private readonly unregister: () => void;

  /**
   * @param onFirst says that the run is being stopped.
   * @param onSecond tidies up what must not be left behind; the process ends right after it.
   */
  constructor(io: Pick<CliIo, 'onInterrupt' | 'exitNow'>, onFirst: () => void, onSecond: () => void) {
    this.unregister = io.onInterrupt(() => {
      if (this.controller.signal.aborted) {
        onSecond();
        io.exitNow(EXIT.interrupted);
        return;
      }
      this.controller.abort();
      onFirst();
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  dispose(): void {
    this.unregister();
  }
}
