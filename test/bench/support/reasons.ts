/** What was going on while a row was missed, from the runs themselves. */
import type { Measured } from './measure';
import { median, ms } from './stats';

const BUSY_SHARE = 0.1;

/** A sentence on what else used the machine and how the server fared: the first things to rule out. */
export function circumstances(runs: readonly Measured[]): string {
  const others = median(runs.map((run) => run.othersShare));
  const lateness = median(runs.map((run) => run.simLatenessP99Ms));
  const busy =
    others > BUSY_SHARE
      ? `other processes used ${percent(others)} of the machine meanwhile`
      : `the machine was ours alone (others used ${percent(others)})`;
  return `${busy}; the simulator itself wrote ${ms(lateness)} late at p99`;
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}
