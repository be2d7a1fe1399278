/** `providers` (or `targets`): the endpoints that are asked, and the models that grade. */
import type { Json } from '../../../../protocol/plan';
import { UniqueIds } from '../../naming';
import { SUPPORTED_APIS } from '../../supported';
import type { Span } from '../../tree';
import type { Cursor } from '../cursor';
import { loneVariable, variablesIn, type FileEnvironment } from '../env-templates';
import { isFileUrl, parseReference, readData } from '../references';
import { isPlaceholder, isSecretName, looksSecret } from '../secrets';
import { compatibleHttp } from './http';
import { paramsOf } from './params';
import { resolveVendor, type Vendor } from './vendors';

/** An endpoint of the native format, as plain data. */
export type NativeEndpoint = { name: string } & Record<string, Json>;

export interface Provider {
  id: string;
  label?: string;
  cursor: Cursor;
  span: Span;
  /** Null where it is not asked, for `skip`. */
  endpoint: NativeEndpoint | null;
  skip?: string;
  /** The prompts that it is asked; absent for all. */
  prompts?: string[];
  /** Code that its answers pass before anything looks at them. */
  transform?: string;
  task: Vendor['task'];
}

export interface Providers {
  list: Provider[];
  isPending: boolean;
}

/** A provider in one form, however it was written. */
interface Written {
  cursor: Cursor;
  id: string;
  options: Cursor | undefined;
}

const OPTION_KEYS: ReadonlySet<string> = new Set([
  ...['id', 'label', 'config', 'prompts', 'transform', 'delay', 'env', 'inputs'],
]);

export class ProviderReader {
  private readonly names = new UniqueIds();

  constructor(private readonly env: FileEnvironment) {}

  /** Reads the targets of the file; those that cannot be asked are reported at their lines. */
  readAll(list: Cursor | undefined): Providers {
    if (list === undefined) return { list: [], isPending: false };
    const found = this.written(list, 0);
    const providers = found.list.map((written) => {
      const provider = this.read(written, true);
      if (provider.endpoint === null)
        written.cursor.context.problems.skipped(
          `"${provider.label ?? provider.id}" is not asked: ${provider.skip ?? 'it is not known here'}.`,
          written.cursor.place,
        );
      return provider;
    });
    return { list: providers, isPending: found.isPending };
  }

  /** Reads a provider that grades. Undefined while a file is not read yet, and for what is no provider. */
  readGrader(cursor: Cursor): Provider | undefined {
    const [written] = this.written(cursor, 0).list;
    return written === undefined ? undefined : this.read(written, false);
  }

  private written(cursor: Cursor, depth: number): { list: Written[]; isPending: boolean } {
    const { problems } = cursor.context;
    if (cursor.isEmpty) return { list: [], isPending: false };
    if (cursor.isUnresolved) return { list: [], isPending: true };
    if (cursor.node.kind === 'list') {
      const all = cursor.items.map((item) => this.written(item, depth + 1));
      return { list: all.flatMap(({ list }) => list), isPending: all.some(({ isPending }) => isPending) };
    }
    const { text } = cursor;
    if (text !== undefined) {
      const { path, kind } = parseReference(text, cursor.context);
      if (!isFileUrl(text) || (kind !== 'yaml' && kind !== 'json') || depth > 4)
        return { list: [{ cursor, id: text, options: undefined }], isPending: false };
      const read = readData(cursor, path);
      return read.state === 'read'
        ? this.written(read.value, depth + 1)
        : { list: [], isPending: read.state === 'pending' };
    }
    if (cursor.node.kind === 'map') {
      const id = cursor.get('id')?.text;
      if (id !== undefined) return { list: [{ cursor, id, options: cursor }], isPending: false };
      const [first, second] = cursor.entries;
      if (first !== undefined && second === undefined && !OPTION_KEYS.has(first[0])) {
        const [key, options] = first;
        return { list: [{ cursor, id: options.get('id')?.text ?? key, options }], isPending: false };
      }
    }
    problems.error(
      'wrong-type',
      'A provider is an id such as "openai:chat:gpt-4.1", or a map with an "id".',
      cursor.place,
    );
    return { list: [], isPending: false };
  }

