/** Who answered each case first, once every contender has answered it. Lanes hold the newest answer only, so each end is noted. */
import type { RaceLane } from '../../src/protocol/compare-panel';

export interface RaceResult {
  case: string;
  caseName: string;
  /** By end to end time, fastest first; those that ended in an error are not among them. */
  finishers: { id: string; e2eMs: number }[];
}

export class RaceTally {
  /** In the order in which they were decided. */
  readonly results: RaceResult[] = [];
  private readonly decided = new Set<string>();
  private readonly ends = new Map<string, { name: string; times: Map<string, number | null> }>();

  /**
   * @param lane as it is now
   * @param contenders everyone who races
   */
  note({ id, case: key, caseName, status, e2eMs }: RaceLane, contenders: readonly string[]): void {
    if ((status !== 'done' && status !== 'error') || this.decided.has(key)) return;
    const end = this.ends.get(key) ?? { name: caseName, times: new Map<string, number | null>() };
    this.ends.set(key, end);
    // A repeat of a case ends again; its first end counts.
    if (!end.times.has(id)) end.times.set(id, status === 'done' ? e2eMs : null);
    if (contenders.length < 2 || !contenders.every((one) => end.times.has(one))) return;
    this.decided.add(key);
    this.ends.delete(key);
    const finishers = [...end.times]
      .flatMap(([one, time]) => (time === null ? [] : [{ id: one, e2eMs: time }]))
      .sort((a, b) => a.e2eMs - b.e2eMs);
    this.results.push({ case: key, caseName: end.name, finishers });
  }

  /** How many cases each has won. */
  wins(): Map<string, number> {
    const wins = new Map<string, number>();
    for (const { finishers } of this.results) {
      const winner = winnerOf(finishers);
      if (winner !== null) wins.set(winner, (wins.get(winner) ?? 0) + 1);
    }
    return wins;
  }
}

/** Null where nobody finished, or two at once. */
export function winnerOf(finishers: RaceResult['finishers']): string | null {
  const [first, second] = finishers;
  return first === undefined || first.e2eMs === second?.e2eMs ? null : first.id;
}
