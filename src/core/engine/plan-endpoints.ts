/** The endpoints of a run: names looked up, settings in base units. */
import { dirname, resolve } from 'node:path';
import type { EndpointPlan, Json, SimConfig, SimScriptAnswer, SimScriptEntry } from '../../protocol/plan';
import { DEFAULT_URLS } from '../endpoints/default-urls';
import { nearest } from '../metrics/nearest';
import { apiOf } from '../spec/check-endpoint';
import { isWithin } from '../spec/pointer';
import type { EvalDocument } from '../spec/parse';
import { BUILTIN_ENDPOINT } from '../spec/references';
import type { EndpointRef, EvalSpec } from '../spec/schema';
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
  editorModels?: boolean;
}

const DEFAULT_TIMEOUT = { connectMs: 5_000, firstTokenMs: 30_000, idleMs: 15_000, totalMs: 120_000 };

interface Known {
  spec: EndpointSpec;
  /** Absolute folder that its relative paths start from. */
  folder: string;
  /** In `promptrig.yaml`. */
  pointer?: string;
}

/** Endpoints by name: those of the file, of the workspace, of the user, and the built-in one. Unknown names are reported where they stand. */
export class EndpointBook {
  private readonly known: Map<string, Known>;
  private readonly inPlace: Map<string, Known>;
  private readonly fileFolder: string;

  constructor(
    private readonly spec: EvalSpec,
    private readonly sources: Sources,
    private readonly problems: PlanProblems,
  ) {
    this.fileFolder = dirname(sources.document.path);
    this.known = knownEndpoints(sources);
    this.inPlace = new Map(
      endpointsOf(spec).flatMap(({ value }) =>
        typeof value === 'string' ? [] : [[value.name, { spec: value, folder: this.fileFolder }] as const],
      ),
    );
  }

  /**
   * What the file is run on: the endpoints that it names, else the default one. Of `wanted` names those of the file, and any
   * other that is known: the file is then run on an endpoint that it does not name itself.
   */
  targets(wanted?: readonly string[]): ResolvedEndpoint[] {
    const references = endpointsOf(this.spec);
    const isWanted = (name: string) => wanted === undefined || wanted.includes(name);
    const own = references.map(({ value }) => (typeof value === 'string' ? value : value.name));
    if (references.length === 0) own.push(this.defaultName);
    const ofFile =
      references.length > 0
        ? references
            .filter(({ value }) => isWanted(typeof value === 'string' ? value : value.name))
            .map(({ value, pointer }) =>
              // What is wrong with one that is described in place, the parser has said.
              typeof value === 'string' ? this.resolve(value, pointer) : this.planOf(value, pointer),
            )
        : isWanted(this.defaultName)
          ? [this.byDefault('endpoint', this.defaultName)]
          : [];
    const others = [...new Set(wanted ?? [])]
      .filter((name) => !own.includes(name) && this.known.has(name))
      .map((name) => this.resolve(name, ''));
    return [...ofFile, ...others].filter((endpoint) => endpoint !== undefined);
  }

  /** The endpoint that is named or described at a pointer; undefined, with a diagnostic, where it cannot be used. */
  resolve(reference: EndpointRef, pointer: string): ResolvedEndpoint | undefined {
    const isName = typeof reference === 'string';
    const found = isName
      ? (this.inPlace.get(reference) ?? this.known.get(reference))
      : { spec: reference, folder: this.fileFolder };
    if (found === undefined) {
      unknown(
        isName ? reference : reference.name,
        [...this.inPlace.keys(), ...this.known.keys()],
        pointer,
        this.problems,
      );
      return undefined;
    }
    return usable(found, pointer, this.sources, this.problems) ? toPlan(found) : undefined;
  }

  private planOf(spec: EndpointSpec, pointer: string): ResolvedEndpoint | undefined {
    if (!askable(spec, pointer, this.sources, this.problems)) return undefined;
    return toPlan({ spec, folder: this.fileFolder });
  }

  get defaultJudgeName(): string | undefined {
    return this.sources.workspace?.workspace?.defaults?.judge;
  }

