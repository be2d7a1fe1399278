import './l10n-host';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { Redactor } from '../core/util/redact';
import { messageOf } from '../core/util/errors';
import type { CompareCommands } from './commands/compare';
import { registerCommands } from './commands/register';
import { revealItem, revealPointer } from './commands/reveal';
import { runOn } from './commands/sidebar';
import { setting } from './config';
import { ContextKeys } from './context-keys';
import { contributedCommands } from './contributed-commands';
import { ContextKey, PanelId } from './contributions';
import { EndpointHealth } from './endpoints/endpoint-health';
import { EndpointList } from './endpoints/endpoint-list';
import { EndpointTester } from './endpoints/endpoint-tester';
import { HostTrust } from './endpoints/host-trust';
import { ApiKeys } from './endpoints/secrets';
import { UserEndpoints } from './endpoints/user-endpoints';
import { ClearedResults } from './engine/cleared-results';
import { Planner } from './engine/planner';
import { ResultsRestorer } from './engine/results-restorer';
import { ResultsStore } from './engine/results-store';
import { RunController } from './engine/run-controller';
import { RunCodeLenses } from './language/code-lens';
import { EvalDocuments, isEvalDocument } from './language/documents';
import { LanguageFeatures } from './language/features/register';
import { SemanticProblems } from './language/features/semantic-problems';
import { ResultHover } from './language/hover';
import type { LinkContext } from './language/hover-links';
import { LineEndDecorations } from './language/line-end-decorations';
import { SpecProblems } from './language/problems';
import { ReferencedFiles } from './language/referenced-files';
import { ResultFixes } from './language/result-fixes';
import { ResultProblems } from './language/result-problems';
import { DocumentStatusModel } from './language/statuses';
import { WorkspaceFiles } from './language/workspace-files';
import { registerTools } from './lm/register-tools';
import { createTell } from './messages';
import { onUse, parts } from './parts/load';
import type { ExtensionExports } from './test-api';
import { createTestApi } from './test-api-host';
import { TestMarks } from './testing/test-marks';
import { TestExplorer } from './testing/test-explorer';
import { EndpointsTree } from './views/endpoints-tree';
import { EvalIndex } from './views/eval-index';
import { EvalsTree } from './views/evals-tree';
import { RunsView } from './views/runs-view';
import { RunStatusBar } from './views/status-bar';
import type { ComparePanel } from './webviews/compare-panel';
import { RunPanel } from './webviews/run-panel';

/** The run that `deactivate` has to end. */
let controllerOfWindow: RunController | null = null;

