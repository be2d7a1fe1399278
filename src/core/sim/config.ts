import type { SimConfig, SimFailure, SimFinishReason, SimScriptAnswer, SimScriptEntry } from '../../protocol/plan';
import { PromptrigError, messageOf } from '../util/errors';

/** A `SimScriptEntry` ready for use. */
export interface CompiledScriptEntry {
  looksAt: NonNullable<SimScriptEntry['in']>;
  matches(text: string): boolean;
  /** Empty where the entry has embeddings alone. */
  answers: ScriptedAnswer[];
  embedding: number[] | null;
}

/** A `SimScriptAnswer` with every default filled in. */
export interface ScriptedAnswer {
  text: string;
  /** null: that of the settings. */
  reasoning: string | null;
  toolCalls: { name: string; arguments: string }[];
  finishReason: SimFinishReason;
}

/** A `SimFailure` with every default filled in. */
export interface ResolvedFailure {
  kind: SimFailure['kind'];
  /** Share of requests, 0 to 1; 0 where only `every` selects. */
  rate: number;
  /** Every n-th request; 0 where only `rate` selects. */
  every: number;
  status: number;
  afterTokens: number;
  /** Length of a stall (0: for ever) or of the wait before the headers. */
  delayMs: number;
}

export interface ResolvedSimConfig {
  ttftMs: number;
  ttftPerInputTokenMs: number;
  itlMs: number;
  jitter: number;
  maxRunning: number;
  maxWaiting: number;
  loadFactor: number;
  chunkTokens: number;
  reasoningTokens: number;
  answer: 'echo' | 'template' | 'script';
  template: string;
  script: CompiledScriptEntry[];
  failure: ResolvedFailure | null;
  seed: number;
  outputTokens: number;
  earlyRoleChunk: boolean;
  splitUtf8: boolean;
  comments: boolean;
}

/** The standing answer. Its letters outside ASCII exercise the client's UTF-8 decoding on every run. */
export const DEFAULT_TEMPLATE =
  'This answer comes from the built-in simulator, which sends one token after another at known times. ' +
  'It says nothing about your prompt, but every instant of it is on record: what a client measures can be ' +
  'held against what was really sent. Grüße, 東京 and 🙂 keep the decoder honest.';

const FAILURE_KINDS: readonly SimFailure['kind'][] = [
  'status',
  'error-event',
  'stall',
  'disconnect',
  'malformed-json',
  'html',
  'slow-headers',
];

function invalid(what: string): PromptrigError {
  return new PromptrigError('usage', `The simulator's settings are not usable: ${what}.`);
}

function number(name: string, value: number | undefined, fallback: number, min: number, max = 1e9): number {
  const result = value ?? fallback;
  if (typeof result !== 'number' || !Number.isFinite(result) || result < min || result > max) {
    throw invalid(`${name} must be a number from ${min} to ${max}, not ${String(result)}`);
  }
  return result;
}

function integer(name: string, value: number | undefined, fallback: number, min: number, max = 1e9): number {
  const result = number(name, value, fallback, min, max);
  if (!Number.isInteger(result)) throw invalid(`${name} must be a whole number, not ${result}`);
  return result;
}

/**
 * Fills in the defaults of a failure.
 * @throws PromptrigError `usage` where a field is out of range.
 */
export function resolveFailure(failure: SimFailure): ResolvedFailure {
  if (!FAILURE_KINDS.includes(failure.kind)) {
    throw invalid(`failure.kind must be one of ${FAILURE_KINDS.join(', ')}, not ${String(failure.kind)}`);
  }
  const every = failure.every === undefined ? 0 : integer('failure.every', failure.every, 1, 1);
  return {
    kind: failure.kind,
    // With neither given the failure is meant to happen; with `every` alone it is meant to happen then only.
    rate: number('failure.rate', failure.rate, every > 0 ? 0 : 1, 0, 1),
    every,
    status: integer('failure.status', failure.status, 500, 400, 599),
    afterTokens: integer('failure.after_tokens', failure.afterTokens, 3, 0),
    delayMs: number('failure.delay', failure.delayMs, failure.kind === 'slow-headers' ? 5000 : 0, 0),
  };
}

