/**
 * Every id that package.json contributes, once. A test holds the two against each other, so that neither a renamed command
 * nor a forgotten contribution survives until a person clicks on it.
 */
import type { Uri } from 'vscode';

export const CommandId = {
  runEval: 'promptrig.runEval',
  runLoad: 'promptrig.runLoad',
  runCase: 'promptrig.runCase',
  runStage: 'promptrig.runStage',
  debugCase: 'promptrig.debugCase',
  rerun: 'promptrig.rerun',
  stop: 'promptrig.stop',
  openRunPanel: 'promptrig.openRunPanel',
  refresh: 'promptrig.refresh',
  clearResults: 'promptrig.clearResults',
  clearFileResults: 'promptrig.clearFileResults',
  setApiKey: 'promptrig.setApiKey',
  deleteApiKey: 'promptrig.deleteApiKey',
  createExample: 'promptrig.createExample',
  openExample: 'promptrig.openExample',
  openFirstRun: 'promptrig.openFirstRun',
  runFirstRun: 'promptrig.runFirstRun',
  showLog: 'promptrig.showLog',
  revealItem: 'promptrig.revealItem',
  newEval: 'promptrig.newEval',
  addCaseFromSelection: 'promptrig.addCaseFromSelection',
  answerToCase: 'promptrig.answerToCase',
  requestToEval: 'promptrig.requestToEval',
} as const;
export type CommandId = (typeof CommandId)[keyof typeof CommandId];

/** What a command is told by a menu, a CodeLens or the tree; nothing when it comes from the palette. */
export interface ItemReference {
  uri: Uri;
  /** Id of the case or stage in the file's outline; absent for the file. */
  id?: string;
}

export const ViewId = { container: 'promptrig', evals: 'promptrig.evals' } as const;

/** Tools for agents in the editor. */
export const ToolName = {
  list: 'promptrig_list_evals',
  run: 'promptrig_run_eval',
  read: 'promptrig_read_results',
} as const;
export type ToolName = (typeof ToolName)[keyof typeof ToolName];

/** Of the tests in the Test Explorer; VS Code keeps their results by it. */
export const TestControllerId = 'promptrig';

export const PanelId = { run: 'promptrig.run' } as const;

/** Keys of when-clauses that the extension sets. */
export const ContextKey = {
  running: 'promptrig.running',
  hasRun: 'promptrig.hasRun',
  hasPassed: 'promptrig.hasPassed',
  hasResults: 'promptrig.hasResults',
} as const;
export type ContextKey = (typeof ContextKey)[keyof typeof ContextKey];

/** `viewItem` of the tree's rows; menus match on them. */
export const TreeItemContext = {
  file: 'file',
  fileWithLoad: 'file.load',
  case: 'case',
  stage: 'stage',
} as const;

/** Settings with their types; a test holds names and defaults against package.json. */
export interface Settings {
  'files.include': string[];
  'files.exclude': string[];
  runsDirectory: string;
  saveBeforeRun: boolean;
  openRunPanel: 'load' | 'always' | 'never';
  inlineResults: 'off' | 'failures' | 'all';
}

export const CONFIG_SECTION = 'promptrig';

export const SETTING_DEFAULTS: Settings = {
  'files.include': ['**/*.eval.{yaml,yml}', '**/*.workload.{yaml,yml}'],
  'files.exclude': [],
  runsDirectory: '.promptrig/runs',
  saveBeforeRun: true,
  openRunPanel: 'load',
  inlineResults: 'all',
};
