/** VS Code's test API and the run controller, as far as the Test Explorer uses them, with everything that is called written down. */
import type {
  CancellationToken,
  Range,
  TestItem,
  TestItemCollection,
  TestMessage,
  TestRun,
  TestRunRequest,
  Uri,
} from 'vscode';
import { buildPlan } from '../../../src/core/engine/plan';
import { planOutline } from '../../../src/core/engine/plan-outline';
import type { PlanSelection } from '../../../src/core/engine/plan-select';
import type { TextRange } from '../../../src/core/spec/document';
import { parseEvalFile, type EvalDocument } from '../../../src/core/spec/parse';
import { Emitter } from '../../../src/core/util/emitter';
import type { RunEnd, RunStart } from '../../../src/extension/engine/run-controller';
import type { RunOptions, RunRequest } from '../../../src/extension/engine/run-preparation';
import type { ParsedDocument } from '../../../src/extension/language/documents';
import { surveyOf } from '../../../src/extension/language/survey';
import { TestRunner, type Runs } from '../../../src/extension/testing/test-runner';
import { RunReporter } from '../../../src/extension/testing/run-reporter';
import { TestTree, type TestItemHost } from '../../../src/extension/testing/test-tree';
import type { EngineEvent } from '../../../src/protocol/events';
import type { RunPlan } from '../../../src/protocol/plan';
import type { CaseRecord, RunJson } from '../../../src/protocol/run-json';
import { NOW } from '../plan/planning';
import { FakeClock } from '../support/fake-clock';

export function uriOf(path: string): Uri {
  return { scheme: 'file', path, fsPath: path, toString: () => `file://${path}` } as unknown as Uri;
}

export class FakeCollection implements TestItemCollection {
  private readonly items = new Map<string, FakeItem>();
  /** Messages that this would have been to VS Code. */
  writes = 0;

  constructor(private readonly owner: FakeItem | undefined) {}

  get size(): number {
    return this.items.size;
  }

  get(id: string): TestItem | undefined {
    return this.items.get(id);
  }

  add(item: TestItem): void {
    this.writes++;
    const own = item as unknown as FakeItem;
    own.parent = this.owner;
    this.items.set(item.id, own);
  }

  delete(id: string): void {
    const item = this.items.get(id);
    if (item === undefined) return;
    this.writes++;
    item.parent = undefined;
    this.items.delete(id);
  }

  replace(items: readonly TestItem[]): void {
    this.writes++;
    for (const item of this.items.values()) item.parent = undefined;
    this.items.clear();
    for (const item of items) {
      const own = item as unknown as FakeItem;
      own.parent = this.owner;
      this.items.set(item.id, own);
    }
  }

  forEach(callback: (item: TestItem, collection: TestItemCollection) => unknown): void {
    for (const item of this.items.values()) callback(item, this);
  }

  *[Symbol.iterator](): Iterator<[string, TestItem]> {
    for (const [id, item] of this.items) yield [id, item];
  }
}

export class FakeItem {
  readonly children = new FakeCollection(this);
  parent: TestItem | undefined;
  canResolveChildren = false;
  busy = false;
  tags = [];
  description: string | undefined;
  sortText: string | undefined;
  range: Range | undefined;
  error: string | undefined;

  constructor(
    readonly id: string,
    public label: string,
    readonly uri: Uri | undefined,
  ) {}
}

export class FakeHost implements TestItemHost {
  readonly items = new FakeCollection(undefined);
  created = 0;

  createTestItem(id: string, label: string, uri?: Uri): TestItem {
    if (id.includes('\0')) throw new Error('Test IDs may not include the NUL character.');
    this.created++;
    return new FakeItem(id, label, uri);
  }
}

export function toRange({ start, end }: TextRange): Range {
  return { start, end } as unknown as Range;
}

/** `chat > case:one > target:a`, from the labels. */
export function pathOf(item: TestItem): string {
  const labels: string[] = [];
  for (let at: TestItem | undefined = item; at?.parent !== undefined; at = at.parent) labels.unshift(at.label);
  return labels.join(' > ') || item.label;
}

/** The tree as lines, indented; with `canResolveChildren` of what has not been expanded as `…`. */
export function outline(items: TestItemCollection, by = ''): string[] {
  const lines: string[] = [];
  for (const [, item] of items) {
    const more = item.canResolveChildren && item.children.size === 0 ? ' …' : '';
    lines.push(`${by}${item.label}${more}`, ...outline(item.children, `${by}  `));
  }
  return lines;
}

export class FakeToken implements CancellationToken {
  private readonly emitter = new Emitter<void>();
  isCancellationRequested = false;
  onCancellationRequested = ((listener: () => unknown) =>
    this.emitter.event(() => void listener())) as CancellationToken['onCancellationRequested'];

  cancel(): void {
    if (this.isCancellationRequested) return;
    this.isCancellationRequested = true;
    this.emitter.fire();
  }
}

interface FakeMessage {
  text: string;
  diff: { expected: string; actual: string } | null;
  /** Line of its place, from 1. */
  line: number | null;
}

