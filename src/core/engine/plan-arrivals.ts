/** What shapes the arrivals of a stage, in base units. */
import type { StagePlan, SyntheticPlan, TokenLengths } from '../../protocol/plan';
import type { StageSpec } from '../spec/schema-load';
import { parseDurationMs, parseQuantity, parseRatePerS, parseShare } from '../spec/units';

const DEFAULT_SWEEP_STEPS = 5;
const DEFAULT_PRECISION = 0.05;

/** Whether requests come by a schedule, or as users become free. */
export function loopOf({ pattern, from, to, auto }: StageSpec): 'open' | 'closed' {
  switch (pattern) {
    case 'sync':
    case 'concurrent':
    case 'throughput':
      return 'closed';
    case 'ramp':
      return typeof from === 'number' && typeof to === 'number' ? 'closed' : 'open';
    case 'sweep':
      return auto !== true && typeof from === 'number' && typeof to === 'number' ? 'closed' : 'open';
    default:
      return 'open';
  }
}

/** The fields of the stage's pattern. What is missing or wrong has been reported by the parser and stays out. */
export function arrivalFields(spec: StageSpec, tracePath: string | undefined): Partial<StagePlan> {
  const from = amountOf(spec.from);
  const to = amountOf(spec.to);
  switch (spec.pattern) {
    case 'ramp':
      if (from === undefined || to === undefined) return {};
      return { ramp: { from, to, shape: spec.shape ?? 'linear' } };
    case 'burst': {
      const base = amountOf(spec.base);
      const peak = amountOf(spec.peak);
      const everyMs = durationOf(spec.every);
      const forMs = durationOf(spec.for);
      if (base === undefined || peak === undefined || everyMs === undefined || forMs === undefined) return {};
      return { burst: { base, peak, everyMs, forMs } };
    }
    case 'trace':
      if (tracePath === undefined) return {};
      return { trace: { path: tracePath, speed: (spec.speed && parseQuantity('speed', spec.speed)) || 1 } };
    case 'sweep': {
      const steps = spec.steps ?? DEFAULT_SWEEP_STEPS;
      // Without a range there is nothing to go by but what the server can do.
      if (from === undefined || to === undefined) return { sweep: { steps, auto: true } };
      return { sweep: { from, to, steps, auto: false } };
    }
    case 'capacity': {
      const precision = spec.precision === undefined ? null : parseShare(spec.precision);
      return {
        capacity: {
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
          precision: precision ?? DEFAULT_PRECISION,
        },
      };
    }
    case 'gamma':
      return spec.burstiness === undefined ? {} : { burstiness: spec.burstiness };
    default:
      return {};
  }
}

/**
 * Whether a stage sends made-up prompts: where it gives their length or replays a trace, unless it asks for the cases by its
 * own `cases` and the file has some.
 */
export function sendsSynthetic(spec: StageSpec, fileHasCases: boolean): boolean {
  if (spec.cases !== undefined && fileHasCases) return false;
  return spec.pattern === 'trace' || spec.input_tokens !== undefined;
}

/** Lengths, beginnings and answers that the stage asks for; undefined where it leaves them to the cases. */
export function syntheticOf(spec: StageSpec): SyntheticPlan | undefined {
  const { input_tokens: inputTokens, output_tokens: outputTokens, prefix, cache } = spec;
  if (inputTokens === undefined && outputTokens === undefined && prefix === undefined && cache !== 'cold')
    return undefined;
  return {
    ...(inputTokens === undefined ? {} : { inputTokens: lengthsOf(inputTokens) }),
    ...(outputTokens === undefined ? {} : { outputTokens: lengthsOf(outputTokens) }),
    ...(prefix === undefined ? {} : { prefix: { tokens: prefix.tokens, pool: prefix.pool ?? 1 } }),
    cache: cache ?? 'warm',
  };
}

function lengthsOf({ mean, stdev, min, max }: TokenLengths): TokenLengths {
  return {
    mean,
    ...(stdev === undefined ? {} : { stdev }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
  };
}

export function sessionsOf({ sessions }: StageSpec): StagePlan['sessions'] {
  if (sessions === undefined) return undefined;
  return { turns: sessions.turns, thinkTimeMs: durationOf(sessions.think_time) ?? 0 };
}

function durationOf(text: string | undefined): number | undefined {
  return (text === undefined ? null : parseDurationMs(text)) ?? undefined;
}

/** A rate per second, or a number of users. */
function amountOf(value: string | number | undefined): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  return parseRatePerS(value) ?? undefined;
}
