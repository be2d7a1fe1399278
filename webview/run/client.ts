/** The panel's side of the conversation: ready, snapshot, deltas in order, and a new snapshot after a gap. */
import type { HostToRunPanel, RunPanelReply, RunPanelToHost } from '../../src/protocol/run-panel';
import type { RunStore } from './store';

export class RunClient {
  /** While a snapshot is on its way every delta would be one more gap; asking once is enough. */
  private waiting = true;

  constructor(
    private readonly post: (message: RunPanelToHost) => void,
    private readonly store: RunStore,
    private readonly onChange: (what: 'snapshot' | 'delta') => void,
    private readonly onReply: (reply: RunPanelReply) => void = () => undefined,
  ) {}

  /** Tells the extension that this page can receive; it answers with a snapshot. */
  start(): void {
    this.post({ type: 'ready' });
  }

  receive(message: HostToRunPanel | RunPanelReply): void {
    switch (message.type) {
      case 'snapshot':
      case 'delta':
        this.receiveRun(message);
        return;
      case 'request':
      case 'rows':
      case 'found':
      case 'load-answers':
      case 'answer':
      case 'trends':
        this.onReply(message);
        return;
    }
  }

  private receiveRun(message: HostToRunPanel): void {
    if (message.type === 'delta' && this.waiting) return;
    const received = this.store.receive(message);
    if (received === 'gap') {
      this.waiting = true;
      this.post({ type: 'need-snapshot', have: this.store.seq });
      return;
    }
    if (message.type === 'snapshot') this.waiting = false;
    this.post({ type: 'ack', seq: message.seq });
    if (received === 'applied') this.onChange(message.type);
  }
}
