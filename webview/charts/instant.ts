/** Instants of a stage as an axis or a hover says them: a clock, with as many decimals as the distance of its steps needs. */
import { formatClock } from '../../src/protocol/format';

/** `0:12`; with steps below a second `0:12.4`, down to the millisecond. */
export function instantText(ms: number, stepMs = 1000): string {
  if (stepMs >= 1000) return formatClock(ms);
  // A request may be due a moment before the stage has begun.
  if (ms < 0) return `−${instantText(-ms, stepMs)}`;
  const decimals = stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
  // Rounded as a whole: 59.97 s with one decimal is the next minute.
  const rounded = Math.round(ms / 10 ** (3 - decimals)) * 10 ** (3 - decimals);
  const fraction = String(Math.round(rounded % 1000))
    .padStart(3, '0')
    .slice(0, decimals);
  return `${formatClock(rounded)}.${fraction}`;
}
