/** Every endpoint that an eval may name, as data for the sidebar: where it stands, what it is, and what is wrong with it. */
import { DEFAULT_URLS } from '../../core/endpoints/default-urls';
import type { ResolvedEndpoint } from '../../core/engine/plan-endpoints';
import { SUPPORTED_APIS } from '../../core/spec/supported';
import type { EndpointSpec } from '../../core/spec/schema-endpoint';
import type { WorkspaceEndpoint } from '../../core/spec/workspace-endpoints';
import type { EndpointPlan, Json } from '../../protocol/plan';
import { isLoopback, originOf } from './hosts';
import { l10n } from '../l10n';

export type EndpointPlace =
  /** In the `promptrig.yaml` of a folder. */
  | { kind: 'workspace'; folder: string; folderName: string; index: number }
  /** In the person's settings. */
  | { kind: 'user' }
  | { kind: 'builtin' }
  /** In place in an eval file (a URI); never listed. */
  | { kind: 'file'; uri: string };

export interface KnownEndpoint {
  /** Unique, and the same as long as name and place are. */
  key: string;
  name: string;
  place: EndpointPlace;
  plan: EndpointPlan;
  /** Its own request parameters. */
  params: Record<string, Json>;
  /** Why it cannot be used; null where it can. */
  problem: string | null;
  /** Files that name no endpoint run on it. */
  isDefault: boolean;
  /** An endpoint of a folder has the same name and is meant in its place. */
  isHidden: boolean;
}

export interface FolderEndpoints {
  /** URI. */
  folder: string;
  folderName: string;
  /** Absolute path: relative paths of its endpoints start there. */
  path: string;
  endpoints: readonly WorkspaceEndpoint[];
  /** Of `defaults.endpoint`. */
  defaultName: string | undefined;
}

const BUILTIN = 'sim';

/** Those of the folders, then the person's own, then the built-in one. */
export function knownEndpoints(
  folders: readonly FolderEndpoints[],
  user: readonly { spec: EndpointSpec; problem: string | null }[],
  resolve: (spec: EndpointSpec, folder: string) => ResolvedEndpoint,
): KnownEndpoint[] {
  const known = (
    spec: EndpointSpec,
    place: EndpointPlace,
    problem: string | null,
    path: string,
  ): Omit<KnownEndpoint, 'isDefault' | 'isHidden'> => {
    const { plan, params } = resolve(spec, path);
    const where = place.kind === 'workspace' ? place.folder : '';
    const unsupported = SUPPORTED_APIS.has(plan.api)
      ? null
      : l10n.t('This version cannot run the API "{0}" yet.', plan.api);
    return {
      key: `${place.kind}:${where}#${spec.name}`,
      name: spec.name,
      place,
      plan,
      params,
      problem: problem ?? unsupported ?? addressProblem(plan),
    };
  };
  const [first] = folders;
  const ofFolders = folders.flatMap(({ folder, folderName, path, endpoints, defaultName }) =>
    endpoints.map(({ spec, problem, index }) => ({
      ...known(spec, { kind: 'workspace', folder, folderName, index }, problem, path),
      isDefault: defaultName === spec.name,
      isHidden: false,
    })),
  );
  const names = new Set(ofFolders.map(({ name }) => name));
  // A default that no folder defines is the person's own, or the built-in one.
  const wanted = new Set(folders.length === 0 ? [BUILTIN] : folders.map(({ defaultName = BUILTIN }) => defaultName));
  const elsewhere = (endpoint: Omit<KnownEndpoint, 'isDefault' | 'isHidden'>): KnownEndpoint => {
    const isHidden = names.has(endpoint.name);
    return { ...endpoint, isHidden, isDefault: !isHidden && wanted.has(endpoint.name) };
  };
  const ofUser = user.map(({ spec, problem }) => elsewhere(known(spec, { kind: 'user' }, problem, first?.path ?? '/')));
  for (const { name } of ofUser) names.add(name);
  const sim = elsewhere(known({ name: BUILTIN, api: 'sim' }, { kind: 'builtin' }, null, '/'));
  return [...unique(ofFolders), ...unique(ofUser), sim];
}

/** Public services that bill every token: asking them anything is for whoever pays to decide. */
const PAID_HOSTS =
  /(?:^|\.)(?:openai\.com|azure\.com|anthropic\.com|googleapis\.com|mistral\.ai|groq\.com|together\.(?:ai|xyz)|openrouter\.ai|deepseek\.com|fireworks\.ai|perplexity\.ai|x\.ai|cohere\.(?:ai|com)|cerebras\.ai|nvidia\.com|amazonaws\.com|aliyuncs\.com|moonshot\.ai|huggingface\.co)$/i;

/** Whether requests cost money: it has a price, or it is a service that is known to have one. */
export function isPaid({ price, url }: Pick<EndpointPlan, 'price' | 'url'>): boolean {
  if (price !== undefined) return price.inputPer1M > 0 || price.outputPer1M > 0;
  const origin = originOf(url);
  return origin !== null && !isLoopback(origin) && PAID_HOSTS.test(new URL(origin).hostname);
}

/** What an address bar would say of it, for a row: host and path, without the scheme that is meant anyway. */
export function addressOf({ url }: Pick<EndpointPlan, 'url'>): string {
  return url === null ? l10n.t('in this editor') : url.replace(/^https?:\/\//, '');
}

function addressProblem({ api, url }: EndpointPlan): string | null {
  if (api === 'sim' || api === 'vscode-lm') return null;
  if (url === null && DEFAULT_URLS[api] === undefined) return l10n.t('It has no url.');
  return originOf(url) === null ? l10n.t('Its url is no address.') : null;
}

/** Of two with one key the first is meant; the parser says so at the second. */
function unique(endpoints: KnownEndpoint[]): KnownEndpoint[] {
  const seen = new Set<string>();
  return endpoints.filter(({ key }) => !seen.has(key) && seen.add(key).size > 0);
}
