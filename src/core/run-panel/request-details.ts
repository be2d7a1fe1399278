/** Answers what the panel asks about single requests, from the files of the run; each answer is bounded. */
import type { Message } from '../../protocol/plan';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import type { PanelCase, RequestDetail, RunPanelReply, RunPanelState } from '../../protocol/run-panel';
import { rowOfRequest } from '../../protocol/request-row';
import { cutAnswer } from './answers';
import { planOf, type KnownPlan, type PlanIndex } from './plan-index';
import type { RunRecords } from './records';

/** Gaps of one request that are sent: a timeline of more is a block. */
const MOST_GAPS = 20_000;
/** Characters of a prompt, and of a text on demand. */
const MOST_CHARACTERS = 2_000_000;
/** Of the texts of a record in a list. */
const LISTED_CHARACTERS = 20_000;
const MOST_ROWS = 200;
const MOST_FOUND = 5_000;
const MOST_LOAD_ANSWERS = 200;

/** Where one run is looked up. */
export class RunDetails {
  private known: Promise<KnownPlan> | null = null;

  /**
   * @param state the state that the panel shows: where stages start, and whether their loop is open
   * @param running the plan of a run that is going on, which needs not be read
   */
  constructor(
    private readonly records: RunRecords,
    private readonly state: () => RunPanelState,
    running: PlanIndex | null = null,
  ) {
    if (running !== null) this.known = Promise.resolve({ plan: running });
  }

  async request(id: string): Promise<RunPanelReply> {
    const [record] = await this.records.byId([id]);
    if (record === undefined) {
      return {
        type: 'request',
        id,
        detail: null,
        error:
          'Nothing more is kept of this request: its line is not in requests.ndjson (yet), or the folder of the run is gone.',
      };
    }
    return { type: 'request', id, detail: await this.detailOf(record) };
  }

  /** All that is kept of a request. */
  async detailOf(record: RequestRecord): Promise<RequestDetail> {
    const known = await this.plan();
    const answer = await this.records.answerOf(record.id);
    const partOf = this.stageOf(record)?.partOf;
    const prompt = 'plan' in known ? known.plan.promptOf(record, answer, partOf) : known;
    return {
      record: { ...record, itl: record.itl.slice(0, MOST_GAPS) },
      prompt: 'messages' in prompt ? cutMessages(prompt.messages) : prompt,
      caseName: 'plan' in known ? (known.plan.caseOf(record.target, record.case)?.name ?? null) : null,
      answer: answer === null ? null : cutAnswer(answer, MOST_CHARACTERS),
      answerReason: answer === null ? reasonOf(record) : '',
    };
  }

  async rows(ids: readonly string[]): Promise<RunPanelReply> {
    const records = await this.records.byId(ids.slice(0, MOST_ROWS));
    const known = await this.plan();
    return {
      type: 'rows',
      rows: records.map((record) =>
        rowOfRequest(record, 'plan' in known ? (known.plan.caseOf(record.target, record.case)?.name ?? null) : null),
      ),
    };
  }

  async find(target: string, stage: string, text: string): Promise<RunPanelReply> {
    const { ids, complete } = await this.records.find(target, stage, text, MOST_FOUND);
    return { type: 'found', target, stage, text, ids, complete };
  }

  async loadAnswers(target: string, stage: string): Promise<RunPanelReply> {
    const records: PanelCase[] = [];
    await this.records.eachAnswer((record) => {
      if (record.target === target && record.stage === stage) records.push(cutAnswer(record, LISTED_CHARACTERS));
      return records.length < MOST_LOAD_ANSWERS;
    });
    return { type: 'load-answers', target, stage, records };
  }

  async answer(target: string, pointer: string, repeat: number): Promise<RunPanelReply> {
    let found: CaseRecord | null = null;
    await this.records.eachAnswer((record) => {
      const { stage, case: own } = record;
      if (stage === undefined && record.target === target && own === pointer && record.repeat === repeat)
        found = record;
      return found === null;
    });
    const whole = found === null ? null : cutAnswer(found, MOST_CHARACTERS);
    return {
      ...{ type: 'answer', target, case: pointer, repeat },
      answer: whole?.answer ?? null,
      reasoning: whole?.reasoning ?? null,
    };
  }

  /** Ids of the cases of which an answer failed or is in error. */
  async failedCases(): Promise<string[]> {
    const ids = new Set<string>();
    await this.records.eachAnswer(({ stage, outcome, case_id: id }) => {
      if (stage === undefined && (outcome === 'failed' || outcome === 'error')) ids.add(id);
      return true;
    });
    return [...ids];
  }

  private plan(): Promise<KnownPlan> {
    this.known ??= planOf(this.records.dir);
    return this.known;
  }

  private stageOf({ target, stage }: RequestRecord) {
    return this.state()
      .targets.find(({ id }) => id === target)
      ?.stages.find(({ name }) => name === stage);
  }
}

function cutMessages(messages: readonly Message[]): { messages: Message[]; cutCharacters: number } {
  let left = MOST_CHARACTERS;
  let cutCharacters = 0;
  const kept = messages.map((message) => {
    const content = message.content.slice(0, left);
    left -= content.length;
    cutCharacters += message.content.length - content.length;
    return { ...message, content };
  });
  return { messages: kept, cutCharacters };
}

function reasonOf(record: RequestRecord): string {
  if (record.outcome !== 'completed' && record.first === null) return 'It ended without an answer.';
  return record.stage === 'cases'
    ? 'Its answer is not in cases.ndjson (yet).'
    : 'Of load stages only answers that failed an assertion are kept, so that the disk is not the limit of the load.';
}
