/** The report's own host: it answers what the panel asks from the data in the page, and saves files as downloads. */
import type { RunVerdict } from '../../src/protocol/run-json';
import type {
  HostToRunPanel,
  RequestDetail,
  RunExport,
  RunPanelReply,
  RunPanelToHost,
} from '../../src/protocol/run-panel';
import { requestHolds, rowOfRequest } from '../../src/protocol/request-row';
import {
  REPORT_INDEX_ID,
  reportRunId,
  type ReportedRequest,
  type ReportedRun,
  type ReportIndex,
} from '../../src/protocol/run-report';
import type { Host } from '../host';
import { download } from './download';

type In = HostToRunPanel | RunPanelReply;

export class ReportHost<State extends object> implements Host<In, RunPanelToHost, State> {
  private listener: (message: In) => void = () => undefined;
  private run: ShownRun | null = null;
  private seq = 0;
  private shown: number;

  private constructor(readonly index: ReportIndex) {
    this.shown = worstOf(index);
  }

  /** The place of the run that is shown; at first that of the worst one. */
  get current(): number {
    return this.shown;
  }

  /** Null where the page holds no report: it is a webview of the editor. */
  static ofPage<State extends object>(): ReportHost<State> | null {
    const index = readJson<ReportIndex>(REPORT_INDEX_ID);
    return index === null ? null : new ReportHost<State>(index);
  }

  /** Shows another run of the report. */
  show(index: number): void {
    const data = readJson<ReportedRun>(reportRunId(index));
    if (data === null) return;
    this.shown = index;
    this.run = new ShownRun(data);
    this.tell({ ...(data.snapshot as HostToRunPanel & { type: 'snapshot' }), seq: ++this.seq });
  }

  post(message: RunPanelToHost): void {
    switch (message.type) {
      case 'ready':
      case 'need-snapshot':
        this.show(this.shown);
        return;
      case 'save':
        download(message.name, message.kind, message.data);
        return;
      case 'export': {
        const file = this.run?.fileOf(message.what) ?? null;
        if (file !== null) download(file.name, file.kind, file.text);
        return;
      }
      default: {
        const reply = this.run?.reply(message) ?? null;
        if (reply !== null) this.tell(reply);
      }
    }
  }

  onMessage(listener: (message: In) => void): () => void {
    this.listener = listener;
    return () => {
      this.listener = () => undefined;
    };
  }

  restore(): State | null {
    return null;
  }

  save(): void {
    // A file has no place of its own to keep what a reader chose.
  }

  /** Later, as a message of another process would come: whoever asks has not returned yet. */
  private tell(message: In): void {
    queueMicrotask(() => this.listener(message));
  }
}

/** The run that is shown, by what the panel asks for. */
class ShownRun {
  private readonly requests = new Map<string, ReportedRequest>();
  private readonly answers = new Map<string, RequestDetail['answer']>();

  constructor(private readonly data: ReportedRun) {
    for (const request of data.requests) this.requests.set(request.record.id, request);
    const { targets } = (data.snapshot as HostToRunPanel & { type: 'snapshot' }).state;
    for (const record of [...targets.flatMap(({ cases }) => cases), ...data.loadAnswers]) {
      for (const id of [record.request, ...(record.turns ?? []).map((turn) => turn.request)])
        if (id !== null) this.answers.set(id, record);
    }
  }

  reply(message: RunPanelToHost): RunPanelReply | null {
    switch (message.type) {
      case 'request':
        return this.request(message.id);
      case 'rows': {
        const rows = message.ids.flatMap((id) => {
          const known = this.requests.get(id);
          return known === undefined ? [] : [rowOfRequest(known.record, known.caseName)];
        });
        // What is not in the file will not be there later: an empty answer would be asked for again.
        return rows.length === 0 ? null : { type: 'rows', rows };
      }
      case 'find': {
        const { target, stage, text } = message;
        const own = [...this.requests.values()].filter(
          ({ record }) => record.target === target && record.stage === stage,
        );
        const wanted = text.toLowerCase();
        const ids = own.filter(({ record }) => requestHolds(record, wanted)).map(({ record }) => record.id);
        return { type: 'found', target, stage, text, ids, complete: true, searched: own.length };
      }
      case 'load-answers': {
        const { target, stage } = message;
        const records = this.data.loadAnswers.filter((record) => record.target === target && record.stage === stage);
        return { type: 'load-answers', target, stage, records };
      }
      case 'answer': {
        const { target, case: pointer, repeat } = message;
        const whole = this.data.wholeAnswers.find(
          (one) => one.target === target && one.case === pointer && one.repeat === repeat,
        );
        const { answer = null, reasoning = null } = whole ?? {};
        return { type: 'answer', target, case: pointer, repeat, answer, reasoning };
      }
      default:
        return null;
    }
  }

  /** Null for what a report has not, and does not offer. */
  fileOf(what: RunExport): { name: string; kind: 'csv' | 'json'; text: string } | null {
    const { files } = this.data;
    if (files === null) return null;
    if (what === 'run') return { name: files.name, kind: 'json', text: `${JSON.stringify(files.run, null, 2)}\n` };
    return what === 'metrics' ? { name: `${files.name}-metrics`, kind: 'csv', text: files.metricsCsv } : null;
  }

  private request(id: string): RunPanelReply {
    const known = this.requests.get(id);
    if (known === undefined) {
      const error =
        'More of this request is left out of this report to keep it small; it is in requests.ndjson of the run.';
      return { type: 'request', id, detail: null, error };
    }
    const { record, prompt, reason, caseName } = known;
    const answer = reason === null ? (this.answers.get(id) ?? null) : null;
    const detail: RequestDetail = {
      record,
      prompt: this.data.prompts[prompt] ?? { reason: 'What it sent is not in this report.' },
      caseName,
      answer,
      answerReason: reason === null ? '' : (this.data.reasons[reason] ?? ''),
    };
    return { type: 'request', id, detail };
  }
}

/** A verdict is looked for where something is wrong. */
function worstOf({ runs }: ReportIndex): number {
  const ranks = runs.map(({ verdict }) => WORST_FIRST.indexOf(verdict));
  return Math.max(0, ranks.indexOf(Math.min(...ranks)));
}

const WORST_FIRST: readonly (RunVerdict | null)[] = ['fail', 'error', null, 'inconclusive', 'pass'];

function readJson<T>(id: string): T | null {
  const text = document.getElementById(id)?.textContent ?? null;
  return text === null ? null : (JSON.parse(text) as T);
}
