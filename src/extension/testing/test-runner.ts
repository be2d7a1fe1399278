/** From what a person asks VS Code to run, to runs of the engine, one after the other, and back to test states. */
import type { CancellationToken, TestItem, TestRun, TestRunRequest } from 'vscode';
import type { Clock } from '../../core/util/clock';
import { DisposableStore, type Disposable } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import type { EngineEvent } from '../../protocol/events';
import type { RunEnd, RunStart } from '../engine/run-controller';
import type { RunOptions, RunRequest } from '../engine/run-preparation';
import type { Outcome } from './test-messages';
import type { RunReporter } from './run-reporter';
import { batchesOf, debugBatch, type Batch } from './test-selection';
import type { TestSubject } from './test-data';
import { TestSink, type ReportedState, type TestValues } from './test-sink';
import type { TestLeaf, TestTree } from './test-tree';
import { l10n } from '../l10n';

/**
 * How long a cancelled request waits for the engine to put away what it measured. VS Code gives a cancelled run 10 s and then
 * ends it by itself, with what is open left as it is.
 */
const CANCEL_PATIENCE_MS = 8_000;

/** What is needed of the run controller. */
export interface Runs {
  run(request: RunRequest, options?: RunOptions): Promise<RunEnd>;
  onDidStart(listener: (start: RunStart) => void): Disposable;
  onEvents(listener: (events: EngineEvent[]) => void): Disposable;
  onDidEnd(listener: (end: RunEnd) => void): Disposable;
}

export interface TestRunnerParts {
  /** Makes what reports a run: it is loaded with the first one. */
  reporter: (...args: ConstructorParameters<typeof RunReporter>) => RunReporter;
  tree: TestTree;
  runs: Runs;
  values: TestValues & {
    /** A request that VS Code has not made: of a run that was started elsewhere. */
    request: (include: TestItem[]) => TestRunRequest;
  };
  createTestRun: (request: TestRunRequest, name: string | undefined) => TestRun;
  /** The top-level items, once all files have been found. */
  allFiles: () => Promise<TestItem[]>;
  /** Receives every state that is reported. */
  onState: (state: ReportedState) => void;
  /** A run has ended; what it says about these holds until what they depend on changes. */
  onReported: (start: RunStart, subjects: TestSubject[]) => void;
  onError: (error: unknown) => void;
  clock: Clock;
}

interface Followed {
  reporter: RunReporter;
  start: RunStart;
  signal: AbortSignal;
  /** Of a run that was started elsewhere: its own test runs, which end with it. */
  own: TestSink | null;
}

const NEVER = new AbortController().signal;

export class TestRunner implements Disposable {
  private readonly store = new DisposableStore();
  /** Requests of ours, until they have started. */
  private readonly expected = new Map<RunRequest, { sink: TestSink; signal: AbortSignal }>();
  private followed: Followed | null = null;

  constructor(private readonly parts: TestRunnerParts) {
    const { runs } = parts;
    this.store.add(runs.onDidStart((start) => this.guard(() => this.follow(start))));
    this.store.add(runs.onEvents((events) => this.guard(() => this.followed?.reporter.events(events))));
    this.store.add(runs.onDidEnd((end) => this.guard(() => this.unfollow(end))));
  }

  /** Runs what is included. Resolves when it is over; its test runs have then ended, whatever happened. */
  async run(request: TestRunRequest, token: CancellationToken): Promise<void> {
    const leaves = await this.leavesOf(request);
    await this.execute(request, token, this.batches(leaves, request.exclude), leaves);
  }

  /** Runs the first case that is included, on one target, and prints all there is to know. */
  async debug(request: TestRunRequest, token: CancellationToken): Promise<void> {
    const leaves = await this.leavesOf(request);
    const cases = leaves.filter(({ subject }) => subject.kind === 'case' || subject.kind === 'row');
    const [leaf] = cases;
    const uri = leaf === undefined ? undefined : this.parts.tree.file(leaf.file)?.uri;
    if (leaf === undefined || uri === undefined) {
      const why = l10n.t('Debug shows the full trace of one case: choose a case.');
      await this.execute(request, token, [], leaves.slice(0, 1), { note: [why], rest: errored(why) });
      return;
    }
    const more = cases.length - 1;
    const note =
      more === 0 ? [] : [l10n.t('Debug runs one case on one target: {0} more were chosen and are left out.', more)];
    await this.execute(request, token, [debugBatch(uri, leaf)], [leaf], { note });
  }

  /** Runs leaves that were chosen by something else than a person, who has to be able to read why where that fails. */
  async runLeaves(
    request: TestRunRequest,
    token: CancellationToken,
    leaves: TestLeaf[],
    options: Pick<RunOptions, 'quiet' | 'confirm'>,
  ): Promise<RunEnd[]> {
    return this.execute(request, token, this.batches(leaves, request.exclude), leaves, { options });
  }

  dispose(): void {
    this.followed?.own?.end();
    this.store.dispose();
  }

  private async leavesOf({ include, exclude = [] }: TestRunRequest): Promise<TestLeaf[]> {
    const { tree } = this.parts;
    const left = new Set(exclude);
    const isLeft = (item: TestItem): boolean => {
      for (let at: TestItem | undefined = item; at !== undefined; at = at.parent) if (left.has(at)) return true;
      return false;
    };
    const found = new Map<TestItem, TestLeaf>();
    for (const item of include ?? (await this.parts.allFiles())) {
      for (const leaf of tree.leaves(item)) if (!isLeft(leaf.item)) found.set(leaf.item, leaf);
    }
    return [...found.values()];
  }

