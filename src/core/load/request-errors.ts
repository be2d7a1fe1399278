/** Every way in which a request can fail, as a stable word, with a sentence for the person: what happened, where, what to do. */
import type { Outcome } from '../../protocol/run-json';
import { ProxyError } from './proxy';

/** What the sentences name. */
export interface ErrorPlace {
  endpoint: string;
  /** Host and port, without path, query or credentials. */
  host: string;
  model: string;
  apiKeyEnv: string | undefined;
  /** What a url of this API looks like. */
  exampleUrl?: string;
  /** Host and port of the proxy in between. */
  proxy?: string;
}

export interface RequestFailure {
  outcome: Exclude<Outcome, 'completed'>;
  kind: string;
  message: string;
}

export type TimeoutKind = 'connect_timeout' | 'first_token_timeout' | 'idle_timeout' | 'total_timeout';

export function timeoutFailure(kind: TimeoutKind, limitMs: number, place: ErrorPlace): RequestFailure {
  const limit = limitMs >= 10_000 ? `${+(limitMs / 1000).toFixed(1)} s` : `${limitMs} ms`;
  const where = `${place.endpoint} (${place.host})`;
  const through = place.proxy === undefined ? '' : ` through the proxy ${place.proxy}`;
  const message: Record<TimeoutKind, string> = {
    connect_timeout: `No connection to ${where}${through} within ${limit}. Check its address, the network and firewalls, or raise timeout.connect.`,
    first_token_timeout: `${where} sent no token within ${limit} of the request. It is overloaded or stuck; lower the load or raise timeout.first_token.`,
    idle_timeout: `${where} stalled: nothing arrived for ${limit} in the middle of an answer. Look at the server, or raise timeout.idle.`,
    total_timeout: `${where} did not finish its answer within ${limit}. Limit the answer with max_tokens or raise timeout.total.`,
  };
  return { outcome: 'timed_out', kind, message: message[kind] };
}

/** A request of an open loop that found no free slot of `max_concurrency` within the time that a whole request may take. */
export function slotFailure(limitMs: number, maxConcurrency: number): RequestFailure {
  return {
    outcome: 'timed_out',
    kind: 'slot_timeout',
    message: `Not sent: for ${+(limitMs / 1000).toFixed(1)} s all ${maxConcurrency} slots of max_concurrency were taken. The server is slower than the rate; lower the rate or raise max_concurrency.`,
  };
}

export function cancelledFailure(sent: boolean): RequestFailure {
  const message = sent
    ? 'The run was stopped while this request was in flight.'
    : 'The run was stopped before this request was sent.';
  return { outcome: 'cancelled', kind: 'cancelled', message };
}

/**
 * A status other than 2xx.
 * @param detail what the server said, shortened and redacted; empty where it said nothing
 * @param limit a sentence on the limit that was hit and when it resets; empty where that is not known
 */
export function httpFailure(status: number, detail: string, place: ErrorPlace, limit = ''): RequestFailure {
  const said = detail === '' ? '' : ` It said: ${detail}`;
  const until = limit === '' ? '' : ` ${limit}`;
  return { outcome: 'failed', kind: `http_${status}`, message: `${httpSentence(status, place)}${until}${said}` };
}

function httpSentence(status: number, place: ErrorPlace): string {
  const { endpoint, host, model } = place;
  const key =
    place.apiKeyEnv === undefined
      ? "set the endpoint's apiKeyEnv or store a key for it"
      : `check the key in ${place.apiKeyEnv}`;
  switch (status) {
    case 400:
    case 422:
      return `${endpoint} rejected the request as invalid (HTTP ${status}). Check its params and messages.`;
    case 401:
      return `${endpoint} wants a valid API key (HTTP 401): ${key}.`;
    case 403:
      return `${endpoint} refused access (HTTP 403): the key may not use the model "${model}"; check its permissions.`;
    case 404:
      return `${endpoint} knows neither this address nor the model "${model}" (HTTP 404). Check url (it usually looks like ${place.exampleUrl ?? 'http://127.0.0.1:8000/v1'}) and model.`;
    case 407:
      return place.proxy === undefined
        ? `${host} wants a login for a proxy (HTTP 407). Check the endpoint's url.`
        : `The proxy ${place.proxy} of ${endpoint} wants a valid login (HTTP 407). ${PROXY_LOGIN}`;
    case 429:
      return `${endpoint} turned the request away (HTTP 429): its rate limit or queue is full. Lower the load or raise the limit.`;
    case 529:
      return `${endpoint} is overloaded (HTTP 529). Lower the load or try again later.`;
    default:
      if (status >= 300 && status < 400)
        return `${host} redirects elsewhere (HTTP ${status}). Put the final address into the endpoint's url.`;
      if (status >= 500) return `${endpoint} failed (HTTP ${status}). Look at the server's log.`;
      return `${endpoint} rejected the request (HTTP ${status}).`;
  }
}

