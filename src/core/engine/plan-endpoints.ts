/** The endpoints of a run: names looked up, settings in base units. */
import { dirname, resolve } from 'node:path';
import type { EndpointPlan, Json, SimConfig } from '../../protocol/plan';
import { nearest } from '../metrics/nearest';
import { apiOf } from '../spec/check-endpoint';
import { isWithin } from '../spec/pointer';
import type { EvalDocument } from '../spec/parse';
import { BUILTIN_ENDPOINT } from '../spec/references';
import type { EvalSpec } from '../spec/schema';
import type { EndpointSpec, SimSpec } from '../spec/schema-endpoint';
import { endpointsOf, located } from '../spec/spec-lists';
import { SUPPORTED_APIS } from '../spec/supported';
import { parseDurationMs } from '../spec/units';
import type { PlanProblems } from './plan-problems';

export interface ResolvedEndpoint {
  plan: EndpointPlan;
  /** Its own request parameters. */
  params: Record<string, Json>;
}

interface Sources {
  document: EvalDocument;
  workspace?: EvalDocument;
  userEndpoints?: readonly EndpointSpec[];
}

const DEFAULT_TIMEOUT = { connectMs: 5_000, firstTokenMs: 30_000, idleMs: 15_000, totalMs: 120_000 };

interface Known {
  spec: EndpointSpec;
  /** Absolute folder that its relative paths start from. */
  folder: string;
  /** In `promptrig.yaml`. */
  pointer?: string;
}

/** The endpoints that the file names, else the default one. Unknown names are reported where they stand. */
export function resolveEndpoints(spec: EvalSpec, sources: Sources, problems: PlanProblems): ResolvedEndpoint[] {
  const known = knownEndpoints(sources);
  const fileFolder = dirname(sources.document.path);
  const references = endpointsOf(spec);
  if (references.length === 0) return defaultEndpoint(sources, known, problems);
  const inPlace = new Map(
    references.flatMap(({ value }) =>
      typeof value === 'string' ? [] : [[value.name, { spec: value, folder: fileFolder }] as const],
    ),
  );
  return references.flatMap(({ value, pointer }): ResolvedEndpoint[] => {
    if (typeof value !== 'string') return [toPlan({ spec: value, folder: fileFolder })];
    const found = inPlace.get(value) ?? known.get(value);
    if (found === undefined) {
      unknown(value, [...inPlace.keys(), ...known.keys()], pointer, problems);
      return [];
    }
    return usable(found, pointer, sources, problems) ? [toPlan(found)] : [];
  });
}

function defaultEndpoint(sources: Sources, known: Map<string, Known>, problems: PlanProblems): ResolvedEndpoint[] {
  const name = sources.workspace?.workspace?.defaults?.endpoint ?? BUILTIN_ENDPOINT;
  const found = known.get(name);
  if (found !== undefined) return usable(found, '', sources, problems) ? [toPlan(found)] : [];
  const range = sources.workspace?.rangeOf('/defaults/endpoint');
  problems.add({
    code: 'unknown-endpoint',
    message: `The default endpoint "${name}" is not defined. Known are ${[...known.keys()].join(', ')}.`,
    path: sources.workspace?.path ?? sources.document.path,
    range: range ?? sources.document.outline.nameRange,
    severity: 'error',
    pointer: '/defaults/endpoint',
  });
  return [];
}

/** The workspace's come before the user's: what a team shares must mean the same for everyone. */
function knownEndpoints({ document, workspace, userEndpoints }: Sources): Map<string, Known> {
  const known = new Map<string, Known>();
  known.set(BUILTIN_ENDPOINT, { spec: { name: BUILTIN_ENDPOINT, api: 'sim' }, folder: dirname(document.path) });
  for (const spec of userEndpoints ?? []) known.set(spec.name, { spec, folder: dirname(document.path) });
  for (const { value, pointer } of located(workspace?.workspace?.endpoints, '/endpoints'))
    known.set(value.name, { spec: value, folder: dirname(workspace?.path ?? document.path), pointer });
  return known;
}

function unknown(name: string, names: string[], pointer: string, problems: PlanProblems): void {
  const near = nearest(name, names);
  const range = problems.document.rangeOf(pointer);
  problems.at(
    'unknown-endpoint',
    `There is no endpoint called "${name}". ` +
      (near[0] === undefined
        ? `Known are ${[...new Set(names)].slice(0, 8).join(', ')}; define it in promptrig.yaml or in place.`
        : `Did you mean "${near[0]}"?`),
    pointer,
    range === undefined
      ? {}
      : { suggestions: near.map((newText) => ({ title: `Change to "${newText}"`, edits: [{ range, newText }] })) },
  );
}