/** Wires the parts and returns: nothing is searched, parsed, planned or started here. */
export function activate(context: vscode.ExtensionContext): ExtensionExports {
  const startedMs = performance.now();
  const own = <T extends vscode.Disposable>(item: T): T => {
    context.subscriptions.push(item);
    return item;
  };

  const log = own(vscode.window.createOutputChannel('Promptrig', { log: true }));
  const report = (error: unknown): void => log.error(messageOf(error));
  const tell = createTell(report);
  const contextKeys = new ContextKeys(report);
  const redactor = new Redactor();
  const keys = new ApiKeys(context.secrets, redactor);
  const hosts = new HostTrust(context.workspaceState);
  const engineEntry = context.asAbsolutePath('dist/engine.js');

  const workspaceFiles = own(new WorkspaceFiles(log));
  const userEndpoints = own(new UserEndpoints());
  const referenced = own(new ReferencedFiles(log));
  const documents = own(new EvalDocuments(workspaceFiles, userEndpoints, referenced));
  const planner = new Planner(context.globalStorageUri, workspaceFiles, userEndpoints);
  const features = own(new LanguageFeatures(documents, workspaceFiles));
  const semantics = new SemanticProblems(features.surroundings, workspaceFiles);
  const problems = own(new SpecProblems(documents, planner, semantics, features.neighbour, log));
  const results = own(new ResultsStore());
  const cleared = new ClearedResults(context.workspaceState, report);
  const restorer = own(new ResultsRestorer(documents, planner, results, referenced, cleared, log));
  const statuses = own(new DocumentStatusModel(documents, results));
  const controller = own(
    new RunController({
      documents,
      planner,
      problems,
      hosts,
      keys,
      tell,
      results,
      redactor,
      log,
      engineEntry,
    }),
  );
  controllerOfWindow = controller;

  const hasCommand = contributedCommands(context.extension.packageJSON);
  const linksOf = (uri: vscode.Uri): LinkContext => {
    const dir = results.get(uri.toString()).last?.dir;
    return {
      hasCommand,
      dirOf: (run) => path.join(planner.runsDirectory(uri), run),
      lastRun: dir === undefined ? null : path.basename(dir),
    };
  };
  const lenses = own(new RunCodeLenses(documents, statuses, hasCommand));
  const marks = own(new TestMarks((file) => lineEnds.redraw(file)));
  const lineEnds = own(new LineEndDecorations(statuses, marks));
  own(new ResultProblems(statuses));
  const statusBar = own(new RunStatusBar(controller));
  const index = own(new EvalIndex(documents, log));
  own(index.onDidMove(({ from, to }) => void parts().moveResults(results, planner, from, to).catch(report)));
  const evals = own(
    new EvalsTree({
      index,
      results,
      state: context.workspaceState,
      onListed: (file) => {
        if (file.parsed !== null) restorer.restore(file.parsed);
      },
      onFiltered: (isFiltered) => contextKeys.set(ContextKey.evalsFiltered, isFiltered),
      onNone: (areNone) => contextKeys.set(ContextKey.noEvals, areNone),
      onDrop: (row, endpoints) => void runOn(controller, [row], endpoints).catch(report),
      log,
    }),
  );
  const endpoints = own(new EndpointList(workspaceFiles, userEndpoints));
  const health = own(new EndpointHealth({ hosts, keys, redactor }));
  const tester = own(new EndpointTester({ engineEntry, redactor, log }));
  const endpointsTree = own(new EndpointsTree({ list: endpoints, health, tester, keys, log }));
  const runs = own(
    new RunsView({
      planner,
      controller,
      onFiltered: (isFiltered) => contextKeys.set(ContextKey.runsFiltered, isFiltered),
      log,
    }),
  );
  const tests = own(new TestExplorer({ index, documents, workspaceFiles, userEndpoints, controller, log }));
  own(controller.onDidStart(() => marks.runStarted()));
  own(tests.onDidReport((state) => marks.report(state)));
  const panel = own(
    new RunPanel({
      extensionUri: context.extensionUri,
      workspaceState: context.workspaceState,
      controller,
      log,
      reveal: (uri, pointer) => revealPointer(documents, uri, pointer),
    }),
  );

  const makeCompare = (): ComparePanel =>
    new (parts().ComparePanel)({
      extensionUri: context.extensionUri,
      workspaceState: context.workspaceState,
      controller,
      log,
      reveal: (uri, id) => revealItem(documents, { uri, id }),
      openRun: (dir) => panel.show(dir),
      pick: (shown) => compareCommands.pick(shown),
    });
  const compare: ComparePanel = own(onUse(makeCompare));
  const compareCommands: CompareCommands = onUse(
    (): CompareCommands =>
      new (parts().CompareCommands)({ tree: runs.tree, panel: compare, controller, planner, tell }),
  );

  const selector: vscode.DocumentSelector = { language: 'yaml' };
  own(vscode.languages.registerCodeLensProvider(selector, lenses));
  own(vscode.languages.registerHoverProvider(selector, new ResultHover(statuses, features.documentation, linksOf)));
  own(vscode.languages.registerCodeActionsProvider(selector, problems, SpecProblems.metadata));
  const fixes = new ResultFixes(documents, statuses, linksOf);
  own(vscode.languages.registerCodeActionsProvider(selector, fixes, ResultFixes.metadata));
  own(vscode.window.registerWebviewPanelSerializer(PanelId.run, panel));
  own(vscode.window.registerWebviewPanelSerializer(PanelId.compare, compare));
  own(
    registerCommands({
      extensionUri: context.extensionUri,
      controller,
      documents,
      sidebar: {
        index,
        evals,
        runsView: runs,
        endpoints: onUse(
          () =>
            new (parts().EndpointCommands)({
              list: endpoints,
              user: userEndpoints,
              health,
              tester,
              tree: endpointsTree,
              keys,
              hosts,
              redactor,
              controller,
              documents,
              tell,
            }),
        ),
        runs: onUse(() => new (parts().RunCommands)({ tree: runs.tree, panel, tell })),
        marks: onUse(() => new (parts().RunMarks)({ tree: runs.tree, planner, panel, tell })),
        compare: compareCommands,
        health,
        controller,
      },
      results,
      statuses,
      keys,
      panel,
      planner,
      tests,
      log,
      tell,
    }),
  );

  const tools = own(registerTools({ index, documents, planner, controller, results, redactor }));

  own(
    controller.onDidStart((start) => {
      const { request, plan } = start;
      if (plan.targets.length > 1 || request.show === 'compare') compare.follow(start);
      contextKeys.set(ContextKey.running, true);
      contextKeys.set(ContextKey.hasRun, true);
      lenses.setRunning(true);
      const when = setting('openRunPanel');
      const isLoad = request.what !== 'case' && request.what !== 'cases';
      const isFollowed = request.show === 'compare';
      if (!isFollowed && (when === 'always' || (when === 'load' && isLoad))) panel.open(true);
    }),
  );
  own(
    controller.onDidEnd(({ run, dir, request }) => {
      contextKeys.set(ContextKey.running, false);
      if (run?.verdict === 'pass') contextKeys.set(ContextKey.hasPassed, true);
      lenses.setRunning(false);
      if (dir === null) return;
      const inUse = (): string[] => [...results.dirs, ...(panel.shownDir === null ? [] : [panel.shownDir])];
      const refresh = (): void => runs.refresh();
      const tidying = { workspaceFiles, state: context.workspaceState, tell, log, inUse, refresh };
      parts().tidyRuns(request.uri, dir, tidying).catch(report);
    }),
  );
  own(results.onDidChange(() => contextKeys.set(ContextKey.hasResults, !results.isEmpty)));
  const follow = (editor: vscode.TextEditor | undefined): void =>
    contextKeys.set(ContextKey.activeEval, editor !== undefined && isEvalDocument(editor.document));
  own(vscode.window.onDidChangeActiveTextEditor(follow));
  follow(vscode.window.activeTextEditor);

  const activationMs = performance.now() - startedMs;
  log.debug(`Activated in ${activationMs.toFixed(1)} ms.`);
  if (context.extensionMode !== vscode.ExtensionMode.Test) return {};
  return {
    testApi: own(
      createTestApi({
        activationMs,
        controller,
        lineEnds,
        statusBar,
        panel,
        compare,
        makeCompare,
        keys,
        planner,
        evals,
        endpoints: endpointsTree,
        runs,
        tools,
        tests,
        logDirectory: context.logUri.fsPath,
      }),
    ),
  };
}

/** Closing the window cancels a run; what was measured is kept. */
export async function deactivate(): Promise<void> {
  await controllerOfWindow?.shutdown();
  controllerOfWindow = null;
}
