/** What makes an endpoint unusable or unsafe: a missing address, a key in the file. */
import type { ApiKind } from '../../protocol/plan';
import { DEFAULT_URLS } from '../endpoints/default-urls';
import { childPointer } from './pointer';
import type { Reporter } from './reporter';
import { API_KINDS, SECRET_KEYS } from './schema-endpoint';
import { SUPPORTED_APIS } from './supported';
import { type MapNode, type ScalarNode, type TreeNode } from './tree';

const SECRET_HEADERS = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'ocp-apim-subscription-key',
  'cookie',
]);
const SECRET_VALUE = /^(?:bearer\s|basic\s|sk-|sk_|hf_|gsk_|xai-|ghp_|github_pat_|AIza)/i;

/** The protocol of an endpoint, as written or as it follows from its other keys. */
export function apiOf(endpoint: { api?: ApiKind; url?: string; sim?: unknown; name?: string }): ApiKind {
  if (endpoint.api !== undefined) return endpoint.api;
  if (endpoint.sim !== undefined && endpoint.url === undefined) return 'sim';
  return 'openai-chat';
}

/** Checks one endpoint map. `needed` reports what this version cannot run, which matters only for endpoints that are used. */
export function checkEndpoint(node: TreeNode, pointer: string, needed: boolean, report: Reporter): void {
  if (node.kind !== 'map') return;
  checkSecrets(node, pointer, report);
  const api = scalar(node, 'api');
  const kind = apiOf({
    api: typeof api?.value === 'string' ? (api.value as ApiKind) : undefined,
    url: scalar(node, 'url') === undefined ? undefined : '',
    sim: node.entries.get('sim'),
  });
  // An unknown protocol is reported by the schema; what it needs is anyone's guess.
  if (!API_KINDS.includes(kind)) return;
  // Whether the editor's own models can be asked depends on who runs the file: the planner knows.
  if (needed && kind !== 'vscode-lm' && !SUPPORTED_APIS.has(kind) && api !== undefined) {
    report.notSupported(`The API "${kind}"`, api.span, childPointer(pointer, 'api'));
  }
  if (kind === 'sim') checkSim(node, pointer, report);
  else checkAddress(node, kind, pointer, report);
  if (kind !== 'sim' && node.entries.has('sim')) {
    report.add({
      code: 'unused-key',
      message: '"sim" has an effect with "api: sim" only.',
      span: node.entries.get('sim')?.keySpan ?? node.span,
      severity: 'warning',
      pointer: childPointer(pointer, 'sim'),
    });
  }
}

function checkAddress(node: MapNode, api: ApiKind, pointer: string, report: Reporter): void {
  const url = scalar(node, 'url');
  const name = scalar(node, 'name');
  const missing = (key: string, example: string) =>
    report.add({
      code: 'missing-key',
      message: `An endpoint with "api: ${api}" needs "${key}", such as ${example}.`,
      span: name?.span ?? report.headOf(node),
      severity: 'error',
      pointer,
    });
  if (!node.entries.has('url')) {
    if (api !== 'vscode-lm' && DEFAULT_URLS[api] === undefined) missing('url', 'http://127.0.0.1:8000/v1');
  } else if (typeof url?.value === 'string') {
    checkUrl(url, url.value, childPointer(pointer, 'url'), report);
  }
  if (!node.entries.has('model')) missing('model', 'meta-llama/Llama-3.1-8B-Instruct');
}

function checkUrl(node: ScalarNode, value: string, pointer: string, report: Reporter): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    report.add({
      code: 'bad-url',
      message: `"${pointer.endsWith('proxy') ? 'proxy' : 'url'}" must start with http:// or https://, such as http://127.0.0.1:8000/v1.`,
      span: node.span,
      severity: 'error',
      pointer,
      replacements: /^[\w.-]+(?::\d+)?(?:\/\S*)?$/.test(value) ? [`http://${value}`] : [],
    });
    return;
  }
  if (url.username !== '' || url.password !== '')
    literalSecret(node, pointer, 'The URL holds a user name or password', report);
  const key = [...url.searchParams.keys()].find((name) => SECRET_KEYS.test(name));
  if (key !== undefined) literalSecret(node, pointer, `The URL holds a key ("${key}")`, report);
}

