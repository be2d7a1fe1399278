import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { answersOf } from '../../core/compare/panel-answers';
import { caseGrid, type PlannedCase } from '../../core/compare/panel-cases';
import { LiveComparison } from '../../core/compare/panel-live';
import { plannedCases, readForeignSource, readOwnSource } from '../../core/compare/panel-read';
import { entriesOf, toolName, type Entry, type PanelSource } from '../../core/compare/panel-source';
import { NO_CHOICES, emptyPanelState, panelNumbers, type PanelChoices } from '../../core/compare/panel-state';
import { PanelTests } from '../../core/compare/panel-tests';
import { renderComparePanelMarkdown } from '../../core/report/compare-panel-markdown';
import { systemClock } from '../../core/util/clock';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import type {
  ComparePanelReply,
  ComparePanelState,
  ComparePanelToHost,
  HostToComparePanel,
  RaceChunk,
} from '../../protocol/compare-panel';
import type { EngineEvent } from '../../protocol/events';
import { PanelId } from '../contributions';
import type { RunController, RunEnd, RunStart } from '../engine/run-controller';
import { l10n } from '../l10n';
import { evalFileOf } from './eval-file-of';
import { pageHtml } from './html';
import { PatchSender } from './patch-sender';
import { openText, saveFromPanel, saveText } from './run-panel-save';

const LAST_COMPARISON = 'promptrig.lastComparison';
/** Of the bootstrap: the same runs give the same comparison. */
const SEED = 1;
/** The cases of a run that goes on are sent this often, in ms; a large grid as seldom as it is large. */
const CASES_MS = 250;
const MS_A_CELL = 0.1;

/** A run of ours by its folder, or a result of another tool by its file. */
export type CompareItem = { kind: 'run'; dir: string } | { kind: 'file'; path: string };

interface Comparison {
  items: CompareItem[];
  choices: PanelChoices;
  /** The eval file; null where there is none, or not one alone. */
  uri: string | null;
}

export interface ComparePanelParts {
  extensionUri: vscode.Uri;
  workspaceState: vscode.Memento;
  controller: RunController;
  log: vscode.LogOutputChannel;
  /** Goes to a case of a file. */
  reveal: (uri: vscode.Uri, caseId: string) => Promise<void>;
  openRun: (dir: string) => Promise<void>;
  /** Asks what to add. */
  pick: (shown: readonly CompareItem[]) => Promise<CompareItem[] | undefined>;
}

/** What was read of an item, or why it could not be. */
type Read = { source: PanelSource; planned: ReadonlyMap<string, PlannedCase> } | { error: string };

