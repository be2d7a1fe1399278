import * as path from 'node:path';
import * as vscode from 'vscode';
import type { PlanSelection } from '../../core/engine/plan';
import { endpointsOfPlan } from '../../core/engine/plan-uses';
import type { Diagnostic } from '../../core/spec/document';
import type { BudgetPlan, RunPlan } from '../../protocol/plan';
import { setting } from '../config';
import { CommandId } from '../contributions';
import type { HostTrust } from '../endpoints/host-trust';
import type { ApiKeys } from '../endpoints/secrets';
import { toRange } from '../language/convert';
import { editorEndpoints } from '../lm/plan-endpoints';
import { parts as loadParts } from '../parts/load';
import type { EvalDocuments, ParsedDocument } from '../language/documents';
import type { SpecProblems } from '../language/problems';
import type { Tell } from '../messages';
import type { Planner } from './planner';

/** What a person asked to run. */
export interface RunRequest {
  uri: vscode.Uri;
  /** `cases`: all of them, without the load. */
  what: 'file' | 'cases' | 'load' | 'case' | 'stage';
  /** Id of the case or stage. */
  id?: string;
  /** Ids of several cases or stages. */
  ids?: string[];
  /** Ids of the targets to run; all of the file's where it is absent. */
  targets?: string[];
  /** Names of endpoints to run on, whether or not the file names them; those of the file where it is absent. */
  endpoints?: string[];
  /** Where the run is to stop, beside what the file says: the lower of two limits counts. */
  budget?: BudgetPlan;
  /** Tell everything about each case, asked once on one target: the first where `targets` names none. */
  trace?: boolean;
  /** Which panel follows the run: that of the run where it is absent. */
  show?: 'compare';
}

/** What a surface that starts a run decides for itself. */
export interface RunOptions {
  /** Ends the run, or keeps it from starting. */
  signal?: AbortSignal;
  /** Says nothing in a message of the window: whoever asked shows why the run was refused, from its `error`. */
  quiet?: boolean;
  /** The last word before anything is sent: false refuses the run. */
  confirm?: (plan: RunPlan) => Promise<boolean>;
}

export interface PreparedRun {
  request: RunRequest;
  parsed: ParsedDocument;
  plan: RunPlan;
  /** By endpoint name; held in memory only. */
  keys: Record<string, string>;
  /** Gives back what was opened for the run; to be called once, when it is over or does not start after all. */
  release(): void;
}

export interface PreparationParts {
  documents: EvalDocuments;
  planner: Planner;
  problems: SpecProblems;
  hosts: HostTrust;
  keys: ApiKeys;
  tell: Tell;
}

