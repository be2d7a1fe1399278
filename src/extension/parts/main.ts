/**
 * Entry of the parts that are loaded with their first use (`dist/parts.js`): flows of commands, hovers, what a panel reads of
 * stored runs, the server of the editor's models. A window in which nobody asks for them never pays for them.
 */
import '../l10n-host';
import { probeEndpoint } from '../../core/endpoints/probe';
import { EndpointCommands } from '../commands/endpoints';
import { RunCommands } from '../commands/runs';
import { hoverMarkdown } from '../language/hover-text';
import { serveEditorModels } from '../lm/editor-models';
import { RunReporter } from '../testing/run-reporter';
import { exportName, exportRun } from '../../core/run-panel/export';
import { openStoredRun } from '../../core/run-panel/stored-run';
import { RunRecords } from '../../core/run-panel/records';
import { RunDetails } from '../../core/run-panel/request-details';

export const parts = {
  EndpointCommands,
  RunCommands,
  RunDetails,
  RunRecords,
  RunReporter,
  exportName,
  exportRun,
  hoverMarkdown,
  openStoredRun,
  probeEndpoint,
  serveEditorModels,
};

export type Parts = typeof parts;