/** An endpoint defined elsewhere may have errors there, or speak what this version does not: said where it is used. */
function usable(
  { spec, pointer: definition }: Known,
  pointer: string,
  { workspace }: Sources,
  problems: PlanProblems,
): boolean {
  const api = apiOf(spec);
  if (!SUPPORTED_APIS.has(api)) {
    problems.at(
      'not-supported-yet',
      `The API "${api}" of "${spec.name}" is understood, but this version cannot run it yet.`,
      pointer,
    );
    return false;
  }
  const fault =
    definition === undefined
      ? undefined
      : workspace?.diagnostics.find(
          ({ severity, pointer: at }) => severity === 'error' && at !== undefined && isWithin(at, definition),
        );
  if (fault === undefined) return true;
  problems.at(
    'invalid-endpoint',
    `The endpoint "${spec.name}" has an error in ${workspace?.path ?? 'promptrig.yaml'}: ${fault.message}`,
    pointer,
  );
  return false;
}

function toPlan({ spec, folder }: Known): ResolvedEndpoint {
  const api = apiOf(spec);
  const ms = (value: string | undefined, fallback: number) =>
    (value === undefined ? null : parseDurationMs(value)) ?? fallback;
  const plan: EndpointPlan = {
    name: spec.name,
    api,
    url: api === 'sim' || spec.url === undefined ? null : spec.url.replace(/\/+$/, ''),
    model: spec.model ?? (api === 'sim' ? 'sim' : ''),
    headers: { ...spec.headers },
    ...(spec.apiKeyEnv === undefined ? {} : { apiKeyEnv: spec.apiKeyEnv }),
    ...(spec.price === undefined
      ? {}
      : {
          price: {
            inputPer1M: spec.price.input,
            outputPer1M: spec.price.output,
            ...(spec.price.cached_input === undefined ? {} : { cachedInputPer1M: spec.price.cached_input }),
          },
        }),
    ...hardwareOf(spec),
    timeout: {
      connectMs: ms(spec.timeout?.connect, DEFAULT_TIMEOUT.connectMs),
      firstTokenMs: ms(spec.timeout?.first_token, DEFAULT_TIMEOUT.firstTokenMs),
      idleMs: ms(spec.timeout?.idle, DEFAULT_TIMEOUT.idleMs),
      totalMs: ms(spec.timeout?.total, DEFAULT_TIMEOUT.totalMs),
    },
    retryAttempts: spec.retry?.attempts ?? 0,
    ...(spec.tls === undefined
      ? {}
      : {
          tls: {
            ...(spec.tls.ca === undefined ? {} : { caPath: resolve(folder, spec.tls.ca.replace(/^file:\/\//, '')) }),
            rejectUnauthorized: spec.tls.reject_unauthorized ?? true,
          },
        }),
    ...(spec.proxy === undefined ? {} : { proxy: spec.proxy }),
    ...(api === 'sim' ? { sim: simConfig(spec.sim ?? {}) } : {}),
  };
  return { plan, params: spec.params ?? {} };
}

function hardwareOf({ hardware }: EndpointSpec): Pick<EndpointPlan, 'hardware'> {
  if (hardware === undefined) return {};
  const { cost_per_hour: costPerHour, gpus, precision, note } = hardware;
  return { hardware: defined({ costPerHour, gpus, precision, note }) };
}

/** The simulator's block in its own terms; what the file leaves open the simulator decides. */
export function simConfig(spec: SimSpec): SimConfig {
  const ms = (value: string | undefined) => (value === undefined ? undefined : (parseDurationMs(value) ?? undefined));
  const { failure } = spec;
  return defined<SimConfig>({
    ttftMs: ms(spec.ttft),
    ttftPerInputTokenMs: ms(spec.ttft_per_input_token),
    itlMs: ms(spec.itl),
    jitter: spec.jitter,
    maxRunning: spec.max_running,
    maxWaiting: spec.max_waiting,
    loadFactor: spec.load_factor,
    chunkTokens: spec.chunk_tokens,
    reasoningTokens: spec.reasoning_tokens,
    answer: spec.answer,
    template: spec.template,
    script: spec.script,
    failure:
      failure === undefined
        ? undefined
        : defined({
            kind: failure.kind,
            rate: failure.rate,
            every: failure.every,
            status: failure.status,
            afterTokens: failure.after_tokens,
            delayMs: ms(failure.delay),
          }),
    seed: spec.seed,
    outputTokens: spec.output_tokens,
    earlyRoleChunk: spec.early_role_chunk,
    splitUtf8: spec.split_utf8,
    comments: spec.comments,
  });
}

/** Without the keys that are undefined: they would overwrite defaults when spread, and vanish in JSON. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
