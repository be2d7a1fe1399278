/** What the panel shows: the run of this window as it goes on, or one from the history. Both answer the same questions. */
import type { RunPanelChange, RunPanelReply, RunPanelState, RunPanelToHost } from '../../protocol/run-panel';
import { parts } from '../parts/load';
import type { OnChanges, StoredRun } from '../../core/run-panel/stored-run';
import type { PlanIndex } from '../../core/run-panel/plan-index';
import type { RunDetails } from '../../core/run-panel/request-details';
import { RunPanelModel } from './run-panel-state';

/** A run that can be shown. */
export interface RunView {
  readonly state: RunPanelState;
  /** Its folder; null before there is one. */
  readonly dir: string | null;
  /** Answers what the panel asks; null for a message that asks nothing. */
  reply(message: RunPanelToHost): Promise<RunPanelReply | null>;
  /** Ids of its cases that failed. */
  failedCases(): Promise<string[]>;
  set(patch: Extract<RunPanelChange, { kind: 'run' }>['patch']): RunPanelChange[];
}

/** The run of this window, the newest one. */
export class LiveRun implements RunView {
  readonly model = new RunPanelModel();
  private details: RunDetails | null = null;
  private folder: string | null = null;

  get state(): RunPanelState {
    return this.model.state;
  }

  get dir(): string | null {
    return this.folder;
  }

  begun(dir: string, plan: PlanIndex): void {
    this.folder = dir;
    const { RunDetails, RunRecords } = parts();
    this.details = new RunDetails(new RunRecords(dir), () => this.model.state, plan);
  }

  /** The plan may hold a large dataset: from here on it is read again where a prompt is asked for. */
  ended(): void {
    if (this.folder === null) return;
    const { RunDetails, RunRecords } = parts();
    this.details = new RunDetails(new RunRecords(this.folder), () => this.model.state);
  }

  set(patch: Extract<RunPanelChange, { kind: 'run' }>['patch']): RunPanelChange[] {
    return this.model.set(patch);
  }

  reply(message: RunPanelToHost): Promise<RunPanelReply | null> {
    return this.details === null ? Promise.resolve(null) : replyTo(this.details, message);
  }

  failedCases(): Promise<string[]> {
    return this.details?.failedCases() ?? Promise.resolve([]);
  }
}

/** A run from its files. */
export class HistoryRun implements RunView {
  private readonly details: RunDetails;
  private readonly abort = new AbortController();

  private constructor(
    readonly dir: string,
    readonly stored: StoredRun,
  ) {
    this.details = new (parts().RunDetails)(stored.records, () => stored.state);
  }

  static async open(dir: string): Promise<HistoryRun> {
    return new HistoryRun(dir, await parts().openStoredRun(dir));
  }

  get state(): RunPanelState {
    return this.stored.state;
  }

  load(onChanges: OnChanges): Promise<void> {
    return this.stored.load(onChanges, this.abort.signal);
  }

  set(patch: Extract<RunPanelChange, { kind: 'run' }>['patch']): RunPanelChange[] {
    Object.assign(this.stored.state, patch);
    return [{ kind: 'run', patch }];
  }

  reply(message: RunPanelToHost): Promise<RunPanelReply | null> {
    return replyTo(this.details, message);
  }

  failedCases(): Promise<string[]> {
    return this.details.failedCases();
  }

  /** Ends reading what nobody looks at any more. */
  close(): void {
    this.abort.abort();
  }
}

async function replyTo(details: RunDetails, message: RunPanelToHost): Promise<RunPanelReply | null> {
  switch (message.type) {
    case 'request':
      return details.request(message.id);
    case 'rows':
      return details.rows(message.ids);
    case 'find':
      return details.find(message.target, message.stage, message.text);
    case 'load-answers':
      return details.loadAnswers(message.target, message.stage);
    case 'answer':
      return details.answer(message.target, message.case, message.repeat);
    default:
      return null;
  }
}