export function emptyAnswerFailure(
  outputTokens: number | null,
  finishReason: string | null,
  place: ErrorPlace,
): RequestFailure {
  const reason = finishReason === null ? '' : ` (finish reason "${finishReason}")`;
  const message =
    outputTokens !== null && outputTokens > 0
      ? `${place.endpoint} billed ${outputTokens} tokens but sent no text${reason}. A reasoning model may have used up max_tokens: raise it.`
      : `${place.endpoint} answered without any content${reason}. Check the prompt, the stop sequences and max_tokens.`;
  return { outcome: 'failed', kind: 'empty_answer', message };
}

export function streamCutFailure(place: ErrorPlace): RequestFailure {
  return {
    outcome: 'truncated',
    kind: 'stream_cut',
    message: `The answer of ${place.endpoint} (${place.host}) broke off before its end. The server or a proxy in between closed the connection; look at their logs.`,
  };
}

function socketClosedFailure(place: ErrorPlace): RequestFailure {
  return {
    outcome: 'failed',
    kind: 'socket_closed',
    message: `${place.endpoint} (${place.host}) closed the connection without an answer. The server may have crashed or restarted; look at its log.`,
  };
}

export function decodeFailure(kind: string, detail: string, place: ErrorPlace): RequestFailure {
  const where = `${place.endpoint} (${place.host})`;
  const sentences: Record<string, string> = {
    malformed_event: `${where} sent an event that is not valid JSON.`,
    not_json: `${where} answered with something other than JSON, probably a web page. Check that url is that of the API.`,
    server_error_event: `${where} reported an error in the middle of its answer.`,
    response_too_large: `${where} sent more than this client accepts.`,
    content_encoding: `${where} compressed its answer although it was asked not to.`,
  };
  const sentence = sentences[kind] ?? `${where} sent an answer that cannot be read.`;
  return { outcome: 'failed', kind, message: detail === '' ? sentence : `${sentence} It said: ${detail}` };
}

/**
 * A failure to open a connection or of the connection itself.
 * @param opened whether the connection had been established
 */
