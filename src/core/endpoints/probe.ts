/** Whether an endpoint is there and which models it has. */
import type { EndpointPlan } from '../../protocol/plan';
import { proxySettings } from '../load/proxy';
import { httpFailure, timeoutFailure, transportFailure, type ErrorPlace } from '../load/request-errors';
import { messageOf } from '../util/errors';
import { errorMessageIn, excerpt } from './error-text';
import { getFrom, GetTimeout, OpenedError, TlsFileError, type GetAnswer } from './get';
import { modelListRequest, modelNames } from './model-list';

export interface ProbeOptions {
  apiKey: string | undefined;
  /** Masks secrets in what the server says. */
  redact: (text: string) => string;
  signal: AbortSignal;
  /** For the login of a proxy; that of the process by default. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** How long the whole answer may take, in ms. */
  timeoutMs?: number;
}

export type ProbeResult =
  /** It answers; `models` is null where it does not say which it has. */
  | { ok: true; models: string[] | null; elapsedMs: number }
  /** `kind` is a word for logs and tests, `message` a sentence for the person. */
  | { ok: false; kind: string; message: string };

const TIMEOUT_MS = 10_000;
/** Servers without a list of models answer so; they are there all the same. */
const NO_LIST: ReadonlySet<number> = new Set([404, 405, 501]);

/** Asks for the list of models. Never rejects. `sim` and `vscode-lm`, which have no address, are there by definition. */
export async function probeEndpoint(endpoint: EndpointPlan, options: ProbeOptions): Promise<ProbeResult> {
  const { url, api, headers, name, model, apiKeyEnv } = endpoint;
  const there: ProbeResult = { ok: true, models: null, elapsedMs: 0 };
  if (url === null) return there;
  const address = addressOf(url);
  if (address === null)
    return {
      ok: false,
      kind: 'bad_url',
      message: `The url of ${name} is no address. It must start with http:// or https://.`,
    };
  const { apiKey, redact, signal, timeoutMs = TIMEOUT_MS, environment = process.env } = options;
  const request = modelListRequest(api, { url, headers, apiKey });
  if (request === null) return there;
  const place: ErrorPlace = { endpoint: name, host: address.host, model, apiKeyEnv };
  let answer: GetAnswer;
  try {
    const proxy = endpoint.proxy === undefined ? undefined : proxySettings(endpoint.proxy, environment);
    if (proxy !== undefined) place.proxy = proxy.host;
    answer = await getFrom(endpoint, { url: address, ...request }, { proxy, signal, timeoutMs });
  } catch (error) {
    const { kind, message } = failureOf(error, place, signal);
    return { ok: false, kind, message: redact(message) };
  }
  const { status, body, elapsedMs } = answer;
  if (NO_LIST.has(status)) return { ...there, elapsedMs };
  if (status < 200 || status > 299) {
    // Redacted before it is shortened: half a key would not be recognised.
    const detail = excerpt(redact(errorMessageIn(body.toString('utf8'))));
    const { kind, message } = httpFailure(status, detail, place);
    return { ok: false, kind, message };
  }
  return { ok: true, models: listIn(api, body), elapsedMs };
}

function failureOf(error: unknown, place: ErrorPlace, signal: AbortSignal): { kind: string; message: string } {
  if (signal.aborted) return { kind: 'cancelled', message: 'The check was cancelled.' };
  if (error instanceof TlsFileError) return { kind: 'tls_ca', message: messageOf(error) };
  if (!(error instanceof GetTimeout)) return transportFailure(error, error instanceof OpenedError, place);
  const { kind, limitMs } = error;
  if (kind === 'connect_timeout') return timeoutFailure(kind, limitMs, place);
  return {
    kind,
    message: `${place.endpoint} (${place.host}) did not answer within ${limitMs / 1000} s. It is overloaded or stuck; look at the server.`,
  };
}

function addressOf(url: string): URL | null {
  if (!URL.canParse(url)) return null;
  const address = new URL(url);
  return address.protocol === 'http:' || address.protocol === 'https:' ? address : null;
}

function listIn(api: EndpointPlan['api'], body: Buffer): string[] | null {
  try {
    return modelNames(api, JSON.parse(body.toString('utf8')));
  } catch (error) {
    // A page of HTML: something answers, but it lists nothing.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
