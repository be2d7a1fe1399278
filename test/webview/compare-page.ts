/** The compare panel's page, spoken to in its own messages. */
import type {
  ComparePanelReply,
  ComparePanelState,
  ComparePanelToHost,
  HostToComparePanel,
  RaceChunk,
} from '../../src/protocol/compare-panel';
import type { PanelPage } from './panel-page';

export class ComparePage {
  private seq = 0;

  constructor(readonly panel: PanelPage) {}

  get page() {
    return this.panel.page;
  }

  async snapshot(state: ComparePanelState): Promise<void> {
    await this.send({ type: 'snapshot', seq: ++this.seq, state });
  }

  async delta(patch: Partial<ComparePanelState>, streams?: RaceChunk[]): Promise<void> {
    await this.send({ type: 'delta', seq: ++this.seq, patch, ...(streams === undefined ? {} : { streams }) });
  }

  async send(message: HostToComparePanel | ComparePanelReply): Promise<void> {
    if ('seq' in message) this.seq = message.seq;
    await this.page.evaluate(`fakeHost.send(${JSON.stringify(message)})`);
    await this.panel.settle();
  }

  /** What the page posted since the last call, acknowledgements apart. */
  async asked(): Promise<ComparePanelToHost[]> {
    const posted = await this.page.evaluate<ComparePanelToHost[]>('fakeHost.posted()');
    return posted.filter(({ type }) => type !== 'ack');
  }

  async texts(selector: string): Promise<string[]> {
    return this.panel.texts(selector);
  }
}
