import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import { CommandId, ViewId } from '../contributions';
import type { EndpointHealth } from '../endpoints/endpoint-health';
import type { EndpointList } from '../endpoints/endpoint-list';
import type { EndpointTester } from '../endpoints/endpoint-tester';
import type { KnownEndpoint } from '../endpoints/known-endpoints';
import type { ApiKeys } from '../endpoints/secrets';
import { escapeMarkdown } from '../language/markdown';
import { contextOf, descriptionOf, detailsOf, dotOf, type EndpointDetail, type EndpointFacts } from './endpoint-rows';

/** A row of the view, and what its commands are told. */
export interface EndpointRow {
  kind: 'endpoint';
  name: string;
  /** Base URL, which says which stored key belongs to it. */
  url: string | null;
  endpoint: KnownEndpoint;
}

export type EndpointsRow = EndpointRow | { kind: 'detail'; of: EndpointRow; detail: EndpointDetail };

/**
 * What a dragged endpoint is carried as, from this view to the evals. Not the type of the tree itself: under that one VS Code
 * carries handles of rows, which the other view would find in place of the names.
 */
export const ENDPOINT_MIME = 'application/vnd.promptrig.endpoints';

export interface EndpointsTreeParts {
  list: EndpointList;
  health: EndpointHealth;
  tester: EndpointTester;
  keys: ApiKeys;
  log: vscode.LogOutputChannel;
}

/** The endpoints with what is known of each; dragged onto an eval, one runs it. */
export class EndpointsTree
  implements vscode.TreeDataProvider<EndpointsRow>, vscode.TreeDragAndDropController<EndpointsRow>, vscode.Disposable
{
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<EndpointsRow | undefined>());
  /** Rows are kept, since VS Code knows them by identity. */
  private readonly rows = new Map<string, EndpointRow>();
  readonly view: vscode.TreeView<EndpointsRow>;

  readonly onDidChangeTreeData = this.changed.event;
  readonly dragMimeTypes = [ENDPOINT_MIME];
  readonly dropMimeTypes: string[] = [];

  constructor(private readonly parts: EndpointsTreeParts) {
    const { list, health, tester, keys } = parts;
    this.view = this.store.add(
      vscode.window.createTreeView(ViewId.endpoints, { treeDataProvider: this, dragAndDropController: this }),
    );
    this.store.add(list.onDidChange(() => this.changed.fire(undefined)));
    this.store.add(keys.onDidChange(() => this.changed.fire(undefined)));
    this.store.add(health.onDidChange((key) => this.redraw(key)));
    this.store.add(tester.onDidChange((key) => this.redraw(key)));
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.changed.fire(undefined)));
    this.store.add(this.view.onDidChangeVisibility(({ visible }) => health.setVisible(visible)));
    health.setVisible(this.view.visible);
  }

  async getChildren(row?: EndpointsRow): Promise<EndpointsRow[]> {
    if (row === undefined) return this.roots();
    if (row.kind === 'detail') return [];
    return detailsOf(await this.facts(row)).map((detail) => ({ kind: 'detail', of: row, detail }));
  }

  getParent(row: EndpointsRow): EndpointsRow | undefined {
    return row.kind === 'detail' ? row.of : undefined;
  }

  async getTreeItem(row: EndpointsRow): Promise<vscode.TreeItem> {
    return row.kind === 'detail' ? detailItem(row.of, row.detail) : endpointItem(row, await this.facts(row));
  }

  handleDrag(source: readonly EndpointsRow[], data: vscode.DataTransfer): void {
    const names = source.flatMap((row) => (row.kind === 'endpoint' ? [row.name] : []));
    // Between two views only text survives.
    if (names.length > 0) data.set(ENDPOINT_MIME, new vscode.DataTransferItem(JSON.stringify(names)));
  }

  /** Shows an endpoint in the view, opened to its details. Resolves to whether it has a row. */
  async reveal(endpoint: KnownEndpoint): Promise<boolean> {
    const row = (await this.roots()).find((one) => one.endpoint.key === endpoint.key);
    if (row === undefined) return false;
    await this.view.reveal(row, { select: true, focus: false, expand: true });
    return true;
  }

  dispose(): void {
    this.store.dispose();
  }

  private async roots(): Promise<EndpointRow[]> {
    const { list, health, log } = this.parts;
    let endpoints: KnownEndpoint[];
    try {
      endpoints = await list.list();
      this.view.message = list.problem ?? undefined;
    } catch (error) {
      log.error(`The endpoints could not be listed: ${messageOf(error)}`);
      this.view.message = vscode.l10n.t('The endpoints could not be listed: {0}', messageOf(error));
      return [];
    }
    health.watch(endpoints);
    // The simulator alone is what a fresh install has: the view then says what to do first.
    if (endpoints.every(({ place }) => place.kind === 'builtin')) return [];
    return endpoints.map((endpoint) => this.row(endpoint));
  }

  private row(endpoint: KnownEndpoint): EndpointRow {
    const { key, name, plan } = endpoint;
    const row: EndpointRow = this.rows.get(key) ?? { kind: 'endpoint', name, url: plan.url, endpoint };
    Object.assign(row, { endpoint, url: plan.url });
    this.rows.set(key, row);
    return row;
  }

  private async facts({ endpoint }: EndpointRow): Promise<EndpointFacts> {
    const { health, tester, keys } = this.parts;
    return {
      endpoint,
      health: health.get(endpoint),
      unchecked: health.reason(endpoint),
      testing: tester.isTesting(endpoint.key),
      outcome: tester.get(endpoint.key),
      key: endpoint.plan.url === null ? null : await keys.sourceOf(endpoint.plan),
      severalFolders: (vscode.workspace.workspaceFolders?.length ?? 0) > 1,
    };
  }

  private redraw(key: string): void {
    const row = this.rows.get(key);
    if (row !== undefined) this.changed.fire(row);
  }
}

function endpointItem(row: EndpointRow, facts: EndpointFacts): vscode.TreeItem {
  const { endpoint } = row;
  const item = new vscode.TreeItem(endpoint.name, vscode.TreeItemCollapsibleState.Collapsed);
  const dot = dotOf(facts);
  item.id = endpoint.key;
  item.description = descriptionOf(facts);
  item.contextValue = contextOf(facts);
  item.iconPath = new vscode.ThemeIcon(dot.icon, dot.color === null ? undefined : new vscode.ThemeColor(dot.color));
  item.tooltip = tooltipOf(endpoint.name, detailsOf(facts));
  item.accessibilityInformation = { label: vscode.l10n.t('Endpoint {0}, {1}', endpoint.name, item.description) };
  return item;
}

function detailItem(row: EndpointRow, { id, label, text, icon }: EndpointDetail): vscode.TreeItem {
  const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.None);
  item.id = `${row.endpoint.key}/${id}`;
  item.description = text;
  item.tooltip = text;
  item.iconPath = new vscode.ThemeIcon(icon);
  item.accessibilityInformation = { label: `${label}: ${text}` };
  if (id !== 'about')
    item.command = { command: CommandId.editEndpoint, title: vscode.l10n.t('Edit'), arguments: [row] };
  return item;
}

/** What a server said is text of a stranger. */
function tooltipOf(name: string, details: readonly EndpointDetail[]): vscode.MarkdownString {
  const lines = details.map(({ label, text }) => `${label}: ${escapeMarkdown(text)}`);
  return new vscode.MarkdownString([`**${escapeMarkdown(name)}**`, ...lines].join('\n\n'));
}
