import * as vscode from 'vscode';
import type { EndpointIdentity } from '../endpoints/secrets';
import type { Planner } from '../engine/planner';
import type { EvalDocuments } from '../language/documents';
import type { Tell } from '../messages';

/** Lets the person choose among the endpoints that the open eval files run on. */
export async function pickEndpoint(
  documents: EvalDocuments,
  planner: Planner,
  tell: Tell,
  title: string,
): Promise<EndpointIdentity | undefined> {
  // Planning renders templates, which are code of the workspace.
  if (!vscode.workspace.isTrusted) {
    tell(
      'warning',
      vscode.l10n.t('Keys are given to endpoints of trusted workspaces only. Trust this workspace first.'),
    );
    return undefined;
  }
  const endpoints = new Map<string, EndpointIdentity>();
  for (const parsed of documents.all) {
    const { plan } = await planner.plan(parsed, {});
    for (const { endpoint } of plan?.targets ?? []) {
      // What has no address is given no key.
      if (endpoint.url !== null) endpoints.set(`${endpoint.name} ${endpoint.url}`, endpoint);
    }
  }
  if (endpoints.size === 0) {
    tell('info', vscode.l10n.t('Open an eval file that names an endpoint with a `url`, then set its key.'));
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    [...endpoints.values()].map((endpoint) => ({ label: endpoint.name, description: endpoint.url ?? '', endpoint })),
    {
      title,
      placeHolder: vscode.l10n.t('The key is kept in the editor’s secret store, for this endpoint and its host'),
    },
  );
  return picked?.endpoint;
}
