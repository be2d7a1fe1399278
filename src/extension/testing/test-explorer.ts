import * as path from 'node:path';
import * as vscode from 'vscode';
import { kindOf, WORKSPACE_FILE } from '../../core/spec/discover';
import type { EndpointSpec } from '../../core/spec/schema-endpoint';
import { systemClock } from '../../core/util/clock';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { Emitter } from '../../core/util/emitter';
import { TestControllerId } from '../contributions';
import type { RunController } from '../engine/run-controller';
import { toRange } from '../language/convert';
import { isEvalDocument, parseText, type EvalDocuments, type ParsedDocument } from '../language/documents';
import type { WorkspaceFiles } from '../language/workspace-files';
import { specBundle } from '../spec/load';
import type { EvalIndex, IndexedFile } from '../views/eval-index';
import { ContinuousRuns } from './continuous';
import { parts as lazyParts } from '../parts/load';
import { CostConsent } from './cost-consent';
import { OutdatedResults } from './outdated';
import { ReferenceWatch } from './reference-watch';
import { TestRunner } from './test-runner';
import type { ReportedState } from './test-sink';
import { TestTree, type TestFile } from './test-tree';

export interface TestExplorerParts {
  index: EvalIndex;
  documents: EvalDocuments;
  workspaceFiles: WorkspaceFiles;
  /** Endpoints of the person's settings, which a file may name. */
  userEndpoints?: { readonly usable: readonly EndpointSpec[] };
  controller: RunController;
  log: vscode.LogOutputChannel;
}

/**
 * The eval files as native tests: file > case > target, and file > load > stage > target. Files are found when VS Code asks for
 * them; what is open is there at once, for the icons beside its cases.
 */
