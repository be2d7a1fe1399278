/** What an agent in the editor may do: list the evals, run one after the person has agreed, read what came out. */
import * as path from 'node:path';
import * as vscode from 'vscode';
import { listRuns, readCases, readRun } from '../../core/results/store';
import type { Redactor } from '../../core/util/redact';
import { formatCount, formatMoney } from '../../protocol/format';
import type { CaseRecord, RunJson } from '../../protocol/run-json';
import { ToolName } from '../contributions';
import type { Planner } from '../engine/planner';
import type { RunController } from '../engine/run-controller';
import type { RunRequest } from '../engine/run-preparation';
import type { ResultsStore } from '../engine/results-store';
import type { EvalDocuments } from '../language/documents';
import type { EvalIndex, IndexedFile } from '../views/eval-index';
import { estimateOf } from './plan-estimate';
import { digestOf } from './run-digest';

/** Characters of a result: an agent reads it as part of its own prompt. */
const MAX_CHARACTERS = 8_000;
const MAX_FILES = 100;
const MAX_CASES_OF_FILE = 50;
/** Failed answers that are read of a run, which may have thousands. */
const MAX_FAILED = 100;
/** USD that a run of an agent may cost where neither the agent nor the file says. */
const DEFAULT_BUDGET_USD = 1;

export interface ToolParts {
  index: Pick<EvalIndex, 'list'>;
  documents: EvalDocuments;
  planner: Planner;
  controller: RunController;
  results: ResultsStore;
  redactor: Redactor;
}

interface RunInput {
  file: string;
  cases?: string[];
  part?: 'all' | 'cases' | 'load';
  max_cost_usd?: number;
}

interface ReadInput {
  file: string;
  run?: string;
}

export type Tool = Required<vscode.LanguageModelTool<object>>;

export function createTools(parts: ToolParts): Record<ToolName, Tool> {
  return {
    [ToolName.list]: new ListTool(parts),
    [ToolName.run]: new RunTool(parts),
    [ToolName.read]: new ReadTool(parts),
  };
}

class ListTool implements vscode.LanguageModelTool<object> {
  constructor(private readonly parts: ToolParts) {}

  prepareInvocation(): vscode.PreparedToolInvocation {
    return { invocationMessage: vscode.l10n.t('Listing the evals of this workspace') };
  }

  async invoke(): Promise<vscode.LanguageModelToolResult> {
    const files = await this.parts.index.list();
    const shown = files.slice(0, MAX_FILES).map((file) => this.describe(file));
    const more = files.length > MAX_FILES ? [`(${files.length - MAX_FILES} more files are not listed.)`] : [];
    return textResult(
      files.length === 0
        ? 'This workspace has no eval file. An eval file is called NAME.eval.yaml.'
        : [...shown, ...more].join('\n'),
    );
  }

  private describe({ uri, parsed, error }: IndexedFile): string {
    const name = vscode.workspace.asRelativePath(uri);
    if (parsed === null) return `- ${name}: ${error ?? 'not read yet'}`;
    const { survey, document } = parsed;
    const faults = document.diagnostics.filter(({ severity }) => severity === 'error').length;
    const verdict = this.parts.results.get(uri.toString()).last?.verdict ?? 'not run yet';
    const cases = survey.cases.slice(0, MAX_CASES_OF_FILE).map(({ id }) => id);
    return [
      `- ${name}: "${survey.name}", ${survey.cases.length} cases, ${survey.stages.length} load stages, last verdict: ${verdict}` +
        (faults === 0 ? '' : `, ${faults} errors in the file`),
      ...(cases.length === 0 ? [] : [`  case ids: ${cases.join(', ')}`]),
    ].join('\n');
  }
}

class RunTool implements vscode.LanguageModelTool<RunInput> {
  constructor(private readonly parts: ToolParts) {}

  /** Plans and sends nothing; the person sees where the prompts would go before anything does. */
  async prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<RunInput>): Promise<vscode.PreparedToolInvocation> {
    const file = await fileNamed(this.parts, input.file);
    mustBeTrusted();
    const parsed = this.parts.documents.current(await vscode.workspace.openTextDocument(file.uri));
    const { plan } = await this.parts.planner.plan(parsed, selectionOf(input));
    const name = vscode.workspace.asRelativePath(file.uri);
    const lines = [vscode.l10n.t('An agent wants to run the eval {0}.', name)];
    if (plan === null) lines.push(vscode.l10n.t('The file has problems, so nothing would be sent.'));
    else {
      const { requests, costUsd, unpriced, endpoints } = estimateOf(plan);
      const about = formatCount(requests);
      lines.push(vscode.l10n.t('It sends about {0} requests to {1}.', about, endpoints.join(', ')));
      if (costUsd !== null) lines.push(vscode.l10n.t('Estimated cost: {0}.', formatMoney(costUsd)));
      if (unpriced.length > 0) {
        lines.push(vscode.l10n.t('What {0} costs is not known: no price is given.', unpriced.join(', ')));
      }
      const budget = budgetOf(input, plan.budget?.costUsd);
      lines.push(vscode.l10n.t('The run stops at a cost of {0}.', formatMoney(budget)));
    }
    return {
      invocationMessage: vscode.l10n.t('Running the eval {0}', name),
      confirmationMessages: { title: vscode.l10n.t('Run Eval'), message: plainText(lines) },
    };
  }

  async invoke(
    { input, tokenizationOptions }: vscode.LanguageModelToolInvocationOptions<RunInput>,
    token: vscode.CancellationToken,
  ): Promise<vscode.LanguageModelToolResult> {
    const { controller, redactor } = this.parts;
    const file = await fileNamed(this.parts, input.file);
    mustBeTrusted();
    const abort = new AbortController();
    const listener = token.onCancellationRequested(() => abort.abort());
    try {
      const end = await controller.run(requestOf(file.uri, input), { signal: abort.signal, quiet: true });
      if (end.run === null || end.dir === null) {
        const why = end.error ?? 'the person did not agree to it, or called it off';
        return textResult(redactor.text(`The eval was not run: ${why}`));
      }
      const broken = end.error === null ? '' : `The run did not complete: ${end.error}\n\n`;
      const text = digestOf(end.run, await failedOf(end.dir), charactersFor(tokenizationOptions));
      return textResult(redactor.text(broken + text));
    } finally {
      listener.dispose();
    }
  }
}

