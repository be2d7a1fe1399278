import * as vscode from 'vscode';
import type { EndpointSpec } from '../../core/spec/schema-endpoint';
import { DisposableStore } from '../../core/util/disposable';
import { affects, setting } from '../config';
import { CONFIG_SECTION } from '../contributions';
import { specBundle } from '../spec/load';

const KEY = 'endpoints';

export interface UserEndpoint {
  /** Place in the setting. */
  index: number;
  spec: EndpointSpec;
  /** What is wrong with it, so that it cannot be used; null where nothing is. */
  problem: string | null;
}

/** The endpoints of the setting `promptrig.endpoints`: a person's own, beside those that a folder shares. */
export class UserEndpoints implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<void>());
  private known: UserEndpoint[] | null = null;

  readonly onDidChange = this.changed.event;

  constructor() {
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!affects(event, KEY)) return;
        this.known = null;
        this.changed.fire();
      }),
    );
  }

  get list(): readonly UserEndpoint[] {
    return (this.known ??= read(setting(KEY)));
  }

  /** Those that a run may use. */
  get usable(): EndpointSpec[] {
    return this.list.flatMap(({ spec, problem }) => (problem === null ? [spec] : []));
  }

  async add(spec: EndpointSpec): Promise<void> {
    await this.update((own) => [...own, spec]);
  }

  /** Removes the first endpoint of a name from the person's own settings. Resolves to whether it was there. */
  async remove(name: string): Promise<boolean> {
    let removed = false;
    await this.update((own) => {
      const at = own.findIndex((item) => nameOf(item) === name);
      removed = at >= 0;
      return removed ? own.filter((_, index) => index !== at) : own;
    });
    return removed;
  }

  dispose(): void {
    this.store.dispose();
  }

  /** What a workspace adds to the setting is no person's own: it is left alone. */
  private async update(change: (own: unknown[]) => unknown[]): Promise<void> {
    const configuration = vscode.workspace.getConfiguration(CONFIG_SECTION);
    const own = configuration.inspect<unknown>(KEY)?.globalValue;
    const before = Array.isArray(own) ? (own as unknown[]) : [];
    const after = change(before);
    if (after === before) return;
    await configuration.update(KEY, after.length === 0 ? undefined : after, vscode.ConfigurationTarget.Global);
  }
}

/** The setting is checked as the list of `promptrig.yaml` would be: JSON is YAML. */
function read(value: unknown): UserEndpoint[] {
  if (!Array.isArray(value) || value.length === 0) return [];
  const items = value as unknown[];
  // One by one: what is wrong with one of them must not move the places of the others.
  return items.flatMap((item, index) => {
    const { workspace, diagnostics } = specBundle().parseEvalFile(
      JSON.stringify({ endpoints: [item] }),
      'promptrig.yaml',
    );
    const fault = diagnostics.find(({ severity }) => severity === 'error');
    const name = nameOf(item);
    const spec = workspace?.endpoints?.[0] ?? (name === null ? undefined : { name });
    if (spec === undefined)
      return [
        {
          index,
          spec: { name: vscode.l10n.t('endpoint {0}', index + 1) },
          problem: fault?.message ?? vscode.l10n.t('It has no name.'),
        },
      ];
    return [{ index, spec, problem: fault?.message ?? null }];
  });
}

function nameOf(item: unknown): string | null {
  if (typeof item !== 'object' || item === null || !('name' in item)) return null;
  return typeof item.name === 'string' && item.name !== '' ? item.name : null;
}