function compileMatch(match: string): (text: string) => boolean {
  const pattern = /^\/(.+)\/([a-z]*)$/s.exec(match);
  if (pattern === null) return (text) => text.includes(match);
  try {
    // `g` and `y` would make a test depend on the one before it.
    const regex = new RegExp(pattern[1] ?? '', (pattern[2] ?? '').replace(/[gy]/g, ''));
    return (text) => regex.test(text);
  } catch (error) {
    throw new PromptrigError('usage', `The simulator's script has an invalid pattern ${match}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

const FINISH_REASONS: readonly SimFinishReason[] = ['stop', 'length', 'tool_calls', 'content_filter'];

function compileEntry({ match, in: looksAt = 'last', answer }: SimScriptEntry): CompiledScriptEntry {
  const given = (Array.isArray(answer) ? answer : [answer]).map((item) =>
    typeof item === 'string' ? { text: item } : item,
  );
  if (given.length === 0) throw invalid(`the script entry for "${match}" has no answer`);
  if (!['last', 'system', 'all'].includes(looksAt)) {
    throw invalid(`the script entry for "${match}" must look in last, system or all, not ${String(looksAt)}`);
  }
  return {
    looksAt,
    matches: compileMatch(match),
    answers: given.filter((item) => !isEmbeddingAlone(item)).map((item) => scriptedAnswer(match, item)),
    embedding: given.find((item) => item.embedding !== undefined)?.embedding ?? null,
  };
}

function isEmbeddingAlone(answer: SimScriptAnswer): boolean {
  return answer.embedding !== undefined && Object.values(answer).filter((value) => value !== undefined).length === 1;
}

function scriptedAnswer(match: string, answer: SimScriptAnswer): ScriptedAnswer {
  const { text = '', reasoning = null, toolCalls = [], finishReason } = answer;
  if (finishReason !== undefined && !FINISH_REASONS.includes(finishReason)) {
    throw invalid(
      `the finish reason of the script entry for "${match}" must be one of ${FINISH_REASONS.join(', ')}, not ${String(finishReason)}`,
    );
  }
  if (toolCalls.some(({ name }) => name === ''))
    throw invalid(`a tool call of the script entry for "${match}" has no name`);
  return { text, reasoning, toolCalls, finishReason: finishReason ?? (toolCalls.length > 0 ? 'tool_calls' : 'stop') };
}

/**
 * Fills in the defaults (120 ms to the first token and 0.05 ms more for each input token, 15 ms between tokens, 10% jitter,
 * 32 running and 1000 waiting requests, a load factor of 1.5) and checks ranges.
 * @throws PromptrigError `usage` that names the first field that cannot be used.
 */
export function resolveSimConfig(config: SimConfig): ResolvedSimConfig {
  const script = (config.script ?? []).map(compileEntry);
  const failure = config.failure === undefined ? null : resolveFailure(config.failure);
  const template = config.template ?? DEFAULT_TEMPLATE;
  if (template.trim() === '') throw invalid('template must not be empty');
  return {
    ttftMs: number('ttft', config.ttftMs, 120, 0),
    ttftPerInputTokenMs: number('ttft_per_input_token', config.ttftPerInputTokenMs, 0.05, 0),
    itlMs: number('itl', config.itlMs, 15, 0),
    jitter: number('jitter', config.jitter, 0.1, 0, 10),
    maxRunning: integer('max_running', config.maxRunning, 32, 1),
    maxWaiting: integer('max_waiting', config.maxWaiting, 1000, 0),
    loadFactor: number('load_factor', config.loadFactor, 1.5, 0.001),
    chunkTokens: integer('chunk_tokens', config.chunkTokens, 1, 1),
    reasoningTokens: integer('reasoning_tokens', config.reasoningTokens, 0, 0),
    answer: config.answer ?? (script.length > 0 ? 'script' : 'template'),
    template,
    script,
    failure,
    seed: number('seed', config.seed, 1, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    outputTokens: integer('output_tokens', config.outputTokens, 64, 0),
    earlyRoleChunk: config.earlyRoleChunk ?? false,
    splitUtf8: config.splitUtf8 ?? false,
    comments: config.comments ?? false,
  };
}
