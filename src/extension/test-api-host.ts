import { DataTransfer, type TestItem } from 'vscode';
import type { Disposable } from '../core/util/disposable';
import { DisposableStore } from '../core/util/disposable';
import type { ComparePanelReply, HostToComparePanel } from '../protocol/compare-panel';
import type { HostToRunPanel } from '../protocol/run-panel';
import type { ApiKeys } from './endpoints/secrets';
import type { Planner } from './engine/planner';
import type { RunController } from './engine/run-controller';
import type { LineEndDecorations } from './language/line-end-decorations';
import type { AgentTools } from './lm/register-tools';
import type { TestApi, TestStateLine } from './test-api';
import type { TestExplorer } from './testing/test-explorer';
import type { EndpointsRow, EndpointsTree } from './views/endpoints-tree';
import type { EvalRow, EvalsTree } from './views/evals-tree';
import type { RunsView } from './views/runs-view';
import { snapshot } from './views/snapshot';
import type { RunStatusBar } from './views/status-bar';
import type { ComparePanel } from './webviews/compare-panel';
import type { RunPanel } from './webviews/run-panel';

export interface TestApiParts {
  activationMs: number;
  controller: RunController;
  lineEnds: LineEndDecorations;
  statusBar: RunStatusBar;
  panel: RunPanel;
  compare: ComparePanel;
  makeCompare: () => ComparePanel;
  keys: ApiKeys;
  planner: Planner;
  evals: EvalsTree;
  endpoints: EndpointsTree;
  runs: RunsView;
  tests: TestExplorer;
  tools: AgentTools;
  logDirectory: string;
}

/** Builds what tests see; it reads the parts and changes none. */
export function createTestApi(parts: TestApiParts): TestApi & Disposable {
  const { controller, panel, compare } = parts;
  const store = new DisposableStore();
  const messages: HostToRunPanel[] = [];
  // As the webview gets them: a later change of the live state must not rewrite what was sent.
  store.add(panel.onDidPost((message) => messages.push(JSON.parse(JSON.stringify(message)) as HostToRunPanel)));
  const compared: (HostToComparePanel | ComparePanelReply)[] = [];
  store.add(compare.onDidPost((message) => compared.push(JSON.parse(JSON.stringify(message)) as typeof message)));
  const states: TestStateLine[] = [];
  store.add(
    parts.tests.onDidReport(({ item, target, state, messages: said }) => {
      const path: string[] = [];
      for (let at: TestItem | undefined = item; at !== undefined; at = at.parent) path.unshift(at.label);
      states.push({ path, target, state, messages: said.map(({ pointer: _pointer, ...rest }) => rest) });
    }),
  );
  return {
    activationMs: parts.activationMs,
    logDirectory: parts.logDirectory,
    enginePid: () => controller.enginePid,
    isRunning: () => controller.isRunning,
    nextRunEnd: () =>
      new Promise((resolve) => {
        const listener = controller.onDidEnd((end) => {
          listener.dispose();
          resolve(end);
        });
        store.add(listener);
      }),
    lineEnds: (uri) => parts.lineEnds.linesOf(uri),
    statusBarText: () => parts.statusBar.shown,
    panelState: () => panel.state,
    panelIsOpen: () => panel.isOpen,
    panelMessages: () => messages,
    compare: {
      state: () => compare.state,
      isOpen: () => compare.isOpen,
      messages: () => compared,
      ask: (message) => compare.ask(message),
      show: (items) => compare.show(items),
      restored: async (view) => {
        const again = store.add(parts.makeCompare());
        await again.deserializeWebviewPanel(view);
        return () => again.state;
      },
    },
    setApiKey: (endpoint, key) => parts.keys.set(endpoint, key),
    tests: () => parts.tests.objects,
    testStates: () => states,
    runsDirectory: (uri) => parts.planner.runsDirectory(uri),
    tool: (name) => parts.tools.byName[name],
    view: (name) => {
      const { evals, endpoints, runs } = parts;
      if (name === 'evals') return snapshot(evals, evals.view);
      return name === 'endpoints' ? snapshot(endpoints, endpoints.view) : snapshot(runs, runs.view);
    },
    dropEndpoints: async (endpoints, onto) => {
      const data = new DataTransfer();
      parts.endpoints.handleDrag(endpoints as EndpointsRow[], data);
      await parts.evals.handleDrop(onto as EvalRow, data);
    },
    dispose: () => store.dispose(),
  };
}
