/** Entry of the compare panel's page. */
import type { ComparePanelReply, ComparePanelToHost, HostToComparePanel } from '../../src/protocol/compare-panel';
import { connectHost } from '../host';
import { registerControls } from '../ui/controls';
import { CompareClient } from './client';
import { CompareStore } from './store';
import { CompareView, type SavedView } from './view';
import '../base.css';
import './compare.css';

registerControls();
const host = connectHost<HostToComparePanel | ComparePanelReply, ComparePanelToHost, SavedView>();
const post = (message: ComparePanelToHost) => host.post(message);
const store = new CompareStore();
const view = new CompareView(store, post, host.restore(), (state) => host.save(state));
const client = new CompareClient(
  post,
  store,
  (what) => {
    if (what === 'delta') view.update();
    else view.refresh();
    view.remember();
  },
  (reply) => view.receive(reply),
);
document.getElementById('app')?.replaceChildren(view.element);
view.refresh();
host.onMessage((message) => client.receive(message));
client.start();
