/** The panel's copy of the comparison. The extension owns the truth; this follows it message by message and notices a gap. */
import type { ComparePanelState, HostToComparePanel, RaceChunk, RaceLane } from '../../src/protocol/compare-panel';

/** What became of a message: `gap` means that a snapshot is needed, `repeated` that it was known already. */
export type Received = 'applied' | 'repeated' | 'gap';

export class CompareStore {
  state: ComparePanelState | null = null;
  /** The sequence number of the last message that was applied; -1 before the first. */
  seq = -1;

  receive(message: HostToComparePanel): Received {
    if (message.type === 'snapshot') {
      this.state = message.state;
      this.seq = message.seq;
      return 'applied';
    }
    if (this.state === null || message.seq > this.seq + 1) return 'gap';
    if (message.seq <= this.seq) return 'repeated';
    const next = { ...this.state, ...message.patch };
    const race = raceAfter(next.race, message.streams ?? []);
    if (race === null) return 'gap';
    this.state = { ...next, race };
    this.seq = message.seq;
    return 'applied';
  }
}

/** Null where a chunk goes on with a lane that is not there: then a message went missing although the numbers follow. */
function raceAfter(lanes: readonly RaceLane[], chunks: readonly RaceChunk[]): RaceLane[] | null {
  if (chunks.length === 0) return lanes as RaceLane[];
  const race = [...lanes];
  for (const { id, text, patch, start } of chunks) {
    const at = race.findIndex((lane) => lane.id === id);
    const known = race[at];
    if (start === true) {
      const lane: RaceLane = { ...freshLane(id), ...patch, text };
      if (at === -1) race.push(lane);
      else race[at] = lane;
    } else if (known === undefined) return null;
    else race[at] = { ...known, ...patch, text: known.text + text };
  }
  return race;
}

function freshLane(id: string): RaceLane {
  return { id, case: '', caseName: '', text: '', ttftMs: null, chunks: 0, status: 'waiting', e2eMs: null };
}
