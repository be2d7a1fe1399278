import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../core/util/disposable';
import { CommandId, type ItemReference } from '../contributions';
import type { Planner } from '../engine/planner';
import type { RunController } from '../engine/run-controller';
import type { RunRequest } from '../engine/run-preparation';
import type { ResultsStore } from '../engine/results-store';
import type { ApiKeys, EndpointIdentity } from '../endpoints/secrets';
import { isEvalDocument, type EvalDocuments } from '../language/documents';
import type { DocumentStatusModel } from '../language/statuses';
import type { Tell } from '../messages';
import type { TestExplorer } from '../testing/test-explorer';
import type { RunPanel } from '../webviews/run-panel';
import { cursorHandlers } from './at-cursor';
import { authoringHandlers } from './authoring';
import { createExample, openExample, openFirstRun } from './examples';
import { pickEndpoint } from './pick-endpoint';
import { rowsOf, runRows, sidebarHandlers, type SidebarParts } from './sidebar';
import { revealItem } from './reveal';

export interface CommandParts {
  extensionUri: vscode.Uri;
  controller: RunController;
  documents: EvalDocuments;
  sidebar: SidebarParts;
  results: ResultsStore;
  statuses: DocumentStatusModel;
  keys: ApiKeys;
  panel: RunPanel;
  planner: Planner;
  tests: TestExplorer;
  log: vscode.LogOutputChannel;
  tell: Tell;
}

/** What a menu, a CodeLens or the tree hands over; the explorer and the editor's title hand over a plain URI. */
type Argument = vscode.Uri | ItemReference | undefined;

/** One handler per contributed command; the compiler says where one is missing. */
export function registerCommands(parts: CommandParts): Disposable {
  const { controller, documents, results, keys, panel, planner, log, tell } = parts;

  const run = async (argument: Argument, what: RunRequest['what'], selected?: unknown): Promise<unknown> => {
    // A row of the sidebar is told alone by its button, and with what is selected by its menu.
    const rows = rowsOf(selected) ?? rowsOf([argument]);
    const isRow = rows !== null && (rows.length > 1 || rows[0]?.kind === 'file');
    if (isRow) return runRows(controller, rows, what === 'load' ? 'load' : 'file', parts.sidebar.evals);
    const item = itemOf(argument);
    if (item === null) {
      tell('info', vscode.l10n.t('Open an eval file (`*.eval.yaml`) to run it, or create an example.'), {
        [vscode.l10n.t('Create an Example')]: () => vscode.commands.executeCommand(CommandId.createExample),
      });
      return undefined;
    }
    return controller.run({ uri: item.uri, what, ...(item.id === undefined ? {} : { id: item.id }) });
  };

  const handlers: Record<CommandId, (argument?: Argument, selected?: unknown) => unknown> = {
    [CommandId.runEval]: (argument, selected) => run(argument, 'file', selected),
    [CommandId.runLoad]: (argument, selected) => run(argument, 'load', selected),
    [CommandId.runCase]: (argument, selected) => run(argument, 'case', selected),
    [CommandId.runStage]: (argument, selected) => run(argument, 'stage', selected),
    [CommandId.debugCase]: (argument) => {
      const item = itemOf(argument);
      return item?.id === undefined ? undefined : parts.tests.debugCase(item.uri, item.id);
    },
    [CommandId.rerun]: () =>
      controller.last === null
        ? tell('info', vscode.l10n.t('Nothing has been run in this window yet.'))
        : controller.run(controller.last),
    [CommandId.stop]: () => controller.stop(),
    [CommandId.openRunPanel]: () => panel.open(false),
    [CommandId.clearResults]: () => results.clear(),
    [CommandId.clearFileResults]: (argument) => {
      const item = itemOf(argument);
      if (item !== null) results.clear(item.uri.toString());
    },
    [CommandId.setApiKey]: async (argument) => {
      const endpoint =
        identityOf(argument) ??
        (await pickEndpoint(documents, planner, tell, vscode.l10n.t('Set API Key for Endpoint')));
      if (endpoint !== undefined && (await keys.ask(endpoint)))
        tell('info', vscode.l10n.t('The key of "{0}" is stored.', endpoint.name));
    },
    [CommandId.deleteApiKey]: async (argument) => {
      const endpoint =
        identityOf(argument) ??
        (await pickEndpoint(documents, planner, tell, vscode.l10n.t('Delete API Key of Endpoint')));
      if (endpoint === undefined) return;
      await keys.delete(endpoint);
      tell('info', vscode.l10n.t('The key of "{0}" is deleted.', endpoint.name));
    },
    ...authoringHandlers(parts.extensionUri, tell),
    ...cursorHandlers(parts),
    ...sidebarHandlers(parts.sidebar, (argument) => itemOf(argument as Argument)),
    [CommandId.createExample]: () => createExample(parts.extensionUri),
    [CommandId.openExample]: () => openExample(parts.extensionUri),
    [CommandId.openFirstRun]: () => openFirstRun(parts.extensionUri),
    [CommandId.runFirstRun]: async () => run(await openFirstRun(parts.extensionUri), 'file'),
    [CommandId.showLog]: () => log.show(),
    [CommandId.revealItem]: (argument) => {
      const item = itemOf(argument);
      return item === null ? undefined : revealItem(documents, item);
    },
  };

  const store = new DisposableStore();
  for (const [id, handler] of Object.entries(handlers)) {
    store.add(vscode.commands.registerCommand(id, handler));
  }
  return store;
}

function itemOf(argument: Argument): ItemReference | null {
  if (argument instanceof vscode.Uri) return { uri: argument };
  if (argument?.uri instanceof vscode.Uri) return argument;
  const active = vscode.window.activeTextEditor?.document;
  return active !== undefined && isEvalDocument(active) ? { uri: active.uri } : null;
}

/** A message's button names the endpoint; the palette names none. */
function identityOf(argument: unknown): EndpointIdentity | undefined {
  if (typeof argument !== 'object' || argument === null || !('name' in argument) || !('url' in argument))
    return undefined;
  const { name, url } = argument;
  if (typeof name !== 'string' || (typeof url !== 'string' && url !== null)) return undefined;
  return { name, url };
}