/** Writes down every call, such as `a: passed one`. After its end any call throws, as nothing may be reported then. */
export class FakeTestRun implements TestRun {
  readonly token = new FakeToken();
  readonly isPersisted = true;
  readonly onDidDispose = (() => ({ dispose: () => undefined })) as unknown as TestRun['onDidDispose'];
  readonly durations = new Map<string, number | undefined>();
  text = '';
  ended = false;

  constructor(
    readonly name: string | undefined,
    readonly request: TestRunRequest,
    private readonly log: string[],
  ) {}

  enqueued(item: TestItem): void {
    this.note('enqueued', item);
  }

  started(item: TestItem): void {
    this.note('started', item);
  }

  skipped(item: TestItem): void {
    this.note('skipped', item);
  }

  passed(item: TestItem, duration?: number): void {
    this.durations.set(pathOf(item), duration);
    this.note('passed', item);
  }

  failed(item: TestItem, message: TestMessage | readonly TestMessage[], duration?: number): void {
    this.durations.set(pathOf(item), duration);
    this.note('failed', item, message);
  }

  errored(item: TestItem, message: TestMessage | readonly TestMessage[]): void {
    this.note('errored', item, message);
  }

  appendOutput(output: string): void {
    this.check();
    this.text += output;
  }

  addCoverage(): void {
    throw new Error('Evals cover no code.');
  }

  end(): void {
    this.check();
    this.ended = true;
    this.log.push(`${this.name ?? '-'}: end`);
  }

  private note(state: string, item: TestItem, message: TestMessage | readonly TestMessage[] = []): void {
    this.check();
    const messages = (Array.isArray(message) ? message : [message]) as FakeMessage[];
    const said = messages.map(
      ({ text, diff, line }) =>
        `${line === null ? '' : `@${line} `}${text}${diff === null ? '' : ` [${diff.expected} | ${diff.actual}]`}`,
    );
    this.log.push([`${this.name ?? '-'}: ${state} ${pathOf(item)}`, ...said].join('\n    '));
  }

  private check(): void {
    if (this.ended) throw new Error('Nothing may be reported after the end of a test run.');
  }
}

export function parsed(text: string, path: string, workspace?: EvalDocument): ParsedDocument {
  const document = parseEvalFile(text, path, workspace === undefined ? {} : { workspace });
  return { uri: uriOf(path), version: 1, text, document, survey: surveyOf(document) };
}

/** A run controller whose runs do what the test says. */
export class FakeRuns implements Runs {
  private readonly started = new Emitter<RunStart>();
  private readonly happened = new Emitter<EngineEvent[]>();
  private readonly ended = new Emitter<RunEnd>();
  readonly requests: RunRequest[] = [];
  readonly options: RunOptions[] = [];
  readonly onDidStart = this.started.event;
  readonly onEvents = this.happened.event;
  readonly onDidEnd = this.ended.event;
  /** What a run does; by default it is refused. */
  act: (run: FakeRun) => Promise<RunEnd> = (run) => Promise.resolve(run.refused('nobody told it what to do'));

  run(request: RunRequest, options: RunOptions = {}): Promise<RunEnd> {
    this.requests.push(request);
    this.options.push(options);
    return this.act(new FakeRun(request, options, this));
  }

  start(start: RunStart): void {
    this.started.fire(start);
  }

  emit(...events: EngineEvent[]): void {
    this.happened.fire(events);
  }

  end(end: RunEnd): RunEnd {
    this.ended.fire(end);
    return end;
  }
}

export class FakeRun {
  plan!: RunPlan;

  constructor(
    readonly request: RunRequest,
    readonly options: RunOptions,
    private readonly runs: FakeRuns,
  ) {}