function checkSim(node: MapNode, pointer: string, report: Reporter): void {
  const sim = node.entries.get('sim')?.node;
  if (sim?.kind !== 'map') return;
  const answer = scalar(sim, 'answer');
  const at = childPointer(pointer, 'sim');
  for (const key of ['script', 'template'] as const) {
    const entry = sim.entries.get(key);
    if (answer?.value === key && entry === undefined) {
      report.add({
        code: 'missing-key',
        message: `"answer: ${key}" needs "${key}".`,
        span: answer.span,
        severity: 'error',
        pointer: at,
      });
    } else if (entry !== undefined && answer !== undefined && answer.value !== key && !isFallback(key, answer)) {
      report.add({
        code: 'unused-key',
        message: `"${key}" has an effect with "answer: ${key}" only.`,
        span: entry.keySpan,
        severity: 'warning',
        pointer: childPointer(at, key),
      });
    }
  }
}

/** A script answers with the template where no entry matches. */
function isFallback(key: 'script' | 'template', answer: ScalarNode): boolean {
  return key === 'template' && answer.value === 'script';
}

function checkSecrets(node: MapNode, pointer: string, report: Reporter): void {
  const variable = variableName(scalar(node, 'name')?.value);
  for (const entry of node.entries.values()) {
    if (!SECRET_KEYS.test(entry.key) || entry.node.kind !== 'scalar' || entry.node.value === null) continue;
    report.add({
      code: 'literal-secret',
      message: `A key does not belong into a file: set the environment variable ${variable} and name it here with "apiKeyEnv: ${variable}". A key that was committed should be revoked.`,
      span: entry.node.span,
      severity: 'error',
      pointer: childPointer(pointer, entry.key),
      suggestions: node.entries.has('apiKeyEnv')
        ? []
        : [
            {
              title: `Name the environment variable ${variable} instead`,
              edits: [
                { span: { start: entry.keySpan.start, end: entry.node.span.end }, newText: `apiKeyEnv: ${variable}` },
              ],
            },
          ],
    });
  }
  const headers = node.entries.get('headers')?.node;
  if (headers?.kind === 'map') {
    for (const entry of headers.entries.values()) {
      if (entry.node.kind !== 'scalar' || typeof entry.node.value !== 'string') continue;
      if (!SECRET_HEADERS.has(entry.key.toLowerCase()) && !SECRET_VALUE.test(entry.node.value.trim())) continue;
      const at = `${childPointer(pointer, 'headers')}${childPointer('', entry.key)}`;
      literalSecret(entry.node, at, `The header "${entry.key}" holds a secret`, report, variable);
    }
  }
  const proxy = scalar(node, 'proxy');
  if (typeof proxy?.value === 'string') checkUrl(proxy, proxy.value, childPointer(pointer, 'proxy'), report);
}

function literalSecret(node: ScalarNode, pointer: string, what: string, report: Reporter, variable = 'API_KEY'): void {
  report.add({
    code: 'literal-secret',
    message: `${what}, which does not belong into a file: remove it and name an environment variable with "apiKeyEnv: ${variable}".`,
    span: node.span,
    severity: 'error',
    pointer,
  });
}

function variableName(name: unknown): string {
  const base =
    typeof name === 'string'
      ? name
          .toUpperCase()
          .replace(/[^A-Z0-9]+/g, '_')
          .replace(/^_+|_+$/g, '')
      : '';
  return base === '' || /^\d/.test(base) ? 'API_KEY' : `${base}_API_KEY`;
}

function scalar(node: MapNode, key: string): ScalarNode | undefined {
  const found = node.entries.get(key)?.node;
  return found?.kind === 'scalar' && found.value !== null ? found : undefined;
}