/** Everything that can stop a run before anything is sent. Resolves to null, having said why, where it is stopped. */
export async function prepareRun(
  parts: PreparationParts,
  request: RunRequest,
  confirm?: RunOptions['confirm'],
): Promise<PreparedRun | null> {
  const { documents, planner, problems, hosts, keys, tell } = parts;
  if (!vscode.workspace.isTrusted) {
    tell(
      'warning',
      vscode.l10n.t(
        'Running an eval sends prompts and keys to the endpoints it names. Trust this workspace to run it.',
      ),
      {
        [vscode.l10n.t('Manage Workspace Trust')]: () => vscode.commands.executeCommand('workbench.trust.manage'),
      },
    );
    return null;
  }
  if (request.uri.scheme !== 'file') {
    tell(
      'warning',
      vscode.l10n.t('This file is not on disk, so its results have nowhere to go. Save it to a folder to run it.'),
    );
    return null;
  }
  const document = await vscode.workspace.openTextDocument(request.uri);
  if (document.isDirty && setting('saveBeforeRun', request.uri) && !(await document.save())) {
    tell(
      'error',
      vscode.l10n.t(
        '{0} could not be saved, so it was not run. Save it by hand, or turn off "Save Before Run".',
        nameOf(request.uri),
      ),
    );
    return null;
  }

  const parsed = await documents.settled(document);
  // The planner decides which problems count: those of a case that is not part of the run do not.
  const { plan: whole, diagnostics } = await planner.plan(parsed, selectionOf(request));
  problems.publish(parsed, diagnostics);
  if (whole === null) {
    tellProblems(tell, request.uri, [...parsed.document.diagnostics, ...diagnostics]);
    return null;
  }
  const plan = withBudget(narrowed(whole, request), request.budget);
  if (plan.targets.length === 0) {
    tell(
      'warning',
      vscode.l10n.t(
        '{0} is no longer run on {1}: refresh the list and choose again.',
        nameOf(request.uri),
        request.targets?.join(', ') ?? '',
      ),
    );
    return null;
  }
  if (confirm !== undefined && !(await confirm(plan))) return null;

  const endpoints = endpointsOfPlan(plan);
  const ofEditor = new Set(editorEndpoints(plan));
  const collected = await keys.collect(endpoints.filter((endpoint) => !ofEditor.has(endpoint)));
  const [missing] = collected.missing;
  if (missing !== undefined) {
    tell(
      'error',
      vscode.l10n.t(
        'The endpoint "{0}" needs an API key: the environment variable {1} is not set and no key is stored.',
        missing.endpoint.name,
        missing.variable,
      ),
      {
        [vscode.l10n.t('Set API Key')]: () =>
          vscode.commands.executeCommand(CommandId.setApiKey, {
            name: missing.endpoint.name,
            url: missing.endpoint.url,
          }),
      },
    );
    return null;
  }
  if (!(await hosts.allow(endpoints))) return null;
  const served = await loadParts().serveEditorModels(plan);
  for (const token of Object.values(served.keys)) keys.hide(token);
  return {
    request,
    parsed,
    plan: served.plan,
    keys: { ...collected.keys, ...served.keys },
    release: () => served.release(),
  };
}

function selectionOf(request: RunRequest): PlanSelection {
  const { endpoints } = request;
  return { ...partsOf(request), ...(endpoints === undefined ? {} : { endpoints }) };
}

function partsOf({ what, id, ids = id === undefined ? [] : [id] }: RunRequest): PlanSelection {
  switch (what) {
    case 'file':
      return { what: 'all' };
    case 'cases':
      return { what: 'cases' };
    case 'load':
      return { what: 'load' };
    case 'case':
      return { what: 'cases', cases: ids };
    case 'stage':
      return { what: 'load', stages: ids };
  }
}

/** The plan on the targets that are wanted; to be traced, with each case asked once on one of them. */
function narrowed(plan: RunPlan, { targets: wanted, trace = false }: RunRequest): RunPlan {
  const targets = plan.targets.filter(({ id }) => wanted === undefined || wanted.includes(id));
  if (!trace) return targets.length === plan.targets.length ? plan : { ...plan, targets };
  return {
    ...plan,
    trace,
    targets: targets.slice(0, 1).map((target) => ({
      ...target,
      cases: target.cases.map((item) => ({ ...item, repeat: 1 })),
    })),
  };
}

function withBudget(plan: RunPlan, budget: BudgetPlan | undefined): RunPlan {
  if (budget === undefined) return plan;
  const lower = { ...plan.budget };
  for (const key of ['costUsd', 'tokens', 'timeMs'] as const) {
    const limits = [plan.budget?.[key], budget[key]].filter((limit) => limit !== undefined);
    if (limits.length > 0) lower[key] = Math.min(...limits);
  }
  return { ...plan, budget: lower };
}

function tellProblems(tell: Tell, uri: vscode.Uri, diagnostics: readonly Diagnostic[]): void {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const [first] = errors;
  if (first === undefined) {
    tell('warning', diagnostics.at(-1)?.message ?? vscode.l10n.t('{0} has nothing to run.', nameOf(uri)));
    return;
  }
  const what =
    errors.length === 1
      ? vscode.l10n.t('A problem in {0} stops this run: {1}', nameOf(uri), first.message)
      : vscode.l10n.t('{0} problems in {1} stop this run.', errors.length, nameOf(uri));
  tell('error', what, {
    [vscode.l10n.t('Show Problems')]: async () => {
      await vscode.window.showTextDocument(vscode.Uri.file(first.path), { selection: toRange(first.range) });
      await vscode.commands.executeCommand('workbench.actions.view.problems');
    },
  });
}

function nameOf(uri: vscode.Uri): string {
  return path.basename(uri.fsPath);
}
