/** A bound on how many questions an endpoint is asked at once. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  /** Waits for a slot, first come, first served. Returns what gives it back; null where `signal` was aborted first. */
  async take(signal: AbortSignal): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    if (this.free > 0) {
      this.free--;
      return this.giveBack();
    }
    return new Promise((resolve) => {
      const onAbort = () => {
        const at = this.waiting.indexOf(grant);
        if (at >= 0) this.waiting.splice(at, 1);
        resolve(null);
      };
      const grant = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(this.giveBack());
      };
      this.waiting.push(grant);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** A slot is handed on rather than freed, so that nobody who comes later overtakes who waits. */
  private giveBack(): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }
}
