/** The guided way to a new endpoint, apart from how the editor asks: which question follows which, and what is made of the answers. */
import type { ProbeResult } from '../../core/endpoints/probe';
import type { EndpointSpec } from '../../core/spec/schema-endpoint';
import { DEFAULT_URLS } from '../../core/endpoints/default-urls';
import { isLoopback, originOf } from './hosts';
import { suggestName, type EndpointKind } from './vendors';
import { l10n } from '../l10n';

/** The person went back to the question before; the person gave up. */
export const BACK = Symbol('back');
export const CANCEL = Symbol('cancel');
export type Answer<T> = T | typeof BACK | typeof CANCEL;

export interface KeyChoice {
  kind: 'none' | 'environment' | 'secret';
  /** Name of the variable, or the key itself. */
  value: string;
}

export type SaveTo = { kind: 'workspace'; folder: string } | { kind: 'user' };

export interface Draft {
  kind: EndpointKind;
  url: string;
  key: KeyChoice;
  model: string;
  name: string;
  saveTo: SaveTo;
}

/** Position of a question: `step` of `of`. */
export interface Place {
  step: number;
  of: number;
}

export interface AddEndpointAsk {
  kind(place: Place, before: EndpointKind | undefined): Promise<Answer<EndpointKind>>;
  url(place: Place, suggestion: string, check: (value: string) => string | null): Promise<Answer<string>>;
  key(place: Place, kind: EndpointKind, url: string, before: KeyChoice | undefined): Promise<Answer<KeyChoice>>;
  /** @param models what the endpoint offers, while it is still being asked; it never rejects */
  model(place: Place, models: Promise<ProbeResult>, before: string): Promise<Answer<string>>;
  name(place: Place, suggestion: string, check: (value: string) => string | null): Promise<Answer<string>>;
  saveTo(place: Place, folders: readonly { folder: string; name: string }[]): Promise<Answer<SaveTo>>;
}

export interface AddEndpointContext {
  folders: readonly { folder: string; name: string }[];
  /** Names that are taken in a folder (a URI), or in the person's settings (null). */
  taken: (folder: string | null) => ReadonlySet<string>;
  /** Asks for the list of models; may ask the person whether the host may be sent to. Never rejects. */
  models: (draft: Pick<Draft, 'kind' | 'url' | 'key'>) => Promise<ProbeResult>;
}

const STEPS = ['kind', 'url', 'key', 'model', 'name', 'saveTo'] as const;

/** Asks one question after the other, back and forth; null where the person gave up. */
export async function askForEndpoint(ask: AddEndpointAsk, context: AddEndpointContext): Promise<Draft | null> {
  const draft: Partial<Draft> = {};
  // Where there is one place to save to, it is not asked for.
  const of = context.folders.length === 0 ? STEPS.length - 1 : STEPS.length;
  /** Of the list that was fetched: another address or key has other models. */
  let asked: { of: string; result: Promise<ProbeResult> } | undefined;
  const models = (kind: EndpointKind, url: string, key: KeyChoice): Promise<ProbeResult> => {
    const identity = JSON.stringify([kind.api, url, key]);
    if (asked?.of !== identity) asked = { of: identity, result: context.models({ kind, url, key }) };
    return asked.result;
  };
  let at = 0;
  while (at < of) {
    const place: Place = { step: at + 1, of };
    const answer = await question(at, place, draft, ask, context, models);
    if (answer === CANCEL) return null;
    if (answer === BACK) {
      at = Math.max(0, at - 1);
      continue;
    }
    Object.assign(draft, answer);
    at++;
  }
  const { kind, url, key, model, name, saveTo = { kind: 'user' } } = draft;
  if (kind === undefined || url === undefined || key === undefined || model === undefined || name === undefined)
    return null;
  return { kind, url, key, model, name, saveTo };
}

