import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { readCases, readRequests } from '../../core/results/store';
import { DisposableStore } from '../../core/util/disposable';
import { messageOf } from '../../core/util/errors';
import type { Redactor } from '../../core/util/redact';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import { parts } from '../parts/load';
import { specBundle } from '../spec/load';
import type { KnownEndpoint } from './known-endpoints';
import { outcomeOf, type TestOutcome } from './test-outcome';

/** How OpenAI's reasoning models say that they know the limit of tokens by another name. */
const WANTS_LONG_NAME = /max_completion_tokens/;

export interface TesterParts {
  engineEntry: string;
  redactor: Redactor;
  log: vscode.LogOutputChannel;
}

/**
 * Sends one tiny request to an endpoint and measures it: by the engine, with the very code that measures a run. Whether it may be
 * sent, and with which key, the caller has settled.
 */
export class EndpointTester implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly changed = this.store.add(new vscode.EventEmitter<string>());
  private readonly outcomes = new Map<string, TestOutcome>();
  private readonly running = new Map<string, AbortController>();

  /** Fires with the key of an endpoint whose test began or ended. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly parts: TesterParts) {}

  /** The last outcome of an endpoint in this window. */
  get(key: string): TestOutcome | undefined {
    return this.outcomes.get(key);
  }

  isTesting(key: string): boolean {
    return this.running.has(key);
  }

  /** Forgets the outcome: the endpoint is another now. */
  forget(key: string): void {
    if (this.outcomes.delete(key)) this.changed.fire(key);
  }

  /** Never rejects. A second test of the same endpoint breaks off the first. */
  async test(endpoint: KnownEndpoint, apiKey: string | undefined): Promise<TestOutcome> {
    const { key } = endpoint;
    this.running.get(key)?.abort();
    const abort = new AbortController();
    this.running.set(key, abort);
    this.changed.fire(key);
    let outcome: TestOutcome;
    try {
      outcome = await this.ask(endpoint, apiKey, abort.signal);
    } catch (error) {
      outcome = { ok: false, message: this.parts.redactor.text(messageOf(error)) };
    }
    if (this.running.get(key) === abort) {
      this.running.delete(key);
      this.outcomes.set(key, outcome);
      this.changed.fire(key);
    }
    return outcome;
  }

  dispose(): void {
    for (const abort of this.running.values()) abort.abort();
    this.store.dispose();
  }

  private async ask(endpoint: KnownEndpoint, apiKey: string | undefined, signal: AbortSignal): Promise<TestOutcome> {
    const outcome = await this.send(endpoint, apiKey, false, signal);
    if (outcome.ok || !WANTS_LONG_NAME.test(outcome.message)) return outcome;
    return this.send(endpoint, apiKey, true, signal);
  }

  private async send(
    { plan: endpoint, params }: KnownEndpoint,
    apiKey: string | undefined,
    longName: boolean,
    signal: AbortSignal,
  ): Promise<TestOutcome> {
    const { redactor, log, engineEntry } = this.parts;
    if (apiKey !== undefined) redactor.add(apiKey);
    const folder = await mkdtemp(path.join(tmpdir(), 'promptrig-endpoint-'));
    const engine = new (parts().EngineProcess)({
      engineEntry,
      log: (level, message) => log[level](redactor.text(message).slice(0, 2_000)),
    });
    try {
      const dir = path.join(folder, 'test');
      const plan = specBundle().endpointTestPlan(endpoint, params, dir, longName);
      const run = await engine.run(
        plan,
        apiKey === undefined ? {} : { [endpoint.name]: apiKey },
        () => undefined,
        signal,
      );
      const [target] = run.targets;
      if (target?.error !== undefined) return { ok: false, message: redactor.text(target.error.message) };
      const request: RequestRecord | undefined = await firstOf(readRequests(dir));
      const answer: CaseRecord | undefined = await firstOf(readCases(dir));
      return redactor.data(outcomeOf(request, answer));
    } finally {
      engine.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function firstOf<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}