/** The one compare panel of the window. It owns the truth; the webview may be closed, hidden or reloaded at any time. */
export class ComparePanel implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private readonly store = new DisposableStore();
  private readonly posted = this.store.add(new vscode.EventEmitter<HostToComparePanel | ComparePanelReply>());
  private comparison: Comparison = { items: [], choices: NO_CHOICES, uri: null };
  private readonly known = new Map<string, Read>();
  /** Why a run of this window did not come to its end, by its folder. */
  private readonly failures = new Map<string, string[]>();
  private tests = new PanelTests({ confidence: 0.95, seed: SEED });
  private confidence = 0.95;
  private current: ComparePanelState = emptyState();
  /** What each key of the state was last, as text: only what changes is sent. */
  private readonly texts = new Map<string, string>();
  private live: LiveComparison | null = null;
  private liveUri: vscode.Uri | null = null;
  private casesTimer: NodeJS.Timeout | undefined;
  private panel: vscode.WebviewPanel | null = null;
  private sender: PatchSender | null = null;
  private restored: Promise<void> | null = null;
  private abort = new AbortController();
  private reading = false;
  private working = false;

  /** Every message to the webview. */
  readonly onDidPost = this.posted.event;

  constructor(private readonly parts: ComparePanelParts) {
    const { controller } = parts;
    this.store.add(controller.onEvents((events) => this.onEvents(events)));
    this.store.add(controller.onDidEnd((end) => this.onEnd(end)));
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()));
  }

  get isOpen(): boolean {
    return this.panel !== null;
  }

  get state(): ComparePanelState {
    return this.current;
  }

  /** Keeps up with a run on several targets from its start, whether or not anybody looks. */
  follow({ request, plan, startedAt }: RunStart): void {
    this.live = new LiveComparison(plan, startedAt);
    this.liveUri = request.uri;
    if (request.show === 'compare') this.showLive(request.uri);
  }

  /** Shows the run of a file that goes on. @returns whether there is one */
  showLive(uri: vscode.Uri): boolean {
    if (this.live === null || this.liveUri?.toString() !== uri.toString()) return false;
    const { dir } = this.live;
    if (!this.isShown(dir)) {
      const isSameFile = this.comparison.uri === uri.toString();
      const { stage, axes, select } = this.comparison.choices;
      // What was chosen for the file's last run is meant for this one, too; contenders have new ids.
      const choices = isSameFile ? { ...NO_CHOICES, stage, axes, select } : NO_CHOICES;
      this.begin({ items: [{ kind: 'run', dir }], choices, uri: uri.toString() });
      this.refresh();
    }
    this.open(false);
    return true;
  }

  /** Shows runs and files side by side. Resolves once they are read. */
  async show(items: readonly CompareItem[], options: { uri?: vscode.Uri } = {}): Promise<void> {
    // Whoever asks again wants to see what the files say now.
    this.known.clear();
    this.begin({ items: distinct(items), choices: NO_CHOICES, uri: options.uri?.toString() ?? null });
    this.open(false);
    await this.read();
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

  /** What the page asks for; a test asks the same way. */
  async ask(message: ComparePanelToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
      case 'need-snapshot':
      case 'ack':
        return;
      case 'reference':
        return this.choose({ reference: message.id });
      case 'stage':
        return this.choose({ stage: message.stage });
      case 'axes':
        return this.choose({ axes: { x: message.x, y: message.y } });
      case 'select':
        return this.choose({ select: { aim: message.aim, limits: message.limits } });
      case 'answers':
        return this.answers(message.case);
      case 'add':
        return this.add();
      case 'remove':
        return this.remove(message.id);
      case 'open-run':
        return this.openRun(message.id);
      case 'reveal':
        return this.reveal(message.case);
      case 'stop':
        this.parts.controller.stop();
        return;
      case 'rerun':
        return this.rerun();
      case 'open-text':
        return openText(message.text);
      case 'save':
        return saveFromPanel(message, this.folder());
      case 'export':
        return this.export(message.what);
    }
  }

  dispose(): void {
    clearTimeout(this.casesTimer);
    this.abort.abort();
    this.panel?.dispose();
    this.sender?.dispose();
    this.store.dispose();
  }

  private begin(comparison: Comparison): void {
    this.restored = Promise.resolve();
    this.abort.abort();
    this.abort = new AbortController();
    this.reading = false;
    this.comparison = comparison;
    this.tests.clear();
    const keys = new Set(comparison.items.map(keyOf));
    for (const key of this.known.keys()) if (!keys.has(key)) this.known.delete(key);
    this.remember();
  }

  /** Reads what is not known yet, one after the other, and shows each as it comes. */
  private async read(): Promise<void> {
    const { signal } = this.abort;
    this.reading = true;
    this.refresh();
    for (const item of this.comparison.items) {
      if (signal.aborted) return;
      if (this.known.has(keyOf(item)) || this.isLive(item)) continue;
      const read = await readItem(item, signal);
      if (signal.aborted) return;
      if ('error' in read) this.parts.log.warn(read.error);
      this.known.set(keyOf(item), read);
      this.refresh();
    }
    this.reading = false;
    await this.findFile();
    if (!signal.aborted) this.refresh();
  }

  /** The file that all runs are of, for "run again" and for going to a case. */
  private async findFile(): Promise<void> {
    if (this.comparison.uri !== null) return;
    const sources = this.sources();
    const files = new Set(sources.flatMap(({ file }) => file?.path ?? []));
    const [name] = files;
    const source = sources.find(({ file }) => file !== null);
    if (files.size !== 1 || name === undefined || source === undefined) return;
    const { comparison } = this;
    const uri = await evalFileOf(source.path, name);
    if (uri === null || this.comparison !== comparison) return;
    this.comparison.uri = uri.toString();
    this.remember();
  }

  private onEvents(events: readonly EngineEvent[]): void {
    const { live } = this;
    if (live === null) return;
    const change = live.apply(events);
    if (!this.isShown(live.dir)) return;
    if (change.numbers) this.refresh();
    else if (change.cases) this.refreshCasesLater();
    if (change.streams.length > 0) {
      this.current.race = live.race;
      this.push({}, change.streams);
    }
  }

  private onEnd({ dir, error }: RunEnd): void {
    const { live } = this;
    if (live === null || dir === null || path.resolve(dir) !== path.resolve(live.dir)) return;
    clearTimeout(this.casesTimer);
    this.casesTimer = undefined;
    this.live = null;
    if (error !== null) this.failures.set(keyOf({ kind: 'run', dir }), [error]);
    if (!this.isShown(dir)) return;
    // Until its files are read, what was seen live stays.
    this.known.set(keyOf({ kind: 'run', dir }), { source: live.source, planned: live.planned });
    const { signal } = this.abort;
    this.reading = true;
    this.refresh();
    readItem({ kind: 'run', dir }, signal)
      .then((read) => {
        if (signal.aborted) return;
        if ('source' in read) this.known.set(keyOf({ kind: 'run', dir }), read);
        else if (error === null) this.parts.log.warn(read.error);
        this.reading = false;
        this.refresh();
      })
      .catch((reason: unknown) => this.parts.log.warn(`The run in ${dir} could not be compared: ${messageOf(reason)}`));
  }

  private isShown(dir: string): boolean {
    const key = keyOf({ kind: 'run', dir });
    return this.comparison.items.some((item) => keyOf(item) === key);
  }

  private isLive(item: CompareItem): boolean {
    return this.live !== null && keyOf(item) === keyOf({ kind: 'run', dir: this.live.dir });
  }

  private sources(): PanelSource[] {
    return this.comparison.items.flatMap((item) => {
      if (this.isLive(item) && this.live !== null) return this.live.source;
      const read = this.known.get(keyOf(item));
      return read !== undefined && 'source' in read ? read.source : [];
    });
  }

  private planned(): Map<string, PlannedCase> {
    const planned = new Map<string, PlannedCase>();
    const put = (cases: ReadonlyMap<string, PlannedCase>): void => {
      for (const [id, one] of cases) if (!planned.has(id)) planned.set(id, one);
    };
    for (const item of this.comparison.items) {
      const read = this.known.get(keyOf(item));
      if (this.isLive(item)) put(this.live?.planned ?? new Map<string, PlannedCase>());
      else if (read !== undefined && 'planned' in read) put(read.planned);
    }
    return planned;
  }

  private entries(): Entry[] {
    return entriesOf(this.sources(), new Set(this.comparison.choices.removed));
  }

  private errors(): string[] {
    return this.comparison.items.flatMap((item) => {
      const read = this.known.get(keyOf(item));
      return [
        ...(this.failures.get(keyOf(item)) ?? []),
        ...(read !== undefined && 'error' in read ? [read.error] : []),
      ];
    });
  }

  /** Computes all of the state; tests that are not made yet follow piece by piece. */
  private refresh(): void {
    const sources = this.sources();
    const confidence = sources.find((source) => source.confidence !== null)?.confidence ?? 0.95;
    if (confidence !== this.confidence) {
      this.confidence = confidence;
      this.tests = new PanelTests({ confidence, seed: SEED });
    }
    const { tests } = this;
    const { choices } = this.comparison;
    const numbers = panelNumbers({
      ...{ sources, choices, tests, confidence, planned: this.planned() },
      ...(this.live === null || !this.isLiveShown() ? {} : { running: this.live.running, awaited: this.live.awaited }),
    });
    const errors = this.errors();
    this.push({
      ...numbers,
      // With the first target measured alone it would be chosen for being the first.
      ...(this.isLiveShown() ? { selection: null } : {}),
      casesText: numbers.casesText ?? '',
      title: titleOf(sources),
      ...this.situation(numbers.contenders.length, errors),
      caveats: sources.length === 0 ? numbers.caveats : [...errors, ...numbers.caveats],
      race: this.isLiveShown() ? (this.live?.race ?? []) : [],
      can: {
        rerun: this.comparison.uri !== null && vscode.workspace.isTrusted && !this.isLiveShown(),
        stop: this.isLiveShown(),
      },
    });
    if (tests.pending > 0) this.work();
  }

  private isLiveShown(): boolean {
    return this.live !== null && this.isShown(this.live.dir);
  }

  private situation(
    contenders: number,
    errors: readonly string[],
  ): Pick<ComparePanelState, 'status' | 'statusText' | 'advice'> {
    if (this.comparison.items.length === 0) return emptySituation();
    if (this.isLiveShown())
      return {
        status: 'running',
        statusText: l10n.t(
          'The contenders take turns; answers of before race again beside the one that streams. Tests come with the end of the run.',
        ),
        advice: '',
      };
    if (this.reading) return { status: 'reading', statusText: '', advice: '' };
    if (contenders === 0)
      return {
        status: 'error',
        statusText: errors[0] ?? l10n.t('None of the runs has a target.'),
        advice: l10n.t('Choose other runs in the Runs view, or run the eval again.'),
      };
    return {
      status: 'done',
      statusText: '',
      advice: contenders > 1 ? '' : l10n.t('Add another run or file to compare it with.'),
    };
  }

  /** One test after the other, with room for everything else in between: the window is not to stand still. */
  private work(): void {
    if (this.working) return;
    this.working = true;
    const step = (): void => {
      if (this.tests.step()) {
        setTimeout(step, 1);
        return;
      }
      this.working = false;
      this.refresh();
    };
    setTimeout(step, 1);
  }

  private refreshCasesLater(): void {
    const cells = this.current.cases.length * Math.max(1, this.current.contenders.length);
    this.casesTimer ??= setTimeout(
      () => {
        this.casesTimer = undefined;
        if (!this.isLiveShown()) return;
        const { cases, text } = caseGrid(this.entries(), this.planned(), this.live?.running ?? null);
        this.push({ cases, casesText: text ?? '' });
      },
      Math.max(CASES_MS, cells * MS_A_CELL),
    );
  }

  /** Takes over what has changed, and sends it. */
  private push(next: Partial<ComparePanelState>, streams: readonly RaceChunk[] = []): void {
    const patch: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(next)) {
      const text = JSON.stringify(value) ?? '';
      if (this.texts.get(key) === text) continue;
      this.texts.set(key, text);
      patch[key] = value;
    }
    // Lanes move on by what is appended to them.
    if (streams.length > 0) this.texts.delete('race');
    this.current = { ...this.current, ...(patch as Partial<ComparePanelState>) };
    if (Object.keys(patch).length > 0 || streams.length > 0) this.sender?.push(patch, streams);
  }

  private choose(choice: Partial<PanelChoices>): void {
    this.comparison.choices = { ...this.comparison.choices, ...choice };
    this.remember();
    this.refresh();
  }

  private async add(): Promise<void> {
    const { comparison } = this;
    const picked = await this.parts.pick(comparison.items);
    if (picked === undefined || picked.length === 0 || this.comparison !== comparison) return;
    comparison.items = distinct([...comparison.items, ...picked]);
    this.remember();
    await this.read();
  }

  private remove(id: string): void {
    const entries = this.entries();
    const entry = entries.find((one) => one.id === id);
    if (entry === undefined) return;
    const { comparison } = this;
    const others = entries.filter((one) => one.source === entry.source && one.id !== id);
    if (others.length > 0) {
      this.choose({ removed: [...comparison.choices.removed, id] });
      return;
    }
    const key = path.resolve(entry.source.path);
    comparison.items = comparison.items.filter((item) => keyOf(item) !== key);
    const removed = comparison.choices.removed.filter((one) => !one.startsWith(`${entry.source.id}/`));
    this.known.delete(key);
    this.choose({ removed });
  }

  private async answers(id: string): Promise<void> {
    try {
      const entries = this.entries();
      const gone = entries.find(({ source }) => source.tool === 'promptrig' && !existsSync(source.path));
      if (gone !== undefined) {
        const error = l10n.t('The folder of {0} is gone. What is shown was read before that.', gone.label);
        this.reply({ type: 'answers', case: id, error });
        return;
      }
      this.reply({ type: 'answers', case: id, answers: await answersOf(entries, id) });
    } catch (error) {
      this.reply({ type: 'answers', case: id, error: l10n.t('The answers could not be read: {0}', messageOf(error)) });
    }
  }

  private async openRun(id: string): Promise<void> {
    const source = this.entries().find((entry) => entry.id === id)?.source;
    if (source === undefined) return;
    if (source.tool === 'promptrig') await this.parts.openRun(source.path);
    else await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(source.path));
  }

  private async reveal(id: string): Promise<void> {
    const holding = this.entries().find(({ target, source }) => source.file !== null && target.cases.has(id))?.source;
    const own = this.comparison.uri === null ? null : vscode.Uri.parse(this.comparison.uri);
    const file = holding?.file ?? null;
    const uri = own ?? (holding === undefined || file === null ? null : await evalFileOf(holding.path, file.path));
    if (uri !== null) await this.parts.reveal(uri, id);
  }

  private async rerun(): Promise<void> {
    const { uri } = this.comparison;
    if (uri !== null) await this.parts.controller.run({ uri: vscode.Uri.parse(uri), what: 'file', show: 'compare' });
  }

  private async export(what: 'json' | 'markdown'): Promise<void> {
    // Of a state at one instant, lanes and buttons are no part.
    const numbers = { ...this.current, race: undefined, can: undefined };
    const text = what === 'json' ? `${JSON.stringify(numbers, null, 2)}\n` : renderComparePanelMarkdown(this.current);
    await saveText(`${this.current.title}-comparison`, what === 'json' ? 'json' : 'md', text, this.folder());
  }

  /** Where exports are offered to go to: the folder of the eval file, else that of the workspace. */
  private folder(): vscode.Uri | null {
    const { uri } = this.comparison;
    if (uri !== null) return vscode.Uri.joinPath(vscode.Uri.parse(uri), '..');
    return vscode.workspace.workspaceFolders?.[0]?.uri ?? null;
  }

  private reply(reply: ComparePanelReply): void {
    this.posted.fire(reply);
    this.send(reply);
  }

  private send(message: HostToComparePanel | ComparePanelReply): void {
    this.panel?.webview.postMessage(message).then(undefined, (error: unknown) => {
      this.parts.log.warn(`The compare panel could not be reached: ${String(error)}`);
    });
  }

  private open(preserveFocus: boolean): void {
    if (this.panel !== null) {
      this.panel.reveal(undefined, preserveFocus);
      return;
    }
    this.adopt(
      vscode.window.createWebviewPanel(
        PanelId.compare,
        l10n.t('Promptrig Compare'),
        { viewColumn: vscode.ViewColumn.Beside, preserveFocus },
        this.options(),
      ),
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
    const post = (message: HostToComparePanel): void => {
      this.posted.fire(message);
      this.send(message);
    };
    const sender = new PatchSender(() => this.current, post, systemClock);
    this.sender = sender;
    webview.onDidReceiveMessage((message: ComparePanelToHost) => this.onMessage(sender, message), undefined);
    panel.onDidDispose(() => {
      sender.dispose();
      if (this.panel !== panel) return;
      this.panel = null;
      this.sender = null;
    });
    const file = (name: string): string =>
      webview.asWebviewUri(vscode.Uri.joinPath(this.parts.extensionUri, 'dist', 'webview', name)).toString();
    webview.html = pageHtml({
      title: l10n.t('Promptrig Compare'),
      cspSource: webview.cspSource,
      nonce: randomBytes(16).toString('hex'),
      script: file('compare.js'),
      styles: [file('codicon.css'), file('compare.css')],
    });
  }

  private onMessage(sender: PatchSender, message: ComparePanelToHost): void {
    switch (message.type) {
      case 'ready':
      case 'need-snapshot':
        this.restored ??= this.restore();
        this.restored
          .catch((error: unknown) =>
            this.parts.log.warn(`The last comparison could not be shown again: ${messageOf(error)}`),
          )
          .finally(() => sender.start());
        return;
      case 'ack':
        sender.acknowledged(message.seq);
        return;
      default:
        this.ask(message).catch((error: unknown) =>
          this.parts.log.warn(`The compare panel asked for "${message.type}": ${messageOf(error)}`),
        );
    }
  }

  /** After a reload of the window nothing is known: the last comparison is read from its files, behind a page that says so. */
  private restore(): Promise<void> {
    const last = this.parts.workspaceState.get<Comparison>(LAST_COMPARISON);
    if (this.comparison.items.length > 0 || last === undefined || !Array.isArray(last.items)) return Promise.resolve();
    this.begin({ ...last, choices: { ...NO_CHOICES, ...last.choices } });
    this.read().catch((error: unknown) =>
      this.parts.log.warn(`The last comparison could not be read: ${messageOf(error)}`),
    );
    return Promise.resolve();
  }

  private remember(): void {
    this.parts.workspaceState.update(LAST_COMPARISON, this.comparison).then(undefined, (error: unknown) => {
      this.parts.log.warn(`The comparison could not be remembered: ${String(error)}`);
    });
  }
}