async function question(
  at: number,
  place: Place,
  draft: Partial<Draft>,
  ask: AddEndpointAsk,
  context: AddEndpointContext,
  models: (kind: EndpointKind, url: string, key: KeyChoice) => Promise<ProbeResult>,
): Promise<Answer<Partial<Draft>>> {
  const { kind, url, key } = draft;
  const as = <K extends keyof Draft>(name: K, answer: Answer<Draft[K]>): Answer<Partial<Draft>> =>
    answer === BACK || answer === CANCEL ? answer : { [name]: answer };
  const step = STEPS[at];
  if (step === 'kind' || kind === undefined) {
    const answer = await ask.kind(place, kind);
    // Another kind has another address; one that was typed for the same kind is kept.
    if (answer !== BACK && answer !== CANCEL && answer !== kind) {
      delete draft.url;
      delete draft.key;
    }
    return as('kind', answer);
  }
  if (step === 'url' || url === undefined) {
    const answer = await ask.url(place, url ?? kind.url, checkUrl);
    return as('url', typeof answer === 'string' ? cleanUrl(answer) : answer);
  }
  if (step === 'key' || key === undefined) return as('key', await ask.key(place, kind, url, key));
  if (step === 'model') {
    const answer = await ask.model(place, models(kind, url, key), draft.model ?? '');
    return as('model', typeof answer === 'string' ? answer.trim() : answer);
  }
  if (step === 'name') {
    const taken = new Set([...context.folders.map(({ folder }) => folder), null].flatMap((f) => [...context.taken(f)]));
    const suggestion = draft.name ?? suggestName(kind, draft.model ?? '', taken);
    const answer = await ask.name(place, suggestion, (value) => checkName(value, taken));
    return as('name', typeof answer === 'string' ? answer.trim() : answer);
  }
  return as('saveTo', await ask.saveTo(place, context.folders));
}

/** The endpoint as it is written; what follows from its protocol is left out. */
export function specOf({ kind, url, key, model, name }: Draft): EndpointSpec {
  return {
    name,
    api: kind.api,
    ...(url === DEFAULT_URLS[kind.api] ? {} : { url }),
    model,
    ...(key.kind === 'environment' ? { apiKeyEnv: key.value } : {}),
  };
}

/** What is wrong with an address; null where nothing is. */
export function checkUrl(value: string): string | null {
  const text = value.trim();
  if (text === '') return l10n.t('Enter the address of the server, such as http://127.0.0.1:8000/v1.');
  if (!/^https?:\/\//i.test(text)) return l10n.t('The address must start with http:// or https://.');
  const origin = originOf(text);
  if (origin === null) return l10n.t('This is no address.');
  const { username, password, searchParams } = new URL(text);
  if (username !== '' || password !== '')
    return l10n.t('A login does not belong into the address: the key is asked for next.');
  const secret = [...searchParams.keys()].find((key) => /key|token|secret/i.test(key));
  return secret === undefined
    ? null
    : l10n.t('A key ("{0}") does not belong into the address: it is asked for next.', secret);
}

/** What may be written as `apiKeyEnv`; null where a name will do. */
export function checkVariable(value: string): string | null {
  const text = value.trim();
  if (text === '') return l10n.t('Enter the name of an environment variable, such as OPENAI_API_KEY.');
  // A key pasted here would be written into a file that is shared.
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(text) || /^(?:sk|hf|gsk|xai|ghp)[-_]/.test(text) || text.length > 64)
    return l10n.t(
      'This is no name of an environment variable. A key itself goes into the secret store: go back and choose that.',
    );
  return null;
}

export function checkName(value: string, taken: ReadonlySet<string>): string | null {
  const text = value.trim();
  if (text === '') return l10n.t('Enter a name: files refer to the endpoint by it.');
  return taken.has(text) ? l10n.t('There is an endpoint called "{0}" already.', text) : null;
}

/** Whether traffic to an address leaves this machine unencrypted. */
export function isOpenTraffic(url: string): boolean {
  const origin = originOf(url);
  return origin !== null && origin.startsWith('http://') && !isLoopback(origin);
}

function cleanUrl(value: string): string {
  return value.trim().replace(/\/+$/, '');
}
