/** Where states, messages and output of one request go: a test run of VS Code for each target, so that its results are told apart. */
import type { Location, TestItem, TestMessage, TestRun, Uri } from 'vscode';
import type { TextRange } from '../../core/spec/document';
import { DisposableStore } from '../../core/util/disposable';
import type { MessageSpec, Outcome, TestState } from './test-messages';
import { terminalText } from './test-output';

/** VS Code's own values, made where `vscode` may be imported. */
export interface TestValues {
  message: (
    text: string,
    diff: { expected: string; actual: string } | null,
    location: Location | undefined,
  ) => TestMessage;
  location: (uri: Uri, range: TextRange) => Location;
}

/** What has been reported, for those who check it. */
export interface ReportedState {
  item: TestItem;
  target: string | null;
  state: 'enqueued' | 'started' | TestState;
  messages: MessageSpec[];
}

/** Finds the place of a node by its JSON pointer; undefined where the file has none such. */
export type PlaceOf = (pointer: string) => TextRange | undefined;

export class TestSink {
  private readonly store = new DisposableStore();
  private readonly runs = new Map<string | null, TestRun>();
  private readonly states = new Map<TestItem, ReportedState['state']>();
  private ended = false;

  /**
   * @param create makes the test run of a target; all of one sink come from the same request
   * @param onCancel called when a person cancels one of them
   */
  constructor(
    private readonly create: (name: string | undefined) => TestRun,
    private readonly values: TestValues,
    private readonly onState: (state: ReportedState) => void,
    private readonly onCancel: () => void = () => undefined,
  ) {}

  /** The test run of a target. All that can be are to be opened at the start: VS Code takes the end of the last for the end of all. */
  open(target: string | null): TestRun {
    const known = this.runs.get(target);
    if (known !== undefined) return known;
    const run = this.create(target ?? undefined);
    this.runs.set(target, run);
    this.store.add(run.token.onCancellationRequested(() => this.onCancel()));
    return run;
  }

  enqueued(item: TestItem, target: string | null): void {
    if (this.ended || this.states.has(item)) return;
    this.open(target).enqueued(item);
    this.note(item, target, 'enqueued', []);
  }

  started(item: TestItem, target: string | null): void {
    const state = this.states.get(item);
    if (this.ended || (state !== undefined && state !== 'enqueued')) return;
    this.open(target).started(item);
    this.note(item, target, 'started', []);
  }

  isSettled(item: TestItem): boolean {
    const state = this.states.get(item);
    return state !== undefined && state !== 'enqueued' && state !== 'started';
  }

  /** The final state of an item; only the first one counts. */
  settle(
    item: TestItem,
    target: string | null,
    { state, messages }: Outcome,
    placeOf?: PlaceOf,
    durationMs?: number,
  ): void {
    if (this.ended || this.isSettled(item)) return;
    const run = this.open(target);
    const made = (): TestMessage[] => messages.map((message) => this.message(item, message, placeOf));
    switch (state) {
      case 'passed':
        run.passed(item, durationMs);
        break;
      case 'failed':
        run.failed(item, made(), durationMs);
        break;
      case 'errored':
        run.errored(item, made(), durationMs);
        break;
      case 'skipped':
        run.skipped(item);
        break;
    }
    this.note(item, target, state, messages);
  }

  /** Lines of plain text, for the output of a target. */
  output(target: string | null, lines: readonly string[], item?: TestItem): void {
    if (this.ended || lines.length === 0) return;
    this.open(target).appendOutput(terminalText(lines), undefined, item);
  }

  outputToAll(lines: readonly string[]): void {
    for (const target of this.runs.keys()) this.output(target, lines);
  }

  /** Ends all of its runs; nothing is reported after it. */
  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.store.dispose();
    for (const run of this.runs.values()) run.end();
  }

  private note(item: TestItem, target: string | null, state: ReportedState['state'], messages: MessageSpec[]): void {
    this.states.set(item, state);
    this.onState({ item, target, state, messages });
  }

  private message(item: TestItem, { text, pointer, expected, actual }: MessageSpec, placeOf?: PlaceOf): TestMessage {
    const range = pointer === null ? undefined : placeOf?.(pointer);
    const diff = expected === undefined || actual === undefined ? null : { expected, actual };
    return this.values.message(text, diff, this.location(item, range));
  }

  /** The place of a message; without one of its own, that of the item, or of the nearest item above that has one. */
  private location(item: TestItem, range: TextRange | undefined): Location | undefined {
    if (item.uri === undefined) return undefined;
    if (range !== undefined) return this.values.location(item.uri, range);
    for (let at: TestItem | undefined = item; at !== undefined; at = at.parent) {
      if (at.range !== undefined) return this.values.location(item.uri, at.range);
    }
    return undefined;
  }
}