class ReadTool implements vscode.LanguageModelTool<ReadInput> {
  constructor(private readonly parts: ToolParts) {}

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<ReadInput>): vscode.PreparedToolInvocation {
    return { invocationMessage: vscode.l10n.t('Reading the results of {0}', input.file) };
  }

  async invoke({
    input,
    tokenizationOptions,
  }: vscode.LanguageModelToolInvocationOptions<ReadInput>): Promise<vscode.LanguageModelToolResult> {
    const { planner, redactor } = this.parts;
    const file = await fileNamed(this.parts, input.file);
    const runsDir = planner.runsDirectory(file.uri);
    const source = planner.sourcePath(file.uri);
    // Only a name that is there: one that the agent makes up could lead out of the folder.
    const names = (await listRuns(runsDir)).filter((name) => input.run === undefined || name === input.run);
    for (const name of names) {
      const dir = path.join(runsDir, name);
      const run = await readRun(dir).catch((error: unknown) => unreadable(error));
      if (run?.source.path !== source || run.status === 'running') continue;
      const text = digestOf(run, await failedOf(dir), charactersFor(tokenizationOptions));
      return textResult(redactor.text(text));
    }
    return textResult(
      input.run === undefined
        ? `${input.file} has not been run yet. Run it with ${ToolName.run}.`
        : `There is no run ${input.run} of ${input.file}.`,
    );
  }
}

/** A folder of another version, or one that is damaged: there may be an older run behind it. */
function unreadable(_error: unknown): RunJson | null {
  return null;
}

async function failedOf(dir: string): Promise<CaseRecord[]> {
  const failed: CaseRecord[] = [];
  for await (const record of readCases(dir)) {
    if (record.outcome === 'failed' || record.outcome === 'error') failed.push(record);
    if (failed.length >= MAX_FAILED) break;
  }
  return failed;
}

/**
 * The eval file of the workspace that an agent names; no other file is read for it.
 * @throws Error with the files that there are
 */
async function fileNamed({ index }: ToolParts, name: string): Promise<IndexedFile> {
  const files = await index.list();
  const wanted = name.replaceAll('\\', '/').replace(/^\.\//, '');
  const found = files.find(
    ({ uri }) => vscode.workspace.asRelativePath(uri) === wanted || uri.fsPath === name || uri.path === wanted,
  );
  if (found !== undefined) return found;
  const names = files.slice(0, MAX_FILES).map(({ uri }) => vscode.workspace.asRelativePath(uri));
  throw new Error(`There is no eval file ${name} in this workspace. There are: ${names.join(', ') || 'none'}.`);
}

function mustBeTrusted(): void {
  if (vscode.workspace.isTrusted) return;
  throw new Error('This workspace is not trusted, so its evals are shown and not run. The person can trust it.');
}

function selectionOf({ cases, part = 'all' }: RunInput): { what: 'all' | 'cases' | 'load'; cases?: string[] } {
  return cases === undefined || cases.length === 0 ? { what: part } : { what: 'cases', cases };
}

function requestOf(uri: vscode.Uri, input: RunInput): RunRequest {
  const { cases = [], part = 'all' } = input;
  const budget = { costUsd: budgetOf(input) };
  if (cases.length > 0) return { uri, what: 'case', ids: cases, budget };
  return { uri, what: part === 'all' ? 'file' : part, budget };
}

/** The agent's limit, which can lower that of the file and not raise it. */
function budgetOf({ max_cost_usd: wanted = DEFAULT_BUDGET_USD }: RunInput, ofFile = Infinity): number {
  return Math.min(wanted, ofFile);
}

function charactersFor(options: vscode.LanguageModelToolTokenizationOptions | undefined): number {
  // Numbers and paths have fewer characters a token than prose.
  return options === undefined ? MAX_CHARACTERS : Math.min(MAX_CHARACTERS, options.tokenBudget * 3);
}

/** Names of files and hosts are the workspace's: they must not become links. */
function plainText(lines: readonly string[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  for (const line of lines) text.appendText(line).appendMarkdown('\n\n');
  return text;
}

function textResult(text: string): vscode.LanguageModelToolResult {
  return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
}
