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
  runAtCursor: 'promptrig.runAtCursor',
  debugCase: 'promptrig.debugCase',
  rerun: 'promptrig.rerun',
  stop: 'promptrig.stop',
  openRunPanel: 'promptrig.openRunPanel',
  refresh: 'promptrig.refresh',
  nextResult: 'promptrig.nextResult',
  previousResult: 'promptrig.previousResult',
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
  runOn: 'promptrig.runOn',
  copyPath: 'promptrig.copyPath',
  filterEvals: 'promptrig.filterEvals',
  clearEvalsFilter: 'promptrig.clearEvalsFilter',
  addEndpoint: 'promptrig.addEndpoint',
  testEndpoint: 'promptrig.testEndpoint',
  checkEndpoints: 'promptrig.checkEndpoints',
  editEndpoint: 'promptrig.editEndpoint',
  setDefaultEndpoint: 'promptrig.setDefaultEndpoint',
  removeEndpoint: 'promptrig.removeEndpoint',
  openRun: 'promptrig.openRun',
  openRequest: 'promptrig.openRequest',
  pinBaseline: 'promptrig.pinBaseline',
  unpinBaseline: 'promptrig.unpinBaseline',
  noteRun: 'promptrig.noteRun',
  keepRun: 'promptrig.keepRun',
  releaseRun: 'promptrig.releaseRun',
  deleteRun: 'promptrig.deleteRun',
  restoreRuns: 'promptrig.restoreRuns',
  revealRun: 'promptrig.revealRun',
  exportRun: 'promptrig.exportRun',
  refreshRuns: 'promptrig.refreshRuns',
  filterRuns: 'promptrig.filterRuns',
  clearRunsFilter: 'promptrig.clearRunsFilter',
  compareTargets: 'promptrig.compareTargets',
  compareRun: 'promptrig.compareRun',
  compareRuns: 'promptrig.compareRuns',
} as const;
export type CommandId = (typeof CommandId)[keyof typeof CommandId];

/** What a command is told by a menu, a CodeLens or the tree; nothing when it comes from the palette. */
export interface ItemReference {
  uri: Uri;
  /** Id of the case or stage in the file's outline; absent for the file. */
  id?: string;
}

export const ViewId = {
  container: 'promptrig',
  evals: 'promptrig.evals',
  endpoints: 'promptrig.endpoints',
  runs: 'promptrig.runs',
} as const;

/** Of the tests in the Test Explorer; VS Code keeps their results by it. */
export const TestControllerId = 'promptrig';

/** Tools for agents in the editor. */
export const ToolName = {
  list: 'promptrig_list_evals',
  run: 'promptrig_run_eval',
  read: 'promptrig_read_results',
} as const;
export type ToolName = (typeof ToolName)[keyof typeof ToolName];

export const PanelId = { run: 'promptrig.run', compare: 'promptrig.compare' } as const;

/** Keys of when-clauses that the extension sets. */
export const ContextKey = {
  running: 'promptrig.running',
  /** The text in front is an eval. */
  activeEval: 'promptrig.activeEval',
  hasRun: 'promptrig.hasRun',
  hasPassed: 'promptrig.hasPassed',
  hasResults: 'promptrig.hasResults',
  /** The workspace has been searched, and has none. */
  noEvals: 'promptrig.noEvals',
  evalsFiltered: 'promptrig.evalsFiltered',
  runsFiltered: 'promptrig.runsFiltered',
} as const;
export type ContextKey = (typeof ContextKey)[keyof typeof ContextKey];

/** `viewItem` of the sidebar's rows; menus match on them. */
export const TreeItemContext = {
  file: 'file',
  fileWithLoad: 'file.load',
  case: 'case',
  stage: 'stage',
  endpoint: 'endpoint',
  run: 'run',
} as const;

/**
 * What may follow in a row's `viewItem`, each after a dot. Menus match on them with a regular expression:
 * `viewItem =~ /^endpoint.*\.address/`.
 */
export const TreeItemMark = {
  /** Of an eval, a case or a stage: it is part of the run in progress. */
  running: 'running',
  /** Of an eval that is not on disk: it is shown, not run. */
  virtual: 'virtual',
  /** Of an endpoint: from `promptrig.yaml`, from the user's settings, or built in. */
  workspace: 'workspace',
  user: 'user',
  builtin: 'builtin',
  /** Of an endpoint: it has an address, and so may have a key. */
  address: 'address',
  /** Of an endpoint: a key is stored for it. */
  key: 'key',
  /** Of an endpoint: files that name none run on it. */
  default: 'default',
  /** Of a run: it is over and can be read; it is in progress; its files cannot be read. */
  finished: 'finished',
  unfinished: 'unfinished',
  broken: 'broken',
  /** Of a run: a baseline was made of it. */
  pinned: 'pinned',
  /** Of a run: the person has said that it is to be kept. */
  kept: 'kept',
} as const;
export type TreeItemMark = (typeof TreeItemMark)[keyof typeof TreeItemMark];

/** Settings with their types; a test holds names and defaults against package.json. */
export interface Settings {
  'files.include': string[];
  'files.exclude': string[];
  runsDirectory: string;
  saveBeforeRun: boolean;
  openRunPanel: 'load' | 'always' | 'never';
  inlineResults: 'off' | 'failures' | 'all';
  /** As in `promptrig.yaml`; not checked. */
  endpoints: unknown[];
  /** Not `endpoints.health`: VS Code ignores a setting below one that is a list. */
  endpointHealth: 'off' | 'unpriced' | 'all';
  /** 0: any number. */
  'runs.keepCount': number;
  /** 0: for any time. */
  'runs.keepDays': number;
  /** As in `promptrig.yaml`; empty: any amount. */
  'runs.keepSize': string;
}

export const CONFIG_SECTION = 'promptrig';

export const SETTING_DEFAULTS: Settings = {
  'files.include': [
    '**/*.{eval,workload}.{yaml,yml}',
    '**/promptfooconfig.{yaml,yml}',
    '**/*.promptfoo.yaml',
    '**/*.prompt.{yml,yaml}',
  ],
  'files.exclude': [],
  runsDirectory: '.promptrig/runs',
  saveBeforeRun: true,
  openRunPanel: 'load',
  inlineResults: 'all',
  endpoints: [],
  endpointHealth: 'unpriced',
  'runs.keepCount': 1000,
  'runs.keepDays': 0,
  'runs.keepSize': '10GB',
};
