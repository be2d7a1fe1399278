import type { EngineEvent } from '../../protocol/events';

const FLUSH_MS = 30;
const MAX_BATCH = 256;

/** Sends events in small batches: one message a request would cost the engine and its host more than the events are worth. */
export class EventBatcher {
  private batch: EngineEvent[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly send: (batch: EngineEvent[]) => void) {}

  add(event: EngineEvent): void {
    this.batch.push(event);
    if (this.batch.length >= MAX_BATCH || event.type === 'run-finished') this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.batch;
    this.batch = [];
    if (batch.length > 0) this.send(batch);
  }
}