  private batches(leaves: readonly TestLeaf[], exclude: readonly TestItem[] = []): Batch[] {
    const { tree } = this.parts;
    const files = new Map<string, TestLeaf[]>();
    for (const leaf of leaves) {
      const own = files.get(leaf.file);
      if (own === undefined) files.set(leaf.file, [leaf]);
      else own.push(leaf);
    }
    return [...files].flatMap(([file, chosen]) => {
      const [item, known] = [tree.fileItem(file), tree.file(file)];
      if (item === undefined || known === undefined) return [];
      return batchesOf(known.uri, tree.leaves(item), chosen, exclude.length > 0);
    });
  }

  private async execute(
    request: TestRunRequest,
    token: CancellationToken,
    batches: readonly Batch[],
    leaves: readonly TestLeaf[],
    more: { note?: string[]; rest?: Outcome; options?: Pick<RunOptions, 'quiet' | 'confirm'> } = {},
  ): Promise<RunEnd[]> {
    const { createTestRun, values, onState } = this.parts;
    const abort = new AbortController();
    const cancel = (): void => abort.abort();
    const sink = new TestSink((name) => createTestRun(request, name), values, onState, cancel);
    const listener = token.onCancellationRequested(cancel);
    const ends: RunEnd[] = [];
    if (token.isCancellationRequested) cancel();
    try {
      for (const target of new Set(leaves.map((leaf) => leaf.target))) sink.open(target);
      if (leaves.length === 0) sink.open(null);
      for (const { item, target } of leaves) sink.enqueued(item, target);
      sink.outputToAll(more.note ?? []);
      for (const batch of batches) {
        if (abort.signal.aborted) break;
        const end = await this.runBatch(batch, sink, abort.signal, more.options ?? {});
        if (end !== null) ends.push(end);
      }
    } finally {
      listener.dispose();
      this.settleRest(leaves, sink, more.rest ?? { state: 'skipped', messages: [] });
      sink.end();
    }
    return ends;
  }

  /** Null where the engine was not waited for any longer. */
  private async runBatch(
    batch: Batch,
    sink: TestSink,
    signal: AbortSignal,
    options: Pick<RunOptions, 'quiet' | 'confirm'>,
  ): Promise<RunEnd | null> {
    const { runs } = this.parts;
    this.expected.set(batch.request, { sink, signal });
    try {
      const end = await this.notMuchLongerThan(signal, runs.run(batch.request, { ...options, signal }));
      if (end !== null && end.outcome === 'refused' && !signal.aborted) {
        const why = end.error ?? l10n.t('The run was called off before anything was sent.');
        sink.outputToAll([why]);
        this.settleRest(batch.leaves, sink, errored(why));
      }
      return end;
    } catch (error) {
      // The controller tells what it expects to go wrong: this is a fault of our own, which must not look like a test that hangs.
      this.settleRest(batch.leaves, sink, errored(messageOf(error)));
      this.parts.onError(error);
      return null;
    } finally {
      this.expected.delete(batch.request);
    }
  }

  /** What `work` resolves to; null where it has not a while after it was cancelled. */
  private async notMuchLongerThan<T>(signal: AbortSignal, work: Promise<T>): Promise<T | null> {
    const { clock } = this.parts;
    let stop = (): void => undefined;
    const late = new Promise<null>((resolve) => {
      const wait = (): void => {
        const cancelTimer = clock.at(clock.nowMs() + CANCEL_PATIENCE_MS, () => resolve(null));
        stop = cancelTimer;
      };
      if (signal.aborted) wait();
      else {
        signal.addEventListener('abort', wait, { once: true });
        stop = () => signal.removeEventListener('abort', wait);
      }
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      stop();
    }
  }

  /** What nothing was said of. A parent has no state of its own. */
  private settleRest(leaves: readonly TestLeaf[], sink: TestSink, outcome: Outcome): void {
    for (const { item, target } of leaves) if (item.children.size === 0) sink.settle(item, target, outcome);
  }

  private follow(start: RunStart): void {
    const { tree, createTestRun, values, onState, reporter: report } = this.parts;
    const expected = this.expected.get(start.request);
    if (expected !== undefined) {
      const reporter = report(start, tree, expected.sink);
      this.followed = { reporter, start, signal: expected.signal, own: null };
      return;
    }
    const root = tree.fileItem(start.parsed.uri.toString());
    if (root === undefined) return;
    // Somewhere else a button was pressed: the tests show the same, so that they are never out of date.
    let request: TestRunRequest | undefined;
    const create = (name: string | undefined): TestRun => createTestRun((request ??= values.request([root])), name);
    const sink = new TestSink(create, values, onState);
    const reporter = report(start, tree, sink, (items) => {
      const isWhole = items.length === tree.leaves(root).length;
      request = values.request(isWhole ? [root] : items);
    });
    this.followed = { reporter, start, signal: NEVER, own: sink };
  }

  private unfollow(end: RunEnd): void {
    const { followed } = this;
    if (followed === null) return;
    this.followed = null;
    try {
      followed.reporter.finish(end, followed.signal.aborted);
      this.parts.onReported(followed.start, followed.reporter.subjects);
    } finally {
      followed.own?.end();
    }
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      // A fault in showing a run must not reach the run itself, nor those who show it elsewhere.
      this.parts.onError(error);
    }
  }
}

function errored(text: string): Outcome {
  return { state: 'errored', messages: [{ text, pointer: null }] };
}
