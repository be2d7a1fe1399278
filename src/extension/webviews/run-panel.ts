import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { systemClock } from '../../core/util/clock';
import { DisposableStore } from '../../core/util/disposable';
import type { HostToRunPanel, RunPanelToHost } from '../../protocol/run-panel';
import { CommandId, PanelId } from '../contributions';
import type { RunController } from '../engine/run-controller';
import { DeltaSender } from './delta-sender';
import { pageHtml } from './html';
import { loadRunState } from './run-panel-files';
import { RunPanelModel } from './run-panel-state';

const LAST_RUN = 'promptrig.lastRun';

interface LastRun {
  uri: string;
  dir: string;
}

export interface RunPanelParts {
  extensionUri: vscode.Uri;
  workspaceState: vscode.Memento;
  controller: RunController;
  log: vscode.LogOutputChannel;
  /** Shows the place of a pointer in a file. */
  reveal: (uri: vscode.Uri, pointer: string) => Promise<void>;
}

/** The one run panel of the window. It owns the truth; the webview may be closed, hidden or reloaded at any time. */
export class RunPanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly store = new DisposableStore();
  private readonly model = new RunPanelModel();
  private readonly posted = this.store.add(new vscode.EventEmitter<HostToRunPanel>());
  private panel: vscode.WebviewPanel | null = null;
  private sender: DeltaSender | null = null;
  private source: vscode.Uri | null = null;
  private restored: Promise<void> | null = null;

  /** Every message to the webview. */
  readonly onDidPost = this.posted.event;

  constructor(private readonly parts: RunPanelParts) {
    const { controller } = parts;
    this.store.add(
      controller.onDidStart(({ request, plan, startedAt }) => {
        this.source = request.uri;
        const slos = plan.targets.flatMap((target) => [
          ...target.caseSlos,
          ...target.stages.flatMap((stage) => stage.slos),
        ]);
        this.model.begin(plan.name, plan.source.path, startedAt, slos, plan);
        this.sender?.push(null);
        this.remember({ uri: request.uri.toString(), dir: plan.outDir });
      }),
    );
    this.store.add(
      controller.onEvents((events) => {
        const changes = this.model.apply(events);
        this.sender?.push(changes);
      }),
    );
    this.store.add(
      controller.onDidEnd(({ run, error }) => {
        const status =
          error !== null ? (run === null ? 'error' : 'crashed') : run?.status === 'stopped' ? 'stopped' : 'completed';
        const text = error ?? (status === 'stopped' ? `Stopped: ${run?.status_reason ?? 'cancelled'}.` : '');
        const changes = this.model.end(status, text, run);
        this.sender?.push(changes);
      }),
    );
  }

  get isOpen(): boolean {
    return this.panel !== null;
  }

  /** The state that the panel shows, or would show. */
  get state(): RunPanelModel['state'] {
    return this.model.state;
  }

  /** Shows the panel beside the editor. */
  open(preserveFocus: boolean): void {
    if (this.panel !== null) {
      this.panel.reveal(undefined, preserveFocus);
      return;
    }
    this.adopt(
      vscode.window.createWebviewPanel(
        PanelId.run,
        'Promptrig Run',
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
        this.options(),
      ),
    );
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    // A window shows one panel: a second one that was left open would compete for the same messages.
    if (this.panel !== null) panel.dispose();
    else {
      panel.webview.options = this.options();
      this.adopt(panel);
    }
    return Promise.resolve();
  }

  dispose(): void {
    this.panel?.dispose();
    this.sender?.dispose();
    this.store.dispose();
  }

  private options(): vscode.WebviewPanelOptions & vscode.WebviewOptions {
    return {
      enableScripts: true,
      localResourceRoots: [vscode.Uri.joinPath(this.parts.extensionUri, 'dist', 'webview')],
      retainContextWhenHidden: false,
    };
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    this.panel = panel;
    panel.iconPath = vscode.Uri.joinPath(this.parts.extensionUri, 'media', 'icons', 'promptrig.png');
    const post = (message: HostToRunPanel): void => {
      this.posted.fire(message);
      webview.postMessage(message).then(undefined, (error: unknown) => {
        this.parts.log.warn(`The run panel could not be reached: ${String(error)}`);
      });
    };
    const sender = new DeltaSender(() => this.model.state, post, systemClock);
    this.sender = sender;
    webview.onDidReceiveMessage((message: RunPanelToHost) => this.onMessage(sender, message), undefined);
    panel.onDidDispose(() => {
      sender.dispose();
      if (this.panel !== panel) return;
      this.panel = null;
      this.sender = null;
    });
    const file = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.parts.extensionUri, 'dist', 'webview', name)).toString();
    webview.html = pageHtml({
      title: 'Promptrig Run',
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString('hex'),
      script: file('run.js'),
      styles: [file('codicon.css'), file('run.css')],
    });
  }

  private onMessage(sender: DeltaSender, message: RunPanelToHost): void {
    switch (message.type) {
      case 'ready':
      case 'need-snapshot':
        this.restored ??= this.restore();
        this.restored.then(
          () => sender.onMessage(message),
          (error: unknown) => {
            this.parts.log.warn(`The last run could not be shown again: ${String(error)}`);
            sender.onMessage(message);
          },
        );
        return;
      case 'ack':
        sender.onMessage(message);
        return;
      case 'stop':
        this.parts.controller.stop();
        return;
      case 'rerun':
        this.execute(CommandId.rerun);
        return;
      case 'reveal':
        if (this.source === null) return;
        this.parts.reveal(this.source, message.pointer).catch((error: unknown) => this.parts.log.warn(String(error)));
        return;
    }
  }

  /** After a reload of the window the model is empty: the last run is read from its files. */
  private async restore(): Promise<void> {
    const last = this.parts.workspaceState.get<LastRun>(LAST_RUN);
    if (this.model.state.status !== 'idle' || last === undefined) return;
    const state = await loadRunState(last.dir);
    // A run may have started while the files were read; it is the newer truth.
    if (state === null || this.model.state.status !== 'idle') return;
    this.source = vscode.Uri.parse(last.uri);
    this.model.replace(state);
  }

  private remember(last: LastRun): void {
    this.parts.workspaceState.update(LAST_RUN, last).then(undefined, (error: unknown) => {
      this.parts.log.warn(`The last run could not be remembered: ${String(error)}`);
    });
  }

  private execute(command: CommandId): void {
    vscode.commands.executeCommand(command).then(undefined, (error: unknown) => {
      this.parts.log.warn(String(error));
    });
  }
}
