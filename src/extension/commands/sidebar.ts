import * as vscode from 'vscode';
import { CommandId, type ItemReference } from '../contributions';
import type { RunController, RunEnd } from '../engine/run-controller';
import type { RunRequest } from '../engine/run-preparation';
import type { EvalIndex } from '../views/eval-index';
import type { EvalsTree } from '../views/evals-tree';
import type { RunsView } from '../views/runs-view';
import { requestsOf, type SelectedRow } from '../views/selected-rows';
import type { EndpointCommands } from './endpoints';
import type { CompareCommands } from './compare';
import type { RunMarks } from './run-marks';
import type { RunCommands } from './runs';

export interface SidebarParts {
  index: EvalIndex;
  evals: EvalsTree;
  runsView: RunsView;
  endpoints: EndpointCommands;
  runs: RunCommands;
  marks: RunMarks;
  compare: CompareCommands;
  health: { checkNow(): void };
  controller: RunController;
}

type SidebarId = (typeof CommandId)[
  | 'refresh'
  | 'filterEvals'
  | 'clearEvalsFilter'
  | 'runOn'
  | 'copyPath'
  | 'addEndpoint'
  | 'testEndpoint'
  | 'checkEndpoints'
  | 'editEndpoint'
  | 'setDefaultEndpoint'
  | 'removeEndpoint'
  | 'openRun'
  | 'openRequest'
  | 'pinBaseline'
  | 'unpinBaseline'
  | 'noteRun'
  | 'keepRun'
  | 'releaseRun'
  | 'restoreRuns'
  | 'deleteRun'
  | 'revealRun'
  | 'exportRun'
  | 'refreshRuns'
  | 'filterRuns'
  | 'clearRunsFilter'
  | 'compareTargets'
  | 'compareRun'
  | 'compareRuns'];

/**
 * The commands of the three views; each is told the row and, of a selection, all of its rows.
 * @param itemOf the eval that an argument, or the active editor, stands for
 */
export function sidebarHandlers(
  parts: SidebarParts,
  itemOf: (argument: unknown) => ItemReference | null,
): Record<SidebarId, (argument?: unknown, selected?: unknown) => unknown> {
  const { index, evals, runsView, endpoints, runs, marks, compare, health, controller } = parts;
  return {
    [CommandId.refresh]: () => index.refresh(),
    [CommandId.filterEvals]: () => evals.askForFilter(),
    [CommandId.clearEvalsFilter]: () => evals.setFilter([]),
    [CommandId.runOn]: async (argument, selected) => {
      const rows = rowsOf(selected) ?? rowsOf([argument]) ?? asRow(itemOf(argument));
      if (rows.length === 0) return;
      const endpoint = await endpoints.pickForRun(vscode.l10n.t('Run on Endpoint'));
      if (endpoint !== undefined) await runOn(controller, rows, [endpoint]);
    },
    [CommandId.copyPath]: async (argument, selected) => {
      const paths = (Array.isArray(selected) && selected.length > 0 ? (selected as unknown[]) : [argument]).flatMap(
        (row) => pathOf(row) ?? [],
      );
      const item = itemOf(argument);
      if (paths.length === 0 && item !== null) paths.push(item.uri.fsPath);
      if (paths.length > 0) await vscode.env.clipboard.writeText([...new Set(paths)].join('\n'));
    },
    [CommandId.addEndpoint]: () => endpoints.add(),
    [CommandId.testEndpoint]: (argument) => endpoints.test(argument),
    [CommandId.checkEndpoints]: () => health.checkNow(),
    [CommandId.editEndpoint]: (argument) => endpoints.edit(argument),
    [CommandId.setDefaultEndpoint]: (argument) => endpoints.setDefault(argument),
    [CommandId.removeEndpoint]: (argument) => endpoints.remove(argument),
    [CommandId.openRun]: (argument) => runs.open(argument),
    [CommandId.openRequest]: (argument) => runs.openRequest(argument),
    [CommandId.pinBaseline]: (argument, selected) => marks.pin(argument, selected),
    [CommandId.unpinBaseline]: (argument, selected) => marks.unpin(argument, selected),
    [CommandId.noteRun]: (argument) => marks.note(argument),
    [CommandId.keepRun]: (argument, selected) => marks.keep(argument, selected, true),
    [CommandId.releaseRun]: (argument, selected) => marks.keep(argument, selected, false),
    [CommandId.restoreRuns]: () => runs.restore(),
    [CommandId.deleteRun]: (argument, selected) => runs.delete(argument, selected),
    [CommandId.revealRun]: (argument) => runs.reveal(argument),
    [CommandId.exportRun]: (argument) => runs.export(argument),
    [CommandId.refreshRuns]: () => runsView.refresh(),
    [CommandId.filterRuns]: () => runsView.tree.askForFilter(),
    [CommandId.clearRunsFilter]: () => runsView.tree.setFilter(''),
    [CommandId.compareTargets]: (argument) => compare.targets(itemOf(argument)?.uri ?? null),
    [CommandId.compareRun]: (argument) => compare.run(argument),
    [CommandId.compareRuns]: (argument, selected) => compare.runs(argument, selected),
  };
}

/** The rows of a selection of more than one; null where there is none. */
export function rowsOf(selected: unknown): SelectedRow[] | null {
  if (!Array.isArray(selected)) return null;
  const rows = (selected as unknown[]).filter(isEvalRow);
  return rows.length === 0 ? null : rows;
}

/** Runs the selected rows one after the other; a stop ends all of it. */
export async function runRows(
  controller: RunController,
  rows: readonly SelectedRow[],
  what: 'file' | 'load',
  evals: Pick<EvalsTree, 'casesShown'>,
): Promise<RunEnd | undefined> {
  return runAll(
    controller,
    requestsOf(rows, what, (uri) => evals.casesShown(uri)),
  );
}

/** Runs rows on other endpoints than their own. */
export async function runOn(
  controller: RunController,
  rows: readonly SelectedRow[],
  endpoints: string[],
): Promise<RunEnd | undefined> {
  return runAll(
    controller,
    requestsOf(rows).map((request) => ({ ...request, endpoints })),
  );
}

async function runAll(controller: RunController, requests: readonly RunRequest[]): Promise<RunEnd | undefined> {
  let last: RunEnd | undefined;
  for (const request of requests) {
    last = await controller.run(request);
    // One that is refused for its own reasons leaves the others to be run; one that another run keeps out does not.
    if (last.run?.status === 'stopped' || (last.outcome === 'refused' && controller.isRunning)) return last;
  }
  return last;
}

function asRow(item: ItemReference | null): SelectedRow[] {
  return item === null ? [] : [{ kind: 'file', uri: item.uri }];
}

function pathOf(row: unknown): string | undefined {
  if (isEvalRow(row)) return row.uri.fsPath;
  if (typeof row !== 'object' || row === null || !('dir' in row)) return undefined;
  return typeof row.dir === 'string' ? row.dir : undefined;
}

function isEvalRow(value: unknown): value is SelectedRow {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('uri' in value)) return false;
  return value.uri instanceof vscode.Uri && (value.kind === 'file' || value.kind === 'case' || value.kind === 'stage');
}
