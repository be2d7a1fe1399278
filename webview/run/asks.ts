/** What the panel asks the extension about single requests, and the answers that it still has. */
import type { PanelCase, RequestDetail, RequestRow, RunPanelReply } from '../../src/protocol/run-panel';
import type { Post } from './post';

/** Rows that are kept: a reader scrolls back more often than far. */
const MOST_ROWS = 3000;
/** One message asks for at most so many. */
const MOST_ASKED = 100;
/** While somebody scrolls the rows that fly by are not asked for. */
const QUIET_MS = 80;

export type Detail = { detail: RequestDetail } | { error: string };
export interface Found {
  ids: Set<string>;
  complete: boolean;
  /** Where not all requests could be searched: how many were. */
  searched: number | null;
}

export class Asks {
  private readonly rows = new Map<string, RequestRow>();
  private readonly asked = new Set<string>();
  private readonly wanted = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly details = new Map<string, (detail: Detail) => void>();
  private readonly searches = new Map<string, (found: Found) => void>();
  private readonly answers = new Map<string, (answer: string | null, reasoning: string | null) => void>();
  private readonly loads = new Map<string, (records: PanelCase[]) => void>();

  constructor(
    private readonly post: Post,
    private readonly onRows: () => void,
  ) {}

  /** Forgets what was said of another run. */
  clear(): void {
    for (const known of [this.rows, this.asked, this.wanted, this.details, this.searches, this.answers, this.loads])
      known.clear();
  }

  /** The row of a request if it is known; else it is asked for, in one message with the others of this moment. */
  row(id: string): RequestRow | undefined {
    const known = this.rows.get(id);
    if (known !== undefined) return known;
    if (this.asked.has(id)) return undefined;
    this.wanted.add(id);
    this.timer ??= setTimeout(() => {
      this.timer = null;
      // The newest ones are those in view.
      const ids = [...this.wanted].slice(-MOST_ASKED);
      this.wanted.clear();
      for (const one of ids) this.asked.add(one);
      if (ids.length > 0) this.post({ type: 'rows', ids });
    }, QUIET_MS);
    return undefined;
  }

  request(id: string, onDetail: (detail: Detail) => void): void {
    this.details.set(id, onDetail);
    this.post({ type: 'request', id });
  }

  find(target: string, stage: string, text: string, onFound: (found: Found) => void): void {
    this.searches.set(searchKey(target, stage, text), onFound);
    this.post({ type: 'find', target, stage, text });
  }

  loadAnswers(target: string, stage: string, onRecords: (records: PanelCase[]) => void): void {
    this.loads.set(`${target}\n${stage}`, onRecords);
    this.post({ type: 'load-answers', target, stage });
  }

  /** The whole of an answer; null where it is not to be had. */
  answer(
    of: { target: string; case: string; repeat: number },
    onAnswer: (answer: string | null, reasoning: string | null) => void,
  ): void {
    this.answers.set(answerKey(of), onAnswer);
    this.post({ type: 'answer', target: of.target, case: of.case, repeat: of.repeat });
  }

  receive(reply: Exclude<RunPanelReply, { type: 'trends' }>): void {
    switch (reply.type) {
      case 'rows':
        for (const row of reply.rows) this.rows.set(row.id, row);
        // What was not found is not written yet, and may be asked for again.
        this.asked.clear();
        for (const id of this.rows.keys()) {
          if (this.rows.size <= MOST_ROWS) break;
          this.rows.delete(id);
        }
        this.onRows();
        return;
      case 'request':
        this.details.get(reply.id)?.(reply.detail === null ? { error: reply.error } : { detail: reply.detail });
        this.details.delete(reply.id);
        return;
      case 'found':
        this.searches.get(searchKey(reply.target, reply.stage, reply.text))?.({
          ids: new Set(reply.ids),
          complete: reply.complete,
          searched: reply.searched ?? null,
        });
        return;
      case 'load-answers':
        this.loads.get(`${reply.target}\n${reply.stage}`)?.(reply.records);
        return;
      case 'answer':
        this.answers.get(answerKey(reply))?.(reply.answer, reply.reasoning);
        return;
    }
  }
}

function searchKey(target: string, stage: string, text: string): string {
  return `${target}\n${stage}\n${text}`;
}

function answerKey({ target, case: pointer, repeat }: { target: string; case: string; repeat: number }): string {
  return `${target}\n${pointer}\n${repeat}`;
}
