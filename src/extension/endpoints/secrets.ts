import * as vscode from 'vscode';
import type { Redactor } from '../../core/util/redact';
import type { EndpointPlan } from '../../protocol/plan';
import { originOf } from './hosts';

/** What a key belongs to. */
export type EndpointIdentity = Pick<EndpointPlan, 'name' | 'url'>;

export interface MissingKey {
  endpoint: EndpointPlan;
  /** The environment variable that the file names. */
  variable: string;
}

/**
 * API keys, from the environment or from the editor's secret store. A stored key belongs to an endpoint's name and its
 * origin: another folder's file that uses the same name for another host is not given it.
 */
export class ApiKeys {
  /** A stored key was set or deleted, in whichever window. */
  readonly onDidChange: vscode.Event<unknown>;

  constructor(
    private readonly storage: vscode.SecretStorage,
    private readonly redactor: Redactor,
  ) {
    this.onDidChange = storage.onDidChange;
  }

  /** Keys by endpoint name for a run, and the endpoints that ask for one that is nowhere to be found. */
  async collect(endpoints: readonly EndpointPlan[]): Promise<{ keys: Record<string, string>; missing: MissingKey[] }> {
    const keys: Record<string, string> = {};
    const missing: MissingKey[] = [];
    for (const endpoint of endpoints) {
      const variable = endpoint.apiKeyEnv;
      const fromEnvironment = variable === undefined ? undefined : process.env[variable];
      const key = fromEnvironment || (await this.storage.get(storageKey(endpoint)));
      if (key) {
        this.redactor.add(key);
        keys[endpoint.name] = key;
      } else if (variable !== undefined) {
        missing.push({ endpoint, variable });
      }
    }
    return { keys, missing };
  }

  /** Keeps a secret that was made up for one run out of everything that is shown or stored. */
  hide(secret: string): void {
    this.redactor.add(secret);
  }

  /** Asks for a key and stores it. Resolves to whether one was given. */
  async ask(endpoint: EndpointIdentity): Promise<boolean> {
    const key = await vscode.window.showInputBox({
      title: vscode.l10n.t('API key for {0}', endpoint.name),
      prompt: vscode.l10n.t(
        "Kept in the editor's secret store and sent to {0} only.",
        originOf(endpoint.url) ?? vscode.l10n.t('this endpoint'),
      ),
      password: true,
      ignoreFocusOut: true,
      validateInput: (value) => (value.trim() === '' ? vscode.l10n.t('Enter the key, or press Escape.') : undefined),
    });
    if (key === undefined) return false;
    await this.set(endpoint, key.trim());
    return true;
  }

  async set(endpoint: EndpointIdentity, key: string): Promise<void> {
    this.redactor.add(key);
    await this.storage.store(storageKey(endpoint), key);
  }

  /** Where the key of a run would come from; null where the endpoint asks for none and none is stored. */
  async sourceOf(
    endpoint: EndpointIdentity & Pick<EndpointPlan, 'apiKeyEnv'>,
  ): Promise<'environment' | 'stored' | 'missing' | null> {
    const { apiKeyEnv } = endpoint;
    if (apiKeyEnv !== undefined && process.env[apiKeyEnv]) return 'environment';
    if (await this.storage.get(storageKey(endpoint))) return 'stored';
    return apiKeyEnv === undefined ? null : 'missing';
  }

  async delete(endpoint: EndpointIdentity): Promise<void> {
    await this.storage.delete(storageKey(endpoint));
  }
}

function storageKey(endpoint: EndpointIdentity): string {
  return `promptrig.apiKey:${endpoint.name}@${originOf(endpoint.url) ?? ''}`;
}
