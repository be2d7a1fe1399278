/** Entry of the run panel's page. */
import type { HostToRunPanel, RunPanelReply, RunPanelToHost } from '../../src/protocol/run-panel';
import { fromWire } from '../../src/protocol/run-panel-wire';
import { connectHost } from '../host';
import { registerControls } from '../ui/controls';
import { RunClient } from './client';
import { RunStore } from './store';
import { RunView, type SavedView } from './view';
import '../base.css';
import './run.css';

registerControls();
const host = connectHost<HostToRunPanel | RunPanelReply, RunPanelToHost, SavedView>();
const post = (message: RunPanelToHost) => host.post(message);
const store = new RunStore();
const view = new RunView(store, post, host.restore(), (state) => host.save(state));
const client = new RunClient(
  post,
  store,
  (what) => {
    if (what === 'delta') view.update();
    else {
      view.refresh();
      view.remember();
    }
  },
  (reply) => view.receive(reply),
);
document.getElementById('app')?.replaceChildren(view.element);
view.refresh();
host.onMessage((message) => {
  client.receive(message.type === 'snapshot' || message.type === 'delta' ? fromWire(message) : message);
});
client.start();