  private read({ cursor, id: writtenId, options }: Written, isTarget: boolean): Provider {
    const label = options?.get('label')?.word;
    const prompts = options?.get('prompts');
    const transform = options?.get('transform');
    const base = {
      id: writtenId,
      ...(label === undefined ? {} : { label }),
      cursor,
      span: cursor.mainSpan,
      ...(prompts?.node.kind === 'list' ? { prompts: prompts.items.flatMap(({ word }) => word ?? []) } : {}),
      ...(prompts?.text === undefined ? {} : { prompts: [prompts.text] }),
    };
    const refused = (skip: string): Provider => ({ ...base, endpoint: null, skip, task: 'text' });

    const id = this.env.fillAddress(writtenId, cursor.context);
    if (!id.ok) return refused(`its id reads the environment variable ${id.variable}, which is not set`);
    const shown = label ?? id.text;
    const name = isTarget ? this.names.take(shown) : shown;
    const config = options?.get('config');
    if (transform !== undefined) {
      const code = transform.text;
      if (code === undefined || /^file:\/\/.*\.(?:py|rb)(?::\w+)?$/.test(code))
        return refused('its transform is no JavaScript, and its answers cannot be judged without it');
      Object.assign(base, { transform: code });
    }
    for (const key of ['delay', 'inputs']) {
      const extra = options?.get(key);
      if (extra !== undefined)
        cursor.context.problems.ignored(`"${key}" of a provider has no counterpart and no effect.`, extra.keyPlace);
    }
    if (id.text === 'echo') {
      // A whole answer at once, as echo gives it: nothing of it is a model's time.
      const sim = { answer: 'echo', ttft: '0ms', itl: '0ms' };
      return { ...base, endpoint: { name, api: 'sim', sim }, task: 'text' };
    }
    if (/^https?(?::|$)/.test(id.text)) {
      const http = compatibleHttp(id.text, config, (text) => this.env.fillAddress(text, cursor.context));
      if (!http.ok) return refused(http.reason);
      const access = this.access(cursor, config, { keyVariables: [] }, http.headers);
      if (!access.ok) return refused(access.reason);
      const { url, model, params } = http;
      return {
        ...base,
        endpoint: {
          name,
          api: 'openai-chat',
          url,
          model,
          ...access.value,
          ...priceOf(config),
          ...nonEmpty('params', params),
        },
        task: 'text',
      };
    }
    const resolved = resolveVendor(id.text);
    if (!resolved.ok) return refused(resolved.reason);
    const { vendor } = resolved;
    if (isTarget && vendor.task === 'embedding') return refused('it makes embeddings and answers no prompt');
    if (!SUPPORTED_APIS.has(vendor.api))
      return refused(`the API "${vendor.api}" is understood, but this version cannot run it yet`);
    const url = this.url(config, vendor, cursor);
    if (!url.ok) return refused(url.reason);
    const headers = headersOf(config, this.env, cursor);
    if (!headers.ok) return refused(headers.reason);
    const organization = config?.get('organization')?.word;
    if (organization !== undefined && variablesIn(organization).length === 0)
      headers.value['OpenAI-Organization'] ??= organization;
    const access = this.access(cursor, config, vendor, headers.value);
    if (!access.ok) return refused(access.reason);
    const model = config?.get('model')?.text ?? vendor.model;
    return {
      ...base,
      endpoint: {
        name,
        api: vendor.api,
        url: url.value,
        model: vendor.model === '' ? model : vendor.model,
        ...access.value,
        ...priceOf(config),
        ...(vendor.task === 'embedding' ? {} : nonEmpty('params', paramsOf(config, vendor))),
      },
      task: vendor.task,
    };
  }

  private url(config: Cursor | undefined, vendor: Vendor, cursor: Cursor): Result<string> {
    const { context } = cursor;
    const written =
      config?.get('apiHost')?.word ??
      config?.get('apiBaseUrl')?.word ??
      config?.get('apiEndpoint')?.word ??
      config?.get('baseUrl')?.word;
    const isHost = config?.get('apiHost') !== undefined;
    const filled = written === undefined ? undefined : this.env.fillAddress(written, context);
    if (filled?.ok === false)
      return { ok: false, reason: `its address reads the environment variable ${filled.variable}, which is not set` };
    const fromEnvironment = vendor.urlVariables.flatMap((name) => context.env?.[name] ?? [])[0];
    const base = filled?.text ?? fromEnvironment ?? vendor.url;
    if (base === undefined) {
      const where = vendor.azure === true ? '"apiHost", such as name.openai.azure.com' : '"apiBaseUrl"';
      return { ok: false, reason: `it does not say where it is; give it ${where}` };
    }
    const withScheme = /^https?:\/\//i.test(base) ? base : `https://${base}`;
    const plain = withScheme.replace(/\/+$/, '');
    if (!URL.canParse(plain)) return { ok: false, reason: `"${base}" is no address` };
    if (vendor.azure !== true) return { ok: true, value: isHost ? `${plain}/v1` : plain };
    if (vendor.api === 'openai-responses') return { ok: true, value: `${plain}/openai/v1` };
    const version = config?.get('apiVersion')?.word ?? '2024-12-01-preview';
    return {
      ok: true,
      value: `${plain}/openai/deployments/${encodeURIComponent(vendor.model)}?api-version=${encodeURIComponent(version)}`,
    };
  }