  /** Plans the file as the real one does, and starts. */
  async start(file: ParsedDocument, files: Record<string, string> = {}): Promise<RunPlan> {
    const { what, id, ids = id === undefined ? [] : [id], targets } = this.request;
    const select: PlanSelection = {
      file: { what: 'all' as const },
      cases: { what: 'cases' as const },
      load: { what: 'load' as const },
      case: { what: 'cases' as const, cases: ids },
      stage: { what: 'load' as const, stages: ids },
    }[what];
    const { plan, diagnostics } = await buildPlan({
      document: file.document,
      select,
      runsDir: '/w/.promptrig/runs',
      now: NOW,
      random: () => 0.5,
      readFile: (name) => {
        const content = files[name];
        return content === undefined ? Promise.reject(new Error(`no ${name}`)) : Promise.resolve(content);
      },
      openFile: async function* (name) {
        await Promise.resolve();
        yield Buffer.from(files[name] ?? '');
      },
    });
    if (plan === null) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
    this.plan = {
      ...plan,
      ...(this.request.trace === true ? { trace: true } : {}),
      // In the order of their ids, where the real one shuffles them.
      targets: plan.targets
        .filter((target) => targets?.includes(target.id) ?? true)
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
    this.runs.start({ request: this.request, plan: this.plan, parsed: file, startedAt: NOW.toISOString() });
    return this.plan;
  }

  emit(...events: EngineEvent[]): void {
    this.runs.emit(...events);
  }

  /** Answers every case of every target. */
  answer(how: (record: CaseRecord) => Partial<CaseRecord> = () => ({}), tookMs = 100): void {
    for (const target of this.plan.targets) {
      for (const item of target.cases) {
        const repeats = item.skip === undefined ? Math.max(1, item.repeat) : 1;
        for (let repeat = 0; repeat < repeats; repeat++) {
          const { pointer, id, name, skip } = item;
          const plain = caseRecord({ target: target.id, case: pointer, case_id: id, name, repeat });
          const record =
            skip === undefined ? plain : { ...plain, outcome: 'skipped' as const, reason: skip, answer: null };
          this.emit({ type: 'case-finished', record: { ...record, ...how(record) }, durationMs: tookMs });
        }
      }
      this.emit({ type: 'target-finished', target: target.id });
    }
  }

  finished(part: Partial<RunJson> = {}): RunEnd {
    const run = runJson(this.plan, part);
    return this.runs.end({ request: this.request, outcome: 'finished', run, dir: '/w/.promptrig/runs/1', error: null });
  }

  failed(error: string): RunEnd {
    return this.runs.end({ request: this.request, outcome: 'failed', run: null, dir: '/runs/1', error });
  }

  refused(error: string | null): RunEnd {
    return { request: this.request, outcome: 'refused', run: null, dir: null, error };
  }
}

export function caseRecord(part: Partial<CaseRecord>): CaseRecord {
  return {
    request: 'sim/cases/0',
    target: 'sim',
    case: '/cases/0',
    case_id: 'one',
    name: 'one',
    repeat: 0,
    outcome: 'passed',
    score: 1,
    answer: 'an answer',
    reasoning: null,
    assertions: [],
    ...part,
  };
}

export function runJson(plan: RunPlan, part: Partial<RunJson> = {}): RunJson {
  return {
    status: 'completed',
    verdict: 'pass',
    targets: plan.targets.map(({ id }) => ({ id }) as RunJson['targets'][number]),
    ...part,
  } as RunJson;
}

export interface Harness {
  host: FakeHost;
  tree: TestTree;
  runs: FakeRuns;
  runner: TestRunner;
  clock: FakeClock;
  token: FakeToken;
  /** Calls of all test runs, in their order. */
  log: string[];
  testRuns: FakeTestRun[];
  errors: unknown[];
  /** What has been reported to last until its file changes. */
  reported: { file: string; subjects: number }[];
  put(text: string, path?: string, workspace?: EvalDocument): ParsedDocument;
  item(...labels: string[]): TestItem;
  request(include?: TestItem[], exclude?: TestItem[]): TestRunRequest;
}

/** The Test Explorer without VS Code. */
export function harness(): Harness {
  const host = new FakeHost();
  const tree = new TestTree(host, toRange);
  const runs = new FakeRuns();
  const clock = new FakeClock();
  const log: string[] = [];
  const testRuns: FakeTestRun[] = [];
  const errors: unknown[] = [];
  const reported: Harness['reported'] = [];
  const request = (include?: TestItem[], exclude?: TestItem[]): TestRunRequest => ({
    include,
    exclude,
    profile: undefined,
    preserveFocus: false,
  });
  const runner = new TestRunner({
    reporter: (...args) => new RunReporter(...args),
    tree,
    runs,
    values: {
      message: (text, diff, location) =>
        ({ text, diff, line: location === undefined ? null : location.range.start.line + 1 }) as unknown as TestMessage,
      location: (uri, range) => ({ uri, range: toRange(range) }),
      request: (include) => request(include),
    },
    createTestRun: (of, name) => {
      const run = new FakeTestRun(name, of, log);
      testRuns.push(run);
      return run;
    },
    allFiles: () => Promise.resolve([...host.items].map(([, item]) => item)),
    onState: () => undefined,
    onReported: ({ parsed: file }, subjects) => reported.push({ file: file.uri.toString(), subjects: subjects.length }),
    onError: (error) => errors.push(error),
    clock,
  });
  return {
    host,
    tree,
    runs,
    runner,
    clock,
    token: new FakeToken(),
    log,
    testRuns,
    errors,
    reported,
    put(text, path = '/w/chat.eval.yaml', workspace) {
      const file = parsed(text, path, workspace);
      tree.update({
        uri: file.uri,
        label: file.survey.name,
        where: path.slice(1),
        parsed: file,
        outline: planOutline(file.document, workspace === undefined ? {} : { workspace }),
        problem: null,
      });
      return file;
    },
    item(...labels) {
      let items: TestItemCollection = host.items;
      let found: TestItem | undefined;
      for (const label of labels) {
        if (found !== undefined) tree.resolve(found);
        found = [...items].map(([, item]) => item).find((item) => item.label === label);
        if (found === undefined) throw new Error(`There is no test called ${label}: ${outline(items).join(', ')}`);
        items = found.children;
      }
      if (found === undefined) throw new Error('Name a test.');
      return found;
    },
    request,
  };
}