export class TestExplorer implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly host: vscode.TestController;
  private readonly tree: TestTree;
  private readonly runner: TestRunner;
  private readonly continuous: ContinuousRuns;
  private readonly outdated: OutdatedResults;
  private readonly watch: ReferenceWatch;
  private readonly stated = this.store.add(new Emitter<ReportedState>());
  private readonly runProfile: vscode.TestRunProfile;
  private readonly debugProfile: vscode.TestRunProfile;
  /** Files that the index lists; others are in the tree while they are open. */
  private listed = new Set<string>();
  private isListing = false;

  /** Every state that is reported, for tests. */
  readonly onDidReport = this.stated.event;

  constructor(private readonly parts: TestExplorerParts) {
    const { index, documents, workspaceFiles, controller, log } = parts;
    const onError = (error: unknown): void => log.error(error instanceof Error ? error : messageOf(error));
    const host = this.store.add(vscode.tests.createTestController(TestControllerId, 'Promptrig'));
    this.host = host;
    this.tree = new TestTree(host, toRange);
    this.outdated = new OutdatedResults(this.tree, (items) => host.invalidateTestResults(items));
    this.watch = this.store.add(new ReferenceWatch((file, changed) => this.onDependency(file, changed)));
    const consent = new CostConsent(
      async (question) =>
        (await vscode.window.showWarningMessage(question, { modal: true }, vscode.l10n.t('Run on Save'))) ===
        vscode.l10n.t('Run on Save'),
    );
    this.runner = this.store.add(
      new TestRunner({
        reporter: (...args) => new (lazyParts().RunReporter)(...args),
        tree: this.tree,
        runs: controller,
        values: {
          message: (text, diff, location) => {
            const message =
              diff === null ? new vscode.TestMessage(text) : vscode.TestMessage.diff(text, diff.expected, diff.actual);
            if (location !== undefined) message.location = location;
            return message;
          },
          location: (uri, range) => new vscode.Location(uri, toRange(range)),
          request: (include) => new vscode.TestRunRequest(include, undefined, undefined, false, true),
        },
        createTestRun: (request, name) => host.createTestRun(request, name),
        allFiles: async () => {
          await this.list();
          return [...host.items].map(([, item]) => item);
        },
        onState: (state) => this.stated.fire(state),
        onReported: ({ parsed }, subjects) => {
          this.outdated.reported(parsed, subjects);
          this.watch.follow(parsed);
          // What was typed while it ran may have outdated it already.
          const now = this.tree.file(parsed.uri.toString())?.parsed;
          if (now != null && now !== parsed) this.outdated.changed(now);
        },
        onError,
        clock: systemClock,
      }),
    );
    this.continuous = this.store.add(
      new ContinuousRuns({
        tree: this.tree,
        idle: () => controller.idle(),
        runLeaves: (request, token, leaves, options) => this.runner.runLeaves(request, token, leaves, options),
        request: (include, profile) => new vscode.TestRunRequest(include, undefined, profile, true, true),
        confirm: (plan) => consent.allows(plan),
        saved: (file) => this.onDisk(vscode.Uri.parse(file)),
        referencesTo: (parsed, file) => specBundle().referencesTo(specBundle().fileReferences(parsed.document), file),
        isSharedBy: (file, uri) => isSharedBy(file, vscode.Uri.parse(uri)),
        onError,
        clock: systemClock,
      }),
    );

    this.runProfile = this.store.add(
      host.createRunProfile(
        vscode.l10n.t('Run'),
        vscode.TestRunProfileKind.Run,
        async (request, token) => {
          if (request.continuous !== true) return this.runner.run(request, token);
          consent.askAgain();
          if (request.include === undefined) await this.list();
          await this.continuous.start(request, token);
        },
        true,
        undefined,
        true,
      ),
    );
    this.debugProfile = this.store.add(
      host.createRunProfile(
        vscode.l10n.t('Full trace of one case'),
        vscode.TestRunProfileKind.Debug,
        (request, token) => this.runner.debug(request, token),
        true,
      ),
    );
    host.resolveHandler = async (item) => {
      if (item === undefined) await this.list();
      else this.tree.resolve(item);
    };
    host.refreshHandler = async () => {
      index.refresh();
      await this.list();
    };

    this.store.add(
      index.onDidChange((uri) => {
        // What the index knows of a file that has changed comes with its list.
        if (this.isListing) (uri === undefined ? this.list() : this.showOne(uri)).catch(onError);
      }),
    );
    this.store.add(documents.onDidParse((parsed) => this.onParse(parsed)));
    this.store.add(
      documents.onDidClose((uri) => {
        if (!this.listed.has(uri.toString())) this.tree.remove(uri.toString());
      }),
    );
    this.store.add(workspaceFiles.onDidChange((folder) => this.onSharedSettings(folder)));
    this.store.add(
      vscode.workspace.onDidSaveTextDocument((document) => {
        // Whoever listens after us must not find a file parsed as it was before.
        if (isEvalDocument(document) && document.uri.scheme === 'file') documents.current(document);
        this.continuous.onSaved(document.uri.fsPath);
      }),
    );
  }

  /** Runs one case on its first target and prints its full trace, as the Debug profile does. */
  async debugCase(uri: vscode.Uri, id: string): Promise<void> {
    const item = this.tree.find(uri.toString(), { kind: 'case', id }, null);
    if (item === undefined) return;
    const source = new vscode.CancellationTokenSource();
    try {
      await this.runner.debug(new vscode.TestRunRequest([item], undefined, this.debugProfile), source.token);
    } finally {
      source.dispose();
    }
  }

  /** What integration tests need of VS Code's own objects. */
  get objects(): {
    items: vscode.TestItemCollection;
    run: vscode.TestRunProfile;
    debug: vscode.TestRunProfile;
  } {
    return { items: this.host.items, run: this.runProfile, debug: this.debugProfile };
  }

  dispose(): void {
    this.store.dispose();
  }

  /** All files of the workspace, and those that are open. Searches on the first call. */
  private async list(): Promise<void> {
    this.isListing = true;
    const { index, documents } = this.parts;
    const files = await index.list();
    const before = this.listed;
    this.listed = new Set(files.map(({ uri }) => uri.toString()));
    for (const file of files) this.show(file);
    for (const file of this.tree.uris) {
      if (this.listed.has(file)) continue;
      // VS Code keeps the text of a closed editor for minutes: one that was listed and is no more has been deleted.
      if (!before.has(file) && documents.get(vscode.Uri.parse(file)) !== undefined) continue;
      this.tree.remove(file);
      this.forget(file);
    }
  }

  private async showOne(uri: vscode.Uri): Promise<void> {
    const file = (await this.parts.index.list()).find((one) => one.uri.toString() === uri.toString());
    if (file !== undefined) this.show(file);
  }

  /** Shows a file as the index knows it; an open one as its editor does. */
  private show({ uri, parsed, error }: IndexedFile): void {
    this.listed.add(uri.toString());
    this.update(uri, this.parts.documents.get(uri) ?? parsed, error);
  }

  private onParse(parsed: ParsedDocument): void {
    const kind = kindOf(parsed.uri.path);
    if (kind === null || kind === 'workspace') return;
    // Other schemes show versions of a file that is shown already. Without a folder there is no list, but there are tests.
    if (parsed.uri.scheme !== 'file' && vscode.workspace.getWorkspaceFolder(parsed.uri) === undefined) return;
    this.update(parsed.uri, parsed, null);
    this.tree.resolveFile(parsed.uri.toString());
  }

  private update(uri: vscode.Uri, parsed: ParsedDocument | null, error: string | null): void {
    const where = vscode.workspace.asRelativePath(uri);
    const { workspaceFiles, userEndpoints } = this.parts;
    const workspace = workspaceFiles.known(uri)?.document;
    const sources = { userEndpoints: userEndpoints?.usable ?? [], ...(workspace === undefined ? {} : { workspace }) };
    const outline = parsed === null ? null : specBundle().planOutline(parsed.document, sources);
    const file: TestFile = {
      uri,
      label: parsed?.survey.name || path.basename(uri.path),
      where,
      parsed,
      outline,
      problem: error ?? (parsed === null ? null : problemOf(parsed)),
    };
    this.tree.update(file);
    if (parsed !== null) this.outdated.changed(parsed);
  }

  private onSharedSettings(folder: vscode.WorkspaceFolder): void {
    for (const file of this.tree.uris) {
      const known = this.tree.file(file);
      if (
        known === undefined ||
        vscode.workspace.getWorkspaceFolder(known.uri)?.uri.toString() !== folder.uri.toString()
      )
        continue;
      this.outdated.allChanged(file);
      // Open files are parsed anew with them, and shown then.
      if (this.parts.documents.get(known.uri) === undefined) this.update(known.uri, known.parsed, null);
    }
  }

  private onDependency(file: string, changed: string): void {
    const parsed = this.tree.file(file)?.parsed;
    if (parsed == null) return;
    const pointers = specBundle().referencesTo(specBundle().fileReferences(parsed.document), changed);
    if (pointers.length > 0) this.outdated.dependencyChanged(parsed, pointers);
  }

  private forget(file: string): void {
    this.outdated.forget(file);
    this.watch.forget(file);
  }

  /** The file as it is stored, whatever its editor says. */
  private async onDisk(uri: vscode.Uri): Promise<ParsedDocument | null> {
    const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
    if (open?.isDirty !== true) return this.tree.file(uri.toString())?.parsed ?? null;
    return parseText(uri, new TextDecoder().decode(await vscode.workspace.fs.readFile(uri)), 0);
  }
}

/** Why a run of the file would be refused, as far as its own text says. */
function problemOf({ document }: ParsedDocument): string | null {
  const errors = document.diagnostics.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) return null;
  const line = first.range.start.line + 1;
  return errors.length === 1
    ? vscode.l10n.t('Line {0}: {1}', line, first.message)
    : vscode.l10n.t('{0} problems, the first in line {1}: {2}', errors.length, line, first.message);
}

/** Whether a file is the `promptrig.yaml` of the folder that an eval file is in. */
function isSharedBy(file: string, uri: vscode.Uri): boolean {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  return folder !== undefined && file === path.join(folder.uri.fsPath, WORKSPACE_FILE);
}
