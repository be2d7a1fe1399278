import * as vscode from 'vscode';
import type { EndpointPlan } from '../../protocol/plan';
import { isLoopback, originOf } from './hosts';

const STATE_KEY = 'promptrig.allowedHosts';

/** Asks once per workspace before anything is sent to a host that is not this machine. */
export class HostTrust {
  constructor(private readonly state: vscode.Memento) {}

  /** Whether everything that the endpoint names may be sent to without a question. */
  isAllowed(endpoint: EndpointPlan): boolean {
    return this.unasked([endpoint]).size === 0;
  }

  /** Whether every endpoint may be sent to; asks for those that were not allowed before. */
  async allow(endpoints: readonly EndpointPlan[]): Promise<boolean> {
    const asking = this.unasked(endpoints);
    if (asking.size === 0) return true;
    const lines = [...asking].map(([origin, uses]) => {
      const keys = [...new Set(uses.flatMap((use) => (use.apiKeyEnv === undefined ? [] : [use.apiKeyEnv])))];
      return keys.length === 0 ? origin : vscode.l10n.t('{0}, with the key in {1}', origin, listOf(keys));
    });
    const send = vscode.l10n.t('Send');
    const answer = await vscode.window.showWarningMessage(
      vscode.l10n.t(
        'Send the prompts of this workspace to {0}?',
        listOf([...asking.keys()].map((origin) => new URL(origin).host)),
      ),
      {
        modal: true,
        detail: `${lines.join('\n')}\n\n${vscode.l10n.t('You are asked once per workspace. Nothing is sent anywhere else.')}`,
      },
      send,
    );
    if (answer !== send) return false;
    const allowed = this.allowed;
    for (const [origin, uses] of asking) for (const use of uses) allowed.add(grant(origin, use));
    await this.state.update(STATE_KEY, [...allowed]);
    return true;
  }

  private get allowed(): Set<string> {
    return new Set(this.state.get<string[]>(STATE_KEY, []));
  }

  /** Hosts that the person was not asked about, with the endpoints that name them. */
  private unasked(endpoints: readonly EndpointPlan[]): Map<string, EndpointPlan[]> {
    const { allowed } = this;
    const asking = new Map<string, EndpointPlan[]>();
    for (const endpoint of endpoints) {
      for (const url of [endpoint.url, endpoint.proxy]) {
        const origin = originOf(url);
        if (origin === null || isLoopback(origin)) continue;
        // A file may name any variable of the environment as its key: another variable is another question.
        if (allowed.has(grant(origin, endpoint))) continue;
        asking.set(origin, [...(asking.get(origin) ?? []), endpoint]);
      }
    }
    return asking;
  }
}

function grant(origin: string, endpoint: EndpointPlan): string {
  return endpoint.apiKeyEnv === undefined ? origin : `${origin} ${endpoint.apiKeyEnv}`;
}

/** `a and b`, as the editor's language puts it. */
function listOf(names: readonly string[]): string {
  return new Intl.ListFormat(vscode.env.language, { type: 'conjunction' }).format(names);
}