async function readItem(item: CompareItem, signal: AbortSignal): Promise<Read> {
  try {
    if (item.kind === 'file') return { source: await readForeignSource(item.path), planned: new Map() };
    return { source: await readOwnSource(item.dir, signal), planned: await plannedCases(item.dir) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function emptySituation(): Pick<ComparePanelState, 'status' | 'statusText' | 'advice'> {
  return {
    status: 'empty',
    statusText: l10n.t('Nothing is compared yet.'),
    advice: l10n.t('Choose two runs in the Runs view, or "Compare targets" above an eval file.'),
  };
}

function emptyState(): ComparePanelState {
  const { status, statusText, advice = '' } = emptySituation();
  return { ...emptyPanelState(status, statusText), advice };
}

function pathOf(item: CompareItem): string {
  return item.kind === 'run' ? item.dir : item.path;
}

function keyOf(item: CompareItem): string {
  return path.resolve(pathOf(item));
}

function distinct(items: readonly CompareItem[]): CompareItem[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

/** The names of what is compared; those of many are a number. */
function titleOf(sources: readonly PanelSource[]): string {
  const names = [...new Set(sources.map(({ tool, name }) => (tool === 'promptrig' ? name : toolName(tool))))];
  const [first, second] = names;
  if (first === undefined) return '';
  if (second === undefined) return first;
  return names.length === 2
    ? l10n.t('{0} and {1}', first, second)
    : l10n.t('{0} and {1} more', first, names.length - 1);
}
