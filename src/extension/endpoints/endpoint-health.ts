import * as vscode from 'vscode';
import type { ProbeResult } from '../../core/endpoints/probe';
import { systemClock } from '../../core/util/clock';
import { DisposableStore } from '../../core/util/disposable';
import type { Redactor } from '../../core/util/redact';
import { affects, setting } from '../config';
import { parts } from '../parts/load';
import { originOf } from './hosts';
import { HealthMonitor, type Health } from './health-monitor';
import type { HostTrust } from './host-trust';
import { isPaid, type KnownEndpoint } from './known-endpoints';
import type { ApiKeys } from './secrets';

export interface EndpointHealthParts {
  hosts: HostTrust;
  keys: ApiKeys;
  redactor: Redactor;
}

/** Whether the endpoints answer, looked at while their view is open, and only where that is allowed. */
export class EndpointHealth implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly monitor: HealthMonitor;
  private endpoints = new Map<string, KnownEndpoint>();

  readonly onDidChange: HealthMonitor['onDidChange'];

  constructor(private readonly parts: EndpointHealthParts) {
    this.monitor = this.store.add(
      new HealthMonitor({ clock: systemClock, check: (key, signal) => this.check(key, signal) }),
    );
    this.onDidChange = this.monitor.onDidChange;
    const rewatch = (): void => this.watch([...this.endpoints.values()]);
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(rewatch));
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (affects(event, 'endpointHealth')) rewatch();
      }),
    );
    this.store.add(
      parts.keys.onDidChange(() => {
        for (const key of this.endpoints.keys()) this.monitor.forget(key);
        rewatch();
      }),
    );
  }

  get(endpoint: KnownEndpoint): Health {
    return this.monitor.get(endpoint.key);
  }

  /** The endpoints that are listed. One that has another address or key than before is another. */
  watch(endpoints: readonly KnownEndpoint[]): void {
    const before = this.endpoints;
    this.endpoints = new Map(endpoints.map((endpoint) => [endpoint.key, endpoint]));
    for (const { key, plan } of endpoints) {
      const known = before.get(key);
      if (known !== undefined && identity(known.plan) !== identity(plan)) this.monitor.forget(key);
    }
    this.monitor.watch(endpoints.filter((endpoint) => this.reason(endpoint) === null).map(({ key }) => key));
  }

  setVisible(visible: boolean): void {
    this.monitor.setVisible(visible);
  }

  /** Looks at once, also at paid ones: a person asked. Never where nothing may be sent. */
  checkNow(): void {
    for (const endpoint of this.endpoints.values()) {
      if (this.obstacle(endpoint) === null) this.monitor.checkNow(endpoint.key);
    }
  }

  /** Why an endpoint is not looked at on its own; null where it is. */
  reason(endpoint: KnownEndpoint): string | null {
    const obstacle = this.obstacle(endpoint);
    if (obstacle !== null) return obstacle;
    const when = setting('endpointHealth');
    if (when === 'off') return vscode.l10n.t('Checks are turned off in the settings.');
    return when === 'unpriced' && isPaid(endpoint.plan)
      ? vscode.l10n.t('Paid endpoints are checked on demand only.')
      : null;
  }

  dispose(): void {
    this.store.dispose();
  }

  private obstacle({ plan, problem }: KnownEndpoint): string | null {
    if (problem !== null) return problem;
    if (plan.url === null) return vscode.l10n.t('It has no address to ask.');
    if (!vscode.workspace.isTrusted) return vscode.l10n.t('Nothing is sent from a workspace that is not trusted.');
    if (!this.parts.hosts.isAllowed(plan))
      return vscode.l10n.t(
        'Nothing was sent to {0} from this workspace yet: test it once.',
        new URL(originOf(plan.url) ?? plan.url).host,
      );
    return null;
  }

  private async check(key: string, signal: AbortSignal): Promise<ProbeResult> {
    const endpoint = this.endpoints.get(key);
    if (endpoint === undefined || this.obstacle(endpoint) !== null)
      return { ok: false, kind: 'gone', message: vscode.l10n.t('It may not be asked any more.') };
    const { keys, redactor } = this.parts;
    const { keys: found, missing } = await keys.collect([endpoint.plan]);
    const [absent] = missing;
    if (absent !== undefined)
      return {
        ok: false,
        kind: 'no_key',
        message: vscode.l10n.t(
          'It needs a key: the environment variable {0} is not set and no key is stored.',
          absent.variable,
        ),
      };
    return parts().probeEndpoint(endpoint.plan, {
      apiKey: found[endpoint.name],
      redact: (text) => redactor.text(text),
      signal,
    });
  }
}

/** What a check depends on. */
function identity({ url, api, apiKeyEnv, headers, proxy, tls }: KnownEndpoint['plan']): string {
  return JSON.stringify([url, api, apiKeyEnv, headers, proxy, tls]);
}
