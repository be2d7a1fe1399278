/** The panel's side of the conversation: ready, snapshot, deltas in order, and a new snapshot after a gap. */
import type { ComparePanelReply, ComparePanelToHost, HostToComparePanel } from '../../src/protocol/compare-panel';
import type { CompareStore } from './store';

export class CompareClient {
  /** While a snapshot is on its way every delta would be one more gap; asking once is enough. */
  private waiting = true;

  constructor(
    private readonly post: (message: ComparePanelToHost) => void,
    private readonly store: CompareStore,
    private readonly onChange: (what: 'snapshot' | 'delta') => void,
    private readonly onReply: (reply: ComparePanelReply) => void,
  ) {}

  /** Tells the extension that this page can receive; it answers with a snapshot. */
  start(): void {
    this.post({ type: 'ready' });
  }

  receive(message: HostToComparePanel | ComparePanelReply): void {
    switch (message.type) {
      case 'snapshot':
      case 'delta':
        this.receiveState(message);
        return;
      case 'answers':
        this.onReply(message);
        return;
    }
  }

  private receiveState(message: HostToComparePanel): void {
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