  /** How the key is found, and the headers without one; a key in the file is an error, and never copied. */
  private access(
    cursor: Cursor,
    config: Cursor | undefined,
    { keyVariables }: Pick<Vendor, 'keyVariables'>,
    headers: Record<string, string>,
  ): Result<{ apiKeyEnv?: string; headers?: Record<string, string> }> {
    const sent: Record<string, string> = {};
    let variable = config?.get('apiKeyEnvar')?.text;
    for (const [name, value] of Object.entries(headers)) {
      const token = /^(?:Bearer\s+)?(.*)$/is.exec(value)?.[1] ?? value;
      const lone = loneVariable(token);
      const isKey = /^(?:authorization|x-api-key|api-key|x-goog-api-key)$/i.test(name);
      if (isKey && lone !== undefined) variable ??= lone;
      else if (lone !== undefined || variablesIn(value).length > 0)
        return {
          ok: false,
          reason: `the header "${name}" reads the environment, and headers are stored with the results`,
        };
      else if ((isKey || isSecretName(name) || looksSecret(value)) && !isPlaceholder(token)) {
        config?.context.problems.error(
          'literal-secret',
          `The header "${name}" holds a secret, which does not belong into a file: write it as "{{ env.NAME }}".`,
          (config.get('headers')?.get(name) ?? config).place,
        );
      } else if (!isKey) sent[name] = value;
    }
    const key = config?.get('apiKey');
    const written = key?.word;
    if (key !== undefined && written !== undefined) {
      const lone = loneVariable(written);
      if (lone !== undefined) variable ??= lone;
      else if (!isPlaceholder(written)) {
        key.context.problems.error(
          'literal-secret',
          'A key does not belong into a file: set an environment variable and name it with "apiKeyEnvar". A key that was committed should be revoked.',
          key.place,
        );
      }
    }
    const isFree =
      config?.get('apiKeyRequired')?.boolean === false || (written !== undefined && isPlaceholder(written));
    const environment = cursor.context.env;
    const usual = keyVariables.find((name) => (environment?.[name] ?? '') !== '') ?? keyVariables[0];
    const apiKeyEnv = variable ?? (isFree ? undefined : usual);
    return {
      ok: true,
      value: { ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }), ...nonEmpty('headers', sent) },
    };
  }
}

export type Result<T> = { ok: true; value: T } | { ok: false; reason: string };

function headersOf(config: Cursor | undefined, env: FileEnvironment, cursor: Cursor): Result<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of config?.get('headers')?.entries ?? []) {
    const { word } = value;
    if (word === undefined) continue;
    const filled =
      loneVariable(word.replace(/^Bearer\s+/i, '')) === undefined ? env.fill(word) : { ok: true as const, text: word };
    if (!filled.ok)
      return {
        ok: false,
        reason: `the header "${name}" reads the environment variable ${filled.variable}, and headers are stored with the results`,
      };
    if (/\{\{|\{%/.test(filled.text) && loneVariable(word.replace(/^Bearer\s+/i, '')) === undefined) {
      cursor.context.problems.skipped(
        `The header "${name}" is not sent: templates in headers have no counterpart.`,
        value.place,
      );
      continue;
    }
    headers[name] = filled.text;
  }
  return { ok: true, value: headers };
}

/** USD per token as USD per million. */
function priceOf(config: Cursor | undefined): { price?: Json } {
  const both = config?.get('cost')?.number;
  const input = config?.get('inputCost')?.number ?? both;
  const output = config?.get('outputCost')?.number ?? both;
  if (input === undefined || output === undefined || input < 0 || output < 0) return {};
  const cached = config?.get('cacheReadCost')?.number;
  const perMillion = (usd: number) => Number((usd * 1e6).toPrecision(12));
  return {
    price: {
      input: perMillion(input),
      output: perMillion(output),
      ...(cached === undefined || cached < 0 ? {} : { cached_input: perMillion(cached) }),
    },
  };
}

function nonEmpty<K extends string, T>(key: K, value: Record<string, T>): { [P in K]?: Record<string, T> } {
  return (Object.keys(value).length === 0 ? {} : { [key]: value }) as { [P in K]?: Record<string, T> };
}

/** Whether a reference means a provider: by label or id, by a prefix that ends in `*`, or by the part before a colon. */
export function meansProvider(reference: string, { id, label }: Pick<Provider, 'id' | 'label'>): boolean {
  return [id, ...(label === undefined ? [] : [label])].some(
    (name) =>
      name === reference ||
      (reference.endsWith('*') && name.startsWith(reference.slice(0, -1))) ||
      name.startsWith(`${reference}:`),
  );
}