export function transportFailure(error: unknown, opened: boolean, place: ErrorPlace): RequestFailure {
  const codes = errorCodes(error);
  const has = (...wanted: string[]) => codes.find((code) => wanted.includes(code));
  const { endpoint, host } = place;
  const failed = (kind: string, message: string): RequestFailure => ({ outcome: 'failed', kind, message });

  if (error instanceof ProxyError) return proxyFailure(error, codes, place);
  if (has('ENOTFOUND', 'EAI_AGAIN', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL')) {
    return failed(
      'dns',
      `The name in ${host} (endpoint ${endpoint}) cannot be resolved. Correct the url or check the network and DNS.`,
    );
  }
  if (has('ECONNREFUSED')) {
    return failed(
      'connection_refused',
      `Nothing listens at ${host} (endpoint ${endpoint}): connection refused. Start the server or correct the url.`,
    );
  }
  if (!opened && has('ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT')) {
    return {
      outcome: 'timed_out',
      kind: 'connect_timeout',
      message: `${host} (endpoint ${endpoint}) did not accept a connection in time. Check its address, the network and firewalls.`,
    };
  }
  const tlsCode = codes.find(isTlsCode);
  if (tlsCode !== undefined) {
    return failed(
      'tls',
      `The TLS connection to ${host} (endpoint ${endpoint}) failed: ${tlsSentence(tlsCode)} (${tlsCode}).`,
    );
  }
  if (has('EMFILE', 'ENFILE')) {
    return failed(
      'file_descriptors',
      'This machine allows no more open connections (file descriptors). Raise the limit (ulimit -n) or lower the concurrency.',
    );
  }
  if (has('EADDRNOTAVAIL')) {
    return failed(
      'local_ports',
      `This machine has no free local port left for ${host}. Lower the number of new connections; the server may be closing each one.`,
    );
  }
  if (has('EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN')) {
    return failed(
      'unreachable',
      `There is no route to ${host} (endpoint ${endpoint}). Check the network and the address.`,
    );
  }
  if (isParserError(error) || has('UND_ERR_HEADERS_OVERFLOW')) {
    return failed(
      'not_http',
      `What ${host} (endpoint ${endpoint}) sent is not HTTP. Check the port, and whether it is http or https.`,
    );
  }
  if (has('UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'ERR_INVALID_CHAR')) {
    return failed(
      'invalid_request',
      `The request to ${endpoint} cannot be sent: ${sentenceOf(error)}. Check the endpoint's url and headers.`,
    );
  }
  if (has('ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE'))
    return socketClosedFailure(place);
  if (opened) {
    const closed = socketClosedFailure(place);
    return { ...closed, message: `${closed.message} (${sentenceOf(error)})` };
  }
  return failed('connect_failed', `No connection to ${host} (endpoint ${endpoint}): ${sentenceOf(error)}.`);
}

const PROXY_LOGIN =
  'Put its user and password into the environment variable HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT with the host and port of "proxy".';

/** The proxy is not there, does not let the endpoint through, or is no proxy. */
function proxyFailure(error: ProxyError, codes: string[], place: ErrorPlace): RequestFailure {
  const { endpoint, host } = place;
  const proxy = `the proxy ${place.proxy ?? ''}`.trim();
  const failed = (kind: string, message: string): RequestFailure => ({ outcome: 'failed', kind, message });
  const { status } = error;
  if (status === 407) {
    return failed(
      'proxy_auth',
      `The connection to ${host} (endpoint ${endpoint}) failed: ${proxy} wants a valid login (HTTP 407). ${PROXY_LOGIN}`,
    );
  }
  if (status !== null) {
    return failed(
      'proxy_refused',
      `The connection to ${host} (endpoint ${endpoint}) failed: ${proxy} does not open it (HTTP ${status}${error.reason === '' ? '' : ` ${error.reason}`}). Ask who runs the proxy to allow the host and port, or correct "proxy" and "url".`,
    );
  }
  if (error.stage === 'answer') {
    return failed(
      'proxy_protocol',
      `The connection to ${host} (endpoint ${endpoint}) failed: ${proxy} did not answer as a proxy does (${error.message}). Check host, port and scheme of "proxy".`,
    );
  }
  const why = proxyTrouble(codes) ?? sentenceOf(error.cause ?? error);
  return failed(
    'proxy_unreachable',
    `The connection to ${host} (endpoint ${endpoint}) failed: ${proxy} cannot be reached: ${why}. Start it, or correct "proxy".`,
  );
}

function proxyTrouble(codes: string[]): string | undefined {
  if (codes.includes('ECONNREFUSED')) return 'nothing listens there';
  if (codes.includes('ENOTFOUND') || codes.includes('EAI_AGAIN')) return 'its name cannot be resolved';
  const tlsCode = codes.find(isTlsCode);
  return tlsCode === undefined ? undefined : `${tlsSentence(tlsCode)} (${tlsCode})`;
}

/** The codes of an error, of what caused it, and of what it aggregates (one attempt for each address of a name). */
function errorCodes(error: unknown, depth = 0): string[] {
  if (depth > 5 || typeof error !== 'object' || error === null) return [];
  const codes: string[] = [];
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === 'string') codes.push(code);
  if (Array.isArray(errors)) for (const inner of errors as unknown[]) codes.push(...errorCodes(inner, depth + 1));
  codes.push(...errorCodes(cause, depth + 1));
  return codes;
}

/** undici's parser names its errors, but gives some of them no code. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && error.name === 'HTTPParserError';
}

const VERIFY_CODES = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

function isTlsCode(code: string): boolean {
  return (
    VERIFY_CODES.has(code) ||
    code.startsWith('ERR_TLS_') ||
    code.startsWith('ERR_SSL_') ||
    code.startsWith('CERT_') ||
    code === 'EPROTO'
  );
}

function tlsSentence(code: string): string {
  if (VERIFY_CODES.has(code))
    return 'its certificate is not signed by an authority known here; name the authority in tls.ca';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate belongs to another name';
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER')
    return 'the server does not speak TLS there; the url may need http';
  return 'the handshake was rejected';
}

function sentenceOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}
