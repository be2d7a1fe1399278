import type * as vscode from 'vscode';
import type { Planner } from './planner';
import type { ResultsStore } from './results-store';
import { saveObservations } from './stored-observations';

/** A file has another name: its results go with it, in this window and in the folder that the next window reads. */
export async function moveResults(
  results: ResultsStore,
  planner: Planner,
  from: vscode.Uri,
  to: vscode.Uri,
): Promise<void> {
  results.rename(from.toString(), to.toString());
  const known = results.get(to.toString());
  // What is running is stored when it ends.
  if (known.last === null || known.running !== null) return;
  await saveObservations(known.last.dir, planner.sourcePath(to), known);
}
