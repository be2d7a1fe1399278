/** Entry of the run panel's page: in the editor, or in a report that stands for itself. */
import type { HostToRunPanel, RunPanelReply, RunPanelToHost } from '../../src/protocol/run-panel';
import { fromWire } from '../../src/protocol/run-panel-wire';
import { connectHost } from '../host';
import { ReportHost } from '../report/host';
import { runChoice } from '../report/run-choice';
import { followSystemTheme } from '../report/theme';
import { registerControls } from '../ui/controls';
import { RunClient } from './client';
import { RunStore } from './store';
import { RunView, type SavedView } from './view';
import '../base.css';
import './run.css';

const report = ReportHost.ofPage<SavedView>();
// The controls read the theme once at their start.
if (report !== null) followSystemTheme();
registerControls();
const host = report ?? connectHost<HostToRunPanel | RunPanelReply, RunPanelToHost, SavedView>();
const post = Object.assign((message: RunPanelToHost) => host.post(message), { standalone: report !== null });
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
const choice = report === null ? null : runChoice(report.index, report.current, (index) => report.show(index));
document.getElementById('app')?.replaceChildren(...(choice === null ? [] : [choice]), view.element);
view.refresh();
host.onMessage((message) => {
  client.receive(message.type === 'snapshot' || message.type === 'delta' ? fromWire(message) : message);
});
client.start();
