import { randomBytes } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { systemClock } from '../../core/util/clock';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import type {
  HostToRunPanel,
  RunPanelMarks,
  RunPanelReply,
  RunPanelState,
  RunPanelToHost,
} from '../../protocol/run-panel';
import { toWire } from '../../protocol/run-panel-wire';
import { CommandId, PanelId } from '../contributions';
import type { RunController, RunStart } from '../engine/run-controller';
import { DeltaSender } from './delta-sender';
import { evalFileOf } from './eval-file-of';
import { pageHtml } from './html';
import { PlanIndex } from '../../core/run-panel/plan-index';
import { parts } from '../parts/load';
import { exportFromPanel, openText, saveFromPanel } from './run-panel-save';
import type { PanelTrends } from './run-panel-trends';
import { HistoryRun, LiveRun, type RunView } from './run-panel-view';

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
  private readonly live = new LiveRun();
  private shown: RunView = this.live;
  private readonly posted = this.store.add(new vscode.EventEmitter<HostToRunPanel>());
  private panel: vscode.WebviewPanel | null = null;
  private sender: DeltaSender | null = null;
  private source: vscode.Uri | null = null;
  private sourceOfLive: vscode.Uri | null = null;
  private restored: Promise<void> | null = null;
  /** Counts up with every `show`: one that was overtaken while it read its files has nothing more to say. */
  private asked = 0;
  /** Made with its first use. */
  private trends: PanelTrends | null = null;

  /** Every message of the run to the webview; answers to single questions are not part of it. */
  readonly onDidPost = this.posted.event;

  constructor(private readonly parts: RunPanelParts) {
    const { controller } = parts;
    this.store.add(controller.onDidStart((start) => this.onStart(start)));
    this.store.add(
      controller.onEvents((events) => {
        const changes = this.live.model.apply(events);
        if (this.shown === this.live) this.sender?.push(changes);
      }),
    );
    this.store.add(
      controller.onDidEnd(({ run, error, dir }) => {
        if (dir === null) return;
        const status =
          error !== null ? (run === null ? 'error' : 'crashed') : run?.status === 'stopped' ? 'stopped' : 'completed';
        const text =
          error ??
          (status === 'stopped'
            ? vscode.l10n.t('Stopped: {0}.', run?.status_reason ?? vscode.l10n.t('cancelled'))
            : '');
        const changes = this.live.model.end(status, text, run);
        this.live.ended();
        if (this.shown === this.live) this.sender?.push(changes);
        this.refreshCan(this.live);
      }),
    );
  }

  get isOpen(): boolean {
    return this.panel !== null;
  }

  /** The state that the panel shows, or would show. */
  get state(): RunPanelState {
    return this.shown.state;
  }

  /** Shows the panel beside the editor, with the run that is going on where there is one. */
  open(preserveFocus: boolean): void {
    if (this.live.state.status === 'running') this.showLive();
    if (this.panel !== null) {
      this.panel.reveal(undefined, preserveFocus);
      return;
    }
    this.adopt(
      vscode.window.createWebviewPanel(
        PanelId.run,
        vscode.l10n.t('Promptrig Run'),
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
        this.options(),
      ),
    );
  }

  /**
   * Shows a run from its folder as it was seen while it ran. Resolves once it is shown; its requests are read meanwhile.
   * A folder that holds no readable run is shown as what it is.
   */
  async show(dir: string, preserveFocus = false, request?: string): Promise<void> {
    this.restored = Promise.resolve();
    if (this.live.dir !== null && path.resolve(this.live.dir) === path.resolve(dir)) {
      this.showLive();
      this.open(preserveFocus);
      this.focus(request);
      return;
    }
    const asked = ++this.asked;
    const run = await HistoryRun.open(dir);
    const source = await sourceOf(run);
    if (asked !== this.asked) {
      run.close();
      return;
    }
    this.adoptStored(run, source);
    if (source !== null) this.remember({ uri: source.toString(), dir });
    if (this.panel === null) this.open(preserveFocus);
    else this.panel.reveal(undefined, preserveFocus);
    this.focus(request);
  }

  /** The folder of the run that is shown, or would be. */
  get shownDir(): string | null {
    return this.shown.dir;
  }

  /** Something was said of a run. */
  refreshMarks(dir: string): void {
    const shown = this.shown.dir;
    if (shown !== null && path.resolve(shown) === path.resolve(dir)) this.refreshCan(this.shown);
  }

  /** The page selects the request as soon as it has it. */
  private focus(request: string | undefined): void {
    if (request === undefined) return;
    const run = this.shown;
    this.pushOf(run)(run.set({ focus: { request, number: Date.now() } }));
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
    this.closeStored();
    this.store.dispose();
  }

  private onStart({ request, plan, startedAt }: RunStart): void {
    this.sourceOfLive = request.uri;
    const slos = plan.targets.flatMap((target) => [
      ...target.caseSlos,
      ...target.stages.flatMap((stage) => stage.slos),
    ]);
    this.live.model.begin(plan.name, plan.source.path, startedAt, slos, plan);
    this.live.begun(plan.outDir, new PlanIndex(plan));
    this.live.set({ can: { pin: false, rerunFailed: false, files: true } });
    this.asked++;
    this.showLive();
    this.sender?.push(null);
    this.remember({ uri: request.uri.toString(), dir: plan.outDir });
  }

  private showLive(): void {
    if (this.shown === this.live) {
      this.source = this.sourceOfLive;
      return;
    }
    this.closeStored();
    this.shown = this.live;
    this.source = this.sourceOfLive;
    this.sender?.push(null);
  }

  private adoptStored(run: HistoryRun, source: vscode.Uri | null): void {
    this.closeStored();
    this.shown = run;
    this.source = source;
    this.sender?.push(null);
    const push = this.pushOf(run);
    run.load(push).then(
      () => this.refreshCan(run),
      (error: unknown) => {
        this.parts.log.warn(`The run in ${run.dir} could not be read: ${messageOf(error)}`);
        push(
          run.set({
            loading: null,
            caveats: [vscode.l10n.t('Not all of this run could be read: {0}', messageOf(error))],
          }),
        );
      },
    );
  }

  private closeStored(): void {
    if (this.shown instanceof HistoryRun) this.shown.close();
  }

  /** Sends the changes of a run as long as it is the one that is shown. */
  private pushOf(run: RunView): (changes: Parameters<DeltaSender['push']>[0]) => void {
    return (changes) => {
      if (this.shown === run) this.sender?.push(changes);
    };
  }

  /** What can be done with the run from here. */
  private refreshCan(run: RunView): void {
    const work = async (): Promise<void> => {
      const commands = await vscode.commands.getCommands(true);
      const { status, targets, advice } = run.state;
      const over = status !== 'running' && status !== 'idle' && advice === undefined;
      const failed = targets.some(({ quality }) => quality.failed + quality.errors > 0);
      const source = run === this.live ? this.sourceOfLive : this.source;
      const pin = over && status === 'completed' && commands.includes(CommandId.pinBaseline);
      const can = {
        pin,
        rerunFailed: over && failed && source !== null,
        files: run.dir !== null && advice === undefined,
      };
      const marks = over && run.dir !== null ? { marks: await this.marksOf(run.dir) } : {};
      this.pushOf(run)(run.set({ can, ...marks }));
    };
    work().catch((error: unknown) =>
      this.parts.log.warn(`What can be done with the run is unknown: ${messageOf(error)}`),
    );
  }

  private async sendTrends(run: RunView, send: (reply: RunPanelReply) => void): Promise<void> {
    if (run.dir === null) return;
    this.trends ??= new (parts().PanelTrends)();
    const folder = this.source === null ? undefined : vscode.workspace.getWorkspaceFolder(this.source);
    const reply = await this.trends.reply(run.dir, run.state.source, folder?.uri.fsPath ?? null);
    if (this.shown === run) send(reply);
  }

  private marksOf(dir: string): Promise<RunPanelMarks> {
    const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
    return parts().marksOf(
      dir,
      folders.map(({ uri }) => uri.fsPath),
      (sentence) => this.parts.log.warn(sentence),
    );
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
    const send = (message: unknown): void => {
      webview.postMessage(message).then(undefined, (error: unknown) => {
        this.parts.log.warn(`The run panel could not be reached: ${String(error)}`);
      });
    };
    const post = (message: HostToRunPanel): void => {
      this.posted.fire(message);
      send(toWire(message));
    };
    const sender = new DeltaSender(() => this.shown.state, post, systemClock);
    this.sender = sender;
    webview.onDidReceiveMessage((message: RunPanelToHost) => this.onMessage(sender, message, send), undefined);
    panel.onDidDispose(() => {
      sender.dispose();
      if (this.panel !== panel) return;
      this.panel = null;
      this.sender = null;
    });
    const file = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.parts.extensionUri, 'dist', 'webview', name)).toString();
    webview.html = pageHtml({
      title: vscode.l10n.t('Promptrig Run'),
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString('hex'),
      script: file('run.js'),
      styles: [file('codicon.css'), file('run.css')],
    });
  }

  private onMessage(sender: DeltaSender, message: RunPanelToHost, send: (reply: RunPanelReply) => void): void {
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
      default:
        this.act(message, send).catch((error: unknown) => {
          this.parts.log.warn(`The run panel asked for "${message.type}": ${messageOf(error)}`);
          if (message.type === 'request')
            send({
              type: 'request',
              id: message.id,
              detail: null,
              error: vscode.l10n.t('It could not be read: {0}', messageOf(error)),
            });
        });
    }
  }

  private async act(message: RunPanelToHost, send: (reply: RunPanelReply) => void): Promise<void> {
    const run = this.shown;
    switch (message.type) {
      case 'rerun':
        return this.rerun();
      case 'rerun-failed':
        return this.rerunFailed(run);
      case 'pin':
        return runCommand(CommandId.pinBaseline, run);
      case 'unpin':
        return runCommand(CommandId.unpinBaseline, run);
      case 'note':
        return runCommand(CommandId.noteRun, run);
      case 'trends':
        return this.sendTrends(run, send);
      case 'open-run':
        // A name, and no way out of the folder of runs.
        if (run.dir !== null && path.basename(message.id) === message.id)
          await this.show(path.join(path.dirname(run.dir), message.id), true);
        return;
      case 'reveal':
        if (this.source !== null) await this.parts.reveal(this.source, message.pointer);
        return;
      case 'show-files':
        if (run.dir !== null) await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(run.dir));
        return;
      case 'open-text':
        return openText(message.text);
      case 'save':
        return saveFromPanel(message, this.folder());
      case 'export':
        if (run.dir !== null) await exportFromPanel(message, run.dir, this.folder());
        return;
      default: {
        const reply = await run.reply(message);
        if (reply !== null && this.shown === run) send(reply);
      }
    }
  }

  /** The run that is shown once more; before the first run, the file that is open. */
  private async rerun(): Promise<void> {
    const { controller } = this.parts;
    if (this.shown === this.live && controller.last !== null) await vscode.commands.executeCommand(CommandId.rerun);
    else if (this.source !== null) await controller.run({ uri: this.source, what: 'file' });
    else await vscode.commands.executeCommand(CommandId.runEval);
  }

  private async rerunFailed(run: RunView): Promise<void> {
    if (this.source === null) return;
    const ids = await run.failedCases();
    if (ids.length === 0) return;
    await this.parts.controller.run({ uri: this.source, what: 'case', ids });
  }

  /** Where exports are offered to go to: the folder of the eval file, else that of the workspace. */
  private folder(): vscode.Uri | null {
    if (this.source !== null) return vscode.Uri.joinPath(this.source, '..');
    return vscode.workspace.workspaceFolders?.[0]?.uri ?? null;
  }

  /** After a reload of the window the model is empty: the last run is read from its files. */
  private async restore(): Promise<void> {
    const last = this.parts.workspaceState.get<LastRun>(LAST_RUN);
    if (this.shown !== this.live || this.live.state.status !== 'idle' || last === undefined) return;
    const run = await HistoryRun.open(last.dir);
    // A run may have started while the files were read; it is the newer truth. One that is gone is no news.
    if (this.shown !== this.live || this.live.state.status !== 'idle' || run.stored.run === null) return;
    this.adoptStored(run, vscode.Uri.parse(last.uri));
  }

  private remember(last: LastRun): void {
    this.parts.workspaceState.update(LAST_RUN, last).then(undefined, (error: unknown) => {
      this.parts.log.warn(`The last run could not be remembered: ${String(error)}`);
    });
  }
}

/** The commands of the Runs view, for the run that is shown. */
async function runCommand(command: CommandId, { dir }: RunView): Promise<void> {
  if (dir !== null) await vscode.commands.executeCommand(command, { dir });
}

async function sourceOf({ dir, stored }: HistoryRun): Promise<vscode.Uri | null> {
  const name = stored.run?.source.path;
  return name === undefined ? null : evalFileOf(dir, name);
}
