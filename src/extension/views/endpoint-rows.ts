/** What a row of the Endpoints view says, apart from how VS Code draws it. */
import { formatValue } from '../../protocol/format';
import { TreeItemContext, TreeItemMark } from '../contributions';
import type { Health } from '../endpoints/health-monitor';
import { addressOf, isPaid, type KnownEndpoint } from '../endpoints/known-endpoints';
import { latencyText, outcomeSentence, type TestOutcome } from '../endpoints/test-outcome';
import { l10n } from '../l10n';

export interface EndpointFacts {
  endpoint: KnownEndpoint;
  health: Health;
  /** Why it is not looked at on its own; null where it is. */
  unchecked: string | null;
  testing: boolean;
  outcome: TestOutcome | undefined;
  /** Where its key comes from; null where none is known of. */
  key: 'environment' | 'stored' | 'missing' | null;
  /** There are several folders, so that a name alone does not say which. */
  severalFolders: boolean;
}

/** The dot: a word, and a codicon whose shape says it without its colour. */
export interface EndpointDot {
  word: string;
  icon: string;
  color: string | null;
}

const DOTS = {
  ok: { word: l10n.t('ok'), icon: 'pass', color: 'testing.iconPassed' },
  failing: { word: l10n.t('failing'), icon: 'error', color: 'testing.iconFailed' },
  problem: { word: l10n.t('cannot be used'), icon: 'warning', color: 'list.warningForeground' },
  busy: { word: l10n.t('testing'), icon: 'loading~spin', color: 'testing.iconQueued' },
  checking: { word: l10n.t('checking'), icon: 'loading~spin', color: 'testing.iconQueued' },
  keyless: { word: l10n.t('needs a key'), icon: 'key', color: 'list.warningForeground' },
  builtin: { word: l10n.t('built in'), icon: 'beaker', color: null },
  unknown: { word: l10n.t('not checked'), icon: 'circle-large-outline', color: null },
} as const satisfies Record<string, EndpointDot>;

export function dotOf({ endpoint, health, testing, outcome, key }: EndpointFacts): EndpointDot {
  if (endpoint.problem !== null) return DOTS.problem;
  if (testing) return DOTS.busy;
  if (key === 'missing') return DOTS.keyless;
  switch (health.state) {
    case 'checking':
      return DOTS.checking;
    case 'failing':
      return DOTS.failing;
    case 'ok':
      return outcome?.ok === false ? DOTS.failing : DOTS.ok;
    case 'unknown':
      if (outcome !== undefined) return outcome.ok ? DOTS.ok : DOTS.failing;
      return endpoint.place.kind === 'builtin' ? DOTS.builtin : DOTS.unknown;
  }
}

/** Beside the name: the word of the dot first, since a narrow view cuts the end. */
export function descriptionOf(facts: EndpointFacts): string {
  const { endpoint, health, outcome, severalFolders } = facts;
  const { plan, place, isDefault, isHidden } = endpoint;
  const parts = [dotOf(facts).word];
  if (outcome?.ok === true) parts.push(latencyText(outcome));
  else if (health.state === 'ok' && outcome === undefined) parts.push(formatValue(health.elapsedMs, 'ms'));
  if (isDefault) parts.push(l10n.t('default'));
  if (place.kind !== 'builtin') parts.push(plan.model === '' ? plan.api : plan.model);
  if (place.kind === 'user') parts.push(isHidden ? l10n.t('yours, hidden by the folder’s') : l10n.t('yours'));
  else if (isHidden) parts.push(l10n.t('hidden by one of this name'));
  if (place.kind === 'workspace' && severalFolders) parts.push(place.folderName);
  return parts.join(' · ');
}

