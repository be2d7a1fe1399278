import type { CasePlan } from '../../protocol/plan';
import type { EndedRequest } from '../load/types';

/** The ended turns of one case and repeat, in order. */
export interface Conversation {
  item: CasePlan;
  repeat: number;
  turns: EndedRequest[];
}

/** Puts the turns of conversations together: each arrives as a request of its own. */
export class Conversations {
  private readonly open = new Map<string, Conversation>();

  /**
   * Takes an ended request of a case.
   * @returns the conversation, if this was its last turn or a turn without an answer, behind which nothing can follow; a case
   *   without turns is a conversation of one request
   */
  add(item: CasePlan, ended: EndedRequest): Conversation | null {
    const repeat = ended.record.repeat ?? 0;
    const count = item.turns?.length ?? 0;
    if (count === 0) return { item, repeat, turns: [ended] };
    const key = `${repeat} ${item.pointer}`;
    const conversation = this.open.get(key) ?? { item, repeat, turns: [] };
    conversation.turns.push(ended);
    if (ended.record.outcome === 'completed' && conversation.turns.length < count) {
      this.open.set(key, conversation);
      return null;
    }
    this.open.delete(key);
    return conversation;
  }

  /** Conversations that a stop has cut between two turns. */
  unfinished(): Conversation[] {
    return [...this.open.values()];
  }
}
