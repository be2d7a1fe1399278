/** Asks, once a session, before runs that start by themselves may cost money. */
import { endpointsOfPlan } from '../../core/engine/plan-uses';
import type { EndpointPlan, RunPlan } from '../../protocol/plan';
import { isLoopback, originOf } from '../endpoints/hosts';
import { l10n } from '../l10n';

export class CostConsent {
  /** By what an endpoint is asked as: whether it may be asked by itself. */
  private readonly answers = new Map<string, boolean>();

  /** @param ask shows the question; false where it is declined or dismissed */
  constructor(private readonly ask: (question: string) => Promise<boolean>) {}

  /** Whether every endpoint that may cost money may be asked without a person pressing a button. */
  async allows(plan: RunPlan): Promise<boolean> {
    const costly = endpointsOfPlan(plan).filter(mayCost);
    const unknown = costly.filter((endpoint) => !this.answers.has(nameOf(endpoint)));
    if (unknown.length > 0) {
      const names = unknown.map(({ name, model }) => (model === '' ? name : `${name} (${model})`)).join(', ');
      const answer = await this.ask(
        l10n.t(
          'This may cost money: each save runs the cases that it changes on {0}. Run on save in this session?',
          names,
        ),
      );
      for (const endpoint of unknown) this.answers.set(nameOf(endpoint), answer);
    }
    return costly.every((endpoint) => this.answers.get(nameOf(endpoint)) === true);
  }

  /** What was declined is asked again: a person has switched runs on save on anew. */
  askAgain(): void {
    for (const [name, answer] of this.answers) if (!answer) this.answers.delete(name);
  }
}

/** It has a price, or is not this machine: then somebody pays for it. */
export function mayCost({ api, url, price }: Pick<EndpointPlan, 'api' | 'url' | 'price'>): boolean {
  if (price !== undefined) return price.inputPer1M > 0 || price.outputPer1M > 0;
  if (api === 'sim') return false;
  const origin = originOf(url);
  return origin === null || !isLoopback(origin);
}

function nameOf({ name, url, model }: EndpointPlan): string {
  return `${name} ${originOf(url) ?? ''} ${model}`;
}
