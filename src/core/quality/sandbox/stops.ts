/**
 * A signal of its own for every call, aborted with the one of the run. Hundreds of calls share the run's signal, and Node warns of a
 * leak from the eleventh listener on: here each shared signal has one.
 */
export class Stops {
  private readonly bySignal = new Map<AbortSignal, { calls: Set<AbortController>; abort: () => void }>();

  /** Runs `body` with a signal that is aborted with `signal`, and by `abortAll`. */
  async during<T>(signal: AbortSignal, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    if (signal.aborted) controller.abort();
    const shared = this.bySignal.get(signal) ?? this.listen(signal);
    shared.calls.add(controller);
    try {
      return await body(controller.signal);
    } finally {
      shared.calls.delete(controller);
      if (shared.calls.size === 0) {
        this.bySignal.delete(signal);
        signal.removeEventListener('abort', shared.abort);
      }
    }
  }

  abortAll(): void {
    for (const { abort } of this.bySignal.values()) abort();
  }

  private listen(signal: AbortSignal): { calls: Set<AbortController>; abort: () => void } {
    const calls = new Set<AbortController>();
    const abort = (): void => {
      for (const call of calls) call.abort();
    };
    const shared = { calls, abort };
    this.bySignal.set(signal, shared);
    signal.addEventListener('abort', abort);
    return shared;
  }
}
