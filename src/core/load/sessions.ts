/** Users with several turns: each waits for its answer, thinks, and sends the conversation so far with its next words. */
import type { Message } from '../../protocol/plan';
import type { RequestRecord } from '../../protocol/run-json';
import type { Clock } from '../util/clock';
import type { DispatchOrder } from './dispatcher';
import type { Pacer } from './pacer';
import type { RequestSource, SourcedRequest } from './request-source';

/** One request of a session that is due now. */
export interface TurnOrder {
  /** Of the request: that of the session times its turns, plus the turn. */
  index: number;
  session: number;
  /** From 0. */
  turn: number;
  sourced: SourcedRequest;
  scheduledMs: number;
  socketWaitMs: number | null;
  /** Whether the text of the answer is needed for the next turn. */
  keepText: boolean;
}

export interface SessionsOptions {
  turns: number;
  thinkTimeMs: number;
  /** Requests of the stage, over all sessions. */
  requests: number;
  /** A turn that would be due then or later is not taken. */
  untilMs: number;
  clockOriginMs: number;
  source: RequestSource;
  clock: Clock;
  pacer: Pacer;
  send(turn: TurnOrder): void;
  /** A session has ended: its arrival's slot is free. */
  onSessionEnded(): void;
  /** Nothing is open any more. */
  onIdle(): void;
}

interface Session {
  order: DispatchOrder;
  turn: number;
  /** The conversation before the turn under way; undefined until the first answer is there. */
  history: Message[] | undefined;
}

interface Waiting {
  session: Session;
  dueMs: number;
  /** Null where the stage is over before the turn is due. */
  sourced: SourcedRequest | null;
}

/**
 * The sessions of one worker. A dispatcher's order starts one and is released when it is over, so that in a closed loop a
 * user goes on with a session of its own, and in an open loop sessions arrive by schedule. A turn is scheduled for the
 * moment its user has thought; one that fails ends its session, since the conversation cannot be gone on with.
 */
export class Sessions {
  /** Sessions that have begun and not ended. */
  open = 0;
  /** Turns after the first that were sent. */
  laterTurns = 0;
  /** In the order in which they are due: everyone thinks equally long. */
  private readonly waiting: Waiting[] = [];
  /** By the index of the request in flight. */
  private readonly underWay = new Map<number, Session>();
  private cancelled = false;

  constructor(private readonly options: SessionsOptions) {}

  /** The request with which session number `session` begins. */
  firstRequest(session: number): number {
    return session * this.options.turns;
  }

  start(order: DispatchOrder): void {
    const index = this.firstRequest(order.index);
    this.open++;
    const { scheduledMs, socketWaitMs } = order;
    this.sendTurn({ order, turn: 0, history: undefined }, this.options.source.at(index), scheduledMs, socketWaitMs);
  }

  /** Ends the sessions whose users are thinking; the others end with the request that they have in flight. */
  cancel(): void {
    this.cancelled = true;
    this.options.pacer.cancel();
    for (const { session } of this.waiting.splice(0)) this.end(session, true);
  }

  private sendTurn(session: Session, sourced: SourcedRequest, scheduledMs: number, socketWaitMs: number | null): void {
    const { order, turn } = session;
    const index = this.firstRequest(order.index) + turn;
    const keepText = this.hasNext(session);
    this.underWay.set(index, session);
    this.options.send({ index, session: order.index, turn, sourced, scheduledMs, socketWaitMs, keepText });
  }

  /** The request of a turn has ended. */
  onEnded(record: RequestRecord, text: string): void {
    const session = this.underWay.get(record.index);
    if (session === undefined) return;
    this.underWay.delete(record.index);
    const { clock, clockOriginMs, thinkTimeMs, untilMs, source } = this.options;
    const dueMs = Math.max(clock.nowMs(), record.end + clockOriginMs + thinkTimeMs);
    if (this.cancelled || record.outcome !== 'completed' || !this.hasNext(session)) {
      this.end(session, record.status !== null);
      return;
    }
    if (dueMs >= untilMs) {
      // Who is thinking at the end is still there: a session begun in its place would be load that no user makes.
      this.wait({ session, dueMs: untilMs, sourced: null });
      return;
    }
    const first = this.firstRequest(session.order.index);
    session.history ??= source.prompts.at(first).messages;
    session.history.push({ role: 'assistant', content: text });
    session.turn++;
    const index = first + session.turn;
    const prompt = source.prompts.at(index, session.turn);
    session.history.push(...prompt.messages);
    // Written now and not when it is due: the user is thinking.
    this.wait({ session, dueMs, sourced: source.withMessages(session.history, prompt) });
  }

  private wait(waiting: Waiting): void {
    this.waiting.push(waiting);
    if (this.waiting.length === 1) this.plan();
  }

  private hasNext({ order, turn }: Session): boolean {
    return turn + 1 < this.options.turns && this.firstRequest(order.index) + turn + 1 < this.options.requests;
  }

  private plan(): void {
    const next = this.waiting[0];
    if (next !== undefined) this.options.pacer.wakeAt(next.dueMs, this.sendDue);
  }

  private readonly sendDue = (): void => {
    const nowMs = this.options.clock.nowMs();
    const later = this.waiting.findIndex(({ dueMs }) => dueMs > nowMs);
    // Taken off first: what is sent may end, and wait again, at once.
    const due = this.waiting.splice(0, later === -1 ? this.waiting.length : later);
    for (const { session, dueMs, sourced } of due) {
      if (sourced === null) {
        this.end(session, true);
      } else {
        this.laterTurns++;
        this.sendTurn(session, sourced, dueMs, null);
      }
    }
    this.plan();
  };

  private end(session: Session, gotResponse: boolean): void {
    this.open--;
    this.options.onSessionEnded();
    session.order.release(gotResponse);
    if (this.open === 0) this.options.onIdle();
  }
}
