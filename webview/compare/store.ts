/** The panel's copy of the comparison. The extension owns the truth; this follows it message by message and notices a gap. */
import type { ComparePanelState, HostToComparePanel, RaceChunk, RaceLane } from '../../src/protocol/compare-panel';
import { RaceTally } from './race-tally';

/** What became of a message: `gap` means that a snapshot is needed, `repeated` that it was known already. */
export type Received = 'applied' | 'repeated' | 'gap';

export class CompareStore {
  state: ComparePanelState | null = null;
  /** The sequence number of the last message that was applied; -1 before the first. */
  seq = -1;
  /** Of the run that goes on. */
  tally = new RaceTally();

  receive(message: HostToComparePanel): Received {
    if (message.type === 'snapshot') {
      if (message.state.status !== 'running') this.tally = new RaceTally();
      this.state = message.state;
      this.seq = message.seq;
      this.note(message.state.race);
      return 'applied';
    }
    if (this.state === null || message.seq > this.seq + 1) return 'gap';
    if (message.seq <= this.seq) return 'repeated';
    const next = { ...this.state, ...message.patch };
    // Another run begins.
    if (next.status === 'running' && this.state.status !== 'running') this.tally = new RaceTally();
    const before = this.state;
    this.state = next;
    this.note(next.race);
    const race = this.raceAfter(next.race, message.streams ?? []);
    if (race === null) {
      this.state = before;
      return 'gap';
    }
    this.state = { ...next, race };
    this.seq = message.seq;
    return 'applied';
  }

  /** A lane's end may be followed by its next case within one message, so each change is looked at. */
  private note(lanes: readonly RaceLane[]): void {
    const contenders = this.state?.contenders.map(({ id }) => id) ?? [];
    for (const lane of lanes) this.tally.note(lane, contenders);
  }

  /** Null where a chunk goes on with a lane that is not there: then a message went missing although the numbers follow. */
  private raceAfter(lanes: readonly RaceLane[], chunks: readonly RaceChunk[]): RaceLane[] | null {
    const race = [...lanes];
    for (const { id, text, patch, start } of chunks) {
      const at = race.findIndex((lane) => lane.id === id);
      const known = race[at];
      if (known === undefined && start !== true) return null;
      const from = known === undefined || start === true ? freshLane(id) : known;
      const lane: RaceLane = { ...from, ...patch, text: from.text + text };
      if (known === undefined) race.push(lane);
      else race[at] = lane;
      this.note([lane]);
    }
    return race;
  }
}

function freshLane(id: string): RaceLane {
  return { id, case: '', caseName: '', text: '', ttftMs: null, chunks: 0, status: 'waiting', e2eMs: null };
}
