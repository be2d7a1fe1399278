import type { LanguageModelTool, TestItemCollection, TestRunProfile, Uri, WebviewPanel } from 'vscode';
import type {
  ComparePanelReply,
  ComparePanelState,
  ComparePanelToHost,
  HostToComparePanel,
} from '../protocol/compare-panel';
import type { HostToRunPanel, RunPanelState } from '../protocol/run-panel';
import type { RunEnd } from './engine/run-controller';
import type { ToolName } from './contributions';
import type { LineEnd } from './language/line-ends';
import type { ViewSnapshot } from './views/snapshot';
import type { CompareItem } from './webviews/compare-panel';

/** What integration tests see that VS Code's own API does not show. Exported in test mode only. */
export interface TestApi {
  /** How long `activate` took, in ms. */
  readonly activationMs: number;
  /** Process id of the engine while it runs. */
  enginePid(): number | undefined;
  isRunning(): boolean;
  /** The end of the run in progress, else of the next one. */
  nextRunEnd(): Promise<RunEnd>;
  lineEnds(uri: Uri): LineEnd[];
  statusBarText(): string;
  panelState(): RunPanelState;
  panelIsOpen(): boolean;
  /** The compare panel; `ask` is what its page would send. */
  compare: {
    state(): ComparePanelState;
    isOpen(): boolean;
    messages(): readonly (HostToComparePanel | ComparePanelReply)[];
    ask(message: ComparePanelToHost): Promise<void>;
    show(items: readonly CompareItem[]): Promise<void>;
    /** What a new window makes of the panel that was left open: another one, into whose view the state is restored. */
    restored(view: WebviewPanel): Promise<() => ComparePanelState>;
  };
  /** Every message posted to the run panel so far. */
  panelMessages(): readonly HostToRunPanel[];
  setApiKey(endpoint: { name: string; url: string | null }, key: string): Promise<void>;
  runsDirectory(uri: Uri): string;
  /** A tool for agents: VS Code shows no test what it asks before one runs. */
  tool(name: ToolName): LanguageModelTool<object>;
  logDirectory: string;
  /** What a view of the sidebar shows, or would show. */
  view(name: 'evals' | 'endpoints' | 'runs'): Promise<ViewSnapshot>;
  /** Drags rows of endpoints onto a row of an eval. */
  dropEndpoints(endpoints: unknown[], onto: unknown): Promise<void>;
  /** The tests, their profiles, and every state that was reported so far: VS Code tells no extension the results of tests. */
  tests(): { items: TestItemCollection; run: TestRunProfile; debug: TestRunProfile };
  testStates(): readonly TestStateLine[];
}

export interface TestStateLine {
  /** Labels from the file to the test. */
  path: string[];
  target: string | null;
  state: 'enqueued' | 'started' | 'passed' | 'failed' | 'errored' | 'skipped';
  messages: { text: string; expected?: string; actual?: string }[];
}

export interface ExtensionExports {
  testApi?: TestApi;
}