  /** The judge of files that name none; undefined where there is none, or with a diagnostic where it cannot be used. */
  defaultJudge(): ResolvedEndpoint | undefined {
    return this.defaultJudgeName === undefined ? undefined : this.byDefault('judge', this.defaultJudgeName);
  }

  private get defaultName(): string {
    return this.sources.workspace?.workspace?.defaults?.endpoint ?? BUILTIN_ENDPOINT;
  }

  private byDefault(key: 'endpoint' | 'judge', name: string): ResolvedEndpoint | undefined {
    const { workspace, document } = this.sources;
    const found = this.known.get(name);
    if (found !== undefined) return usable(found, '', this.sources, this.problems) ? toPlan(found) : undefined;
    const pointer = `/defaults/${key}`;
    this.problems.add({
      code: 'unknown-endpoint',
      message: `The default ${key} "${name}" is not defined. Known are ${[...this.known.keys()].join(', ')}.`,
      path: workspace?.path ?? document.path,
      range: workspace?.rangeOf(pointer) ?? document.outline.nameRange,
      severity: 'error',
      pointer,
    });
    return undefined;
  }
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
  const { range, path } = problems.placeOf(pointer);
  problems.at(
    'unknown-endpoint',
    `There is no endpoint called "${name}". ` +
      (near[0] === undefined
        ? `Known are ${[...new Set(names)].slice(0, 8).join(', ')}; define it in promptrig.yaml or in place.`
        : `Did you mean "${near[0]}"?`),
    pointer,
    path === problems.document.path && problems.document.rangeOf(pointer) !== undefined
      ? { suggestions: near.map((newText) => ({ title: `Change to "${newText}"`, edits: [{ range, newText }] })) }
      : {},
  );
}

/** An endpoint defined elsewhere may have errors there, or speak what this version does not: said where it is used. */
function usable(
  { spec, pointer: definition }: Known,
  pointer: string,
  sources: Sources,
  problems: PlanProblems,
): boolean {
  const { workspace } = sources;
  const api = apiOf(spec);
  if (!askable(spec, pointer, sources, problems)) return false;
  if (api !== 'vscode-lm' && !SUPPORTED_APIS.has(api)) {
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

/**
 * An endpoint as a run would have it, for surfaces that speak to it without an eval file.
 * @param folder absolute; its relative paths start from there
 */
export function resolveEndpoint(spec: EndpointSpec, folder: string): ResolvedEndpoint {
  return toPlan({ spec, folder });
}

/** The editor's own models are there in the editor only: the command line has nobody to ask. */
function askable(spec: EndpointSpec, pointer: string, { editorModels }: Sources, problems: PlanProblems): boolean {
  if (apiOf(spec) !== 'vscode-lm' || editorModels === true) return true;
  problems.at(
    'editor-only',
    `"${spec.name}" is a model of the editor ("api: vscode-lm"), which only the Promptrig extension can ask: run this file in VS Code, or name an endpoint with a url.`,
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
    url: api === 'sim' ? null : ((spec.url ?? DEFAULT_URLS[api])?.replace(/\/+$/, '') ?? null),
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
    script: spec.script?.map(scriptEntry),
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

type ScriptSpec = NonNullable<SimSpec['script']>[number];
type ScriptAnswerSpec = Exclude<ScriptSpec['answer'], unknown[]>;

function scriptEntry({ match, in: looksAt, answer }: ScriptSpec): SimScriptEntry {
  return defined<SimScriptEntry>({
    match,
    in: looksAt,
    answer: Array.isArray(answer) ? answer.map(scriptAnswer) : scriptAnswer(answer),
  });
}

function scriptAnswer(spec: ScriptAnswerSpec): string | SimScriptAnswer {
  if (typeof spec === 'string') return spec;
  return defined<SimScriptAnswer>({
    text: spec.text,
    reasoning: spec.reasoning,
    // As text from here on: what the model writes need not be JSON.
    toolCalls: spec.tool_calls?.map(({ name, arguments: given = {} }) => ({
      name,
      arguments: typeof given === 'string' ? given : JSON.stringify(given),
    })),
    finishReason: spec.finish_reason,
    embedding: spec.embedding,
  });
}

/** Without the keys that are undefined: they would overwrite defaults when spread, and vanish in JSON. */
function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
