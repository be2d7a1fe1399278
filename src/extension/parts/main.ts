/**
 * Entry of the parts that are loaded with their first use (`dist/parts.js`): flows of commands, hovers, what a panel reads of
 * stored runs, the server of the editor's models. A window in which nobody asks for them never pays for them.
 */
import '../l10n-host';
import { probeEndpoint } from '../../core/endpoints/probe';
import { EngineCrashedError, EngineProcess } from '../../core/engine/engine-process';
import { addCaseFromSelection, answerToCase } from '../commands/add-case';
import type { RunExport } from '../../protocol/run-panel';
import { EndpointCommands } from '../commands/endpoints';
import { CompareCommands } from '../commands/compare';
import { newEval, requestToEval } from '../commands/new-eval';
import { RunMarks } from '../commands/run-marks';
import { RunCommands } from '../commands/runs';
import { moveResults } from '../engine/move-results';
import { addHistograms } from '../engine/run-histograms';
import { loadObservations, saveObservations } from '../engine/stored-observations';
import { tidyRuns } from '../engine/tidy-runs';
import { hoverMarkdown } from '../language/hover-text';
import { editsFor } from '../language/result-edits';
import { stillWritten } from '../language/place-observations';
import { RunObserver } from '../language/run-observer';
import { serveEditorModels } from '../lm/editor-models';
import { createTools } from '../lm/tools';
import { reportParts } from './report-parts';
import { RunsTree } from '../views/runs-tree';
import { marksOf } from '../webviews/run-panel-marks';
import { PanelTrends } from '../webviews/run-panel-trends';
import { RunReporter } from '../testing/run-reporter';
import { ComparePanel } from '../webviews/compare-panel';
import { exportName, exportRun } from '../../core/run-panel/export';
import { openStoredRun } from '../../core/run-panel/stored-run';
import { RunRecords } from '../../core/run-panel/records';
import { RunDetails } from '../../core/run-panel/request-details';

export const parts = {
  CompareCommands,
  ComparePanel,
  EngineCrashedError,
  EngineProcess,
  RunObserver,
  addCaseFromSelection,
  addHistograms,
  answerToCase,
  createTools,
  editsFor,
  loadObservations,
  moveResults,
  newEval,
  requestToEval,
  saveObservations,
  stillWritten,
  EndpointCommands,
  PanelTrends,
  RunCommands,
  RunDetails,
  RunMarks,
  RunRecords,
  RunReporter,
  RunsTree,
  exportName,
  exportRun: (dir: string, what: RunExport, file: string) => exportRun(dir, what, file, reportParts()),
  hoverMarkdown,
  marksOf,
  openStoredRun,
  probeEndpoint,
  serveEditorModels,
  tidyRuns,
};

export type Parts = typeof parts;
