/** Tokens per second up to which a client's figures can be believed. */
import type { Bench, BenchContext, BenchRow } from './bench';
import { installSdk } from './peers/openai-sdk';
import { measure, type Contender, type Measured } from './support/measure';
import { percent } from './support/reasons';
import { ANSWER_TOKENS, STREAMS, withSimulator } from './support/simulator';
import { ms, quantile, thousands, times } from './support/stats';

/** The bound of `client_limited` where no SLO sets a tighter one; here it holds for stamps as well as for dispatch. */
const LIMIT_MS = 10;
const RATIO = 3;
/** Until as many answers end as begin. */
const WARM_UP_MS = 2300;
const MEASURED_MS = 2500;
const START: Record<'ours' | 'sdk', number> = { ours: 10_000, sdk: 2500 };
const HIGHEST = 320_000;
const BISECTIONS = 3;
/** A level is given up after so many failures: one spell of noise must not end the search. */
const ATTEMPTS = 2;
/** Below this share of the offered tokens it was the simulator that could not keep up. */
const DELIVERED_SHARE = 0.93;

interface Probe {
  tokensPerSecond: number;
  holds: boolean;
  serverLimited: boolean;
  measured: Measured;
}

export const bench: Bench = {
  name: 'ceiling',
  title: 'Ceiling: tokens per second before the client is the limit',
  order: 3,
  async run(context) {
    const sdkEntry = installSdk(context.log);
    const ours = await search('ours', sdkEntry, context);
    const sdk = await search('sdk', sdkEntry, context);
    return [row(ours, sdk)];
  },
};

interface Ceiling {
  tokensPerSecond: number;
  probes: Probe[];
  /** The search ended because the simulator could deliver no more: the client's own ceiling lies higher. */
  serverLimited: boolean;
}

/** Doubles until the figures no longer hold, then bisects. */
async function search(contender: 'ours' | 'sdk', sdkEntry: string, context: BenchContext): Promise<Ceiling> {
  const probes: Probe[] = [];
  const attempt = async (tokensPerSecond: number): Promise<Probe> => {
    for (let left = context.quick ? 1 : ATTEMPTS; ; left--) {
      const probe = await probeAt(contender, tokensPerSecond, sdkEntry, context);
      probes.push(probe);
      if (probe.holds || left <= 1) return probe;
    }
  };
  let low = 0;
  let high = HIGHEST;
  let serverLimited = false;
  for (let level = START[contender]; level <= HIGHEST; level *= 2) {
    const probe = await attempt(level);
    if (!probe.holds) {
      high = level;
      serverLimited = probe.serverLimited;
      break;
    }
    low = level;
  }
  for (let i = 0; i < (context.quick ? 1 : BISECTIONS) && high < HIGHEST; i++) {
    const level = Math.round((low + high) / 2);
    const probe = await attempt(level);
    if (probe.holds) low = level;
    else {
      high = level;
      serverLimited = probe.serverLimited;
    }
  }
  return { tokensPerSecond: low, probes, serverLimited };
}

async function probeAt(
  contender: Contender,
  tokensPerSecond: number,
  sdkEntry: string,
  { log, signal }: BenchContext,
): Promise<Probe> {
  const load = {
    kind: 'constant' as const,
    rate: tokensPerSecond / ANSWER_TOKENS,
    warmupMs: WARM_UP_MS,
    measuredMs: MEASURED_MS,
  };
  const measured = await withSimulator(STREAMS, (sim) => measure(contender, { sim, load, seed: 1, sdkEntry, signal }));
  const { lagMs, arrivalMs, broken, tokensPerSecond: delivered } = measured.errors;
  const lagP99Ms = quantile(lagMs, 0.99);
  const arrivalP99Ms = quantile(arrivalMs, 0.99);
  const serverLimited = delivered < DELIVERED_SHARE * tokensPerSecond;
  const holds = broken === 0 && lagP99Ms <= LIMIT_MS && arrivalP99Ms <= LIMIT_MS && !serverLimited;
  log(
    `${contender} at ${thousands(tokensPerSecond)} tokens/s: p99 of dispatch lag ${ms(lagP99Ms)}, of stamps ${ms(arrivalP99Ms)} late, ` +
      `${thousands(delivered)} delivered, others used ${percent(measured.othersShare)}: ${holds ? 'holds' : 'does not hold'}`,
  );
  return { tokensPerSecond, holds, serverLimited, measured };
}

function row(ours: Ceiling, sdk: Ceiling): BenchRow {
  const ratio = ours.tokensPerSecond / sdk.tokensPerSecond;
  const met = ratio >= RATIO;
  return {
    what: `Ceiling: p99 of dispatch lag and of stamps' lateness ≤ ${LIMIT_MS} ms`,
    reach: `≥ ${RATIO}× the SDK's tokens/s`,
    measured: `${ours.serverLimited ? '≥ ' : ''}${times(ratio)} (${thousands(ours.tokensPerSecond)} to ${thousands(sdk.tokensPerSecond)} tokens/s)`,
    met,
    note: [flagNote(ours), limitNote(ours)].join('; '),
  };
}

/** Whether the product itself said so where its figures no longer held. */
function flagNote({ probes }: Ceiling): string {
  const beyond = probes.filter((probe) => !probe.holds && !probe.serverLimited);
  const flagged = beyond.filter((probe) => probe.measured.report.own?.limited === true).length;
  const wrongly = probes.filter((probe) => probe.holds && probe.measured.report.own?.limited === true).length;
  return `\`client_limited\` was set in ${flagged} of ${beyond.length} runs beyond the ceiling and in ${wrongly} below`;
}

function limitNote({ probes, serverLimited }: Ceiling): string {
  const last = probes.filter((probe) => !probe.holds).at(-1);
  if (last === undefined) return 'no rate was found at which they did not';
  if (serverLimited) {
    return `above it the simulator, on the same cores, delivered ${thousands(last.measured.errors.tokensPerSecond)} of ${thousands(last.tokensPerSecond)} tokens/s: the client's own ceiling lies higher`;
  }
  return `others used ${percent(last.measured.othersShare)} of the machine in the last run that did not hold`;
}
