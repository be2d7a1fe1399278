/** When a step of the self-check counts as measured well. */
import { formatValue } from '../metrics/format';

/** Typical error allowed: a quarter of what a person could notice in the tightest published latency limits is far above it. */
export const TYPICAL_MS = 1;
/** Error allowed at p99; the same bar as for the dispatch lag of a stage without latency limits. */
export const TAIL_MS = 10;

export interface StreamErrors {
  ttftP50Ms: number;
  tokenP99Ms: number;
  lost: number;
  /** The engine's own judgement of its client. */
  clientLimited: boolean;
}

/** Why a number of streams is too much for the client, as a phrase; null where it is not. */
export function streamLimit({ ttftP50Ms, tokenP99Ms, lost, clientLimited }: StreamErrors): string | null {
  if (lost > 0) return lostPhrase(lost);
  if (exceeds(ttftP50Ms, TYPICAL_MS))
    return `half of the first tokens are stamped ${formatValue(ttftP50Ms, 'ms')} late or more`;
  if (exceeds(tokenP99Ms, TAIL_MS)) return `tokens are stamped ${formatValue(tokenP99Ms, 'ms')} late at p99`;
  return clientLimited ? 'requests are sent too late' : null;
}

export interface LagErrors {
  lagP50Ms: number;
  lagP99Ms: number;
  lost: number;
}

/** Why a rate is too much for the client, as a phrase; null where it is not. */
export function rateLimit({ lagP50Ms, lagP99Ms, lost }: LagErrors): string | null {
  if (lost > 0) return lostPhrase(lost);
  if (exceeds(lagP50Ms, TYPICAL_MS)) return `half of the requests are sent ${formatValue(lagP50Ms, 'ms')} late or more`;
  if (exceeds(lagP99Ms, TAIL_MS)) return `requests are sent ${formatValue(lagP99Ms, 'ms')} late at p99`;
  return null;
}

/** What is not a number was not measured, and so not measured well. */
function exceeds(valueMs: number, limitMs: number): boolean {
  return !(valueMs <= limitMs);
}

function lostPhrase(lost: number): string {
  return lost === 1 ? 'an answer was lost' : `${lost} answers were lost`;
}