export function contextOf({ endpoint, key }: EndpointFacts): string {
  const { place, plan, isDefault } = endpoint;
  const marks: string[] = place.kind === 'file' ? [] : [TreeItemMark[place.kind]];
  if (plan.url !== null) marks.push(TreeItemMark.address);
  if (key === 'stored') marks.push(TreeItemMark.key);
  if (isDefault) marks.push(TreeItemMark.default);
  return [TreeItemContext.endpoint, ...marks].join('.');
}

export interface EndpointDetail {
  /** Unique within the endpoint. */
  id: string;
  label: string;
  text: string;
  icon: string;
}

/** What the row opens to: everything that is known, one fact a line, for readers who cannot hover. */
export function detailsOf(facts: EndpointFacts): EndpointDetail[] {
  const { endpoint, health, unchecked, outcome, testing, key } = facts;
  const { plan, problem, place } = endpoint;
  const details: EndpointDetail[] = [];
  const add = (id: string, label: string, text: string, icon: string): void => {
    if (text !== '') details.push({ id, label, text, icon });
  };
  if (problem !== null) add('problem', l10n.t('Problem'), problem, 'warning');
  add(
    'test',
    l10n.t('Test'),
    testing ? l10n.t('in progress') : outcome === undefined ? l10n.t('not tested yet') : outcomeSentence(outcome),
    'debug-alt',
  );
  if (place.kind !== 'builtin') {
    add('health', l10n.t('Health'), healthText(health, unchecked), 'pulse');
    add('api', 'API', plan.api, 'plug');
    add('url', l10n.t('Address'), addressOf(plan), 'link');
    add('model', l10n.t('Model'), plan.model, 'symbol-misc');
    add('key', l10n.t('Key'), keyText(plan.apiKeyEnv, key), 'key');
    add('price', l10n.t('Price'), priceText(facts.endpoint), 'credit-card');
    add('hardware', l10n.t('Hardware'), hardwareText(plan.hardware), 'server');
  } else {
    add('about', l10n.t('About'), l10n.t('A server inside of Promptrig: no key, no network, no cost'), 'info');
  }
  return details;
}

function healthText(health: Health, unchecked: string | null): string {
  switch (health.state) {
    case 'ok': {
      const models =
        health.models === null
          ? l10n.t('lists no models')
          : health.models.length === 1
            ? l10n.t('1 model')
            : l10n.t('{0} models', health.models.length);
      return l10n.t('answered after {0}, {1}', formatValue(health.elapsedMs, 'ms'), models);
    }
    case 'failing':
      return health.message;
    case 'checking':
      return l10n.t('is being checked');
    case 'unknown':
      return unchecked ?? l10n.t('not checked yet');
  }
}

function keyText(variable: string | undefined, key: EndpointFacts['key']): string {
  switch (key) {
    case 'environment':
      return l10n.t('from the environment variable {0}', variable ?? '');
    case 'stored':
      return l10n.t('kept in the secret store of this editor');
    case 'missing':
      return l10n.t('{0} is not set and no key is stored', variable ?? l10n.t('its variable'));
    case null:
      return l10n.t('none');
  }
}

function priceText({ plan }: KnownEndpoint): string {
  const { price } = plan;
  if (price === undefined) return isPaid(plan) ? l10n.t('not given; this service bills what is sent') : '';
  return l10n.t(
    '{0} in, {1} out, per million tokens',
    formatValue(price.inputPer1M, 'USD'),
    formatValue(price.outputPer1M, 'USD'),
  );
}

function hardwareText(hardware: KnownEndpoint['plan']['hardware']): string {
  if (hardware === undefined) return '';
  const { costPerHour, gpus, precision, note } = hardware;
  const parts = [
    note,
    gpus === undefined ? undefined : gpus === 1 ? l10n.t('1 GPU') : l10n.t('{0} GPUs', gpus),
    precision,
    costPerHour === undefined ? undefined : l10n.t('{0} an hour', formatValue(costPerHour, 'USD')),
  ];
  return parts.filter((part) => part !== undefined && part !== '').join(', ');
}
