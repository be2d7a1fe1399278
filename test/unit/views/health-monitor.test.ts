import assert from 'node:assert/strict';
import type { ProbeResult } from '../../../src/core/endpoints/probe';
import { HealthMonitor } from '../../../src/extension/endpoints/health-monitor';
import { FakeClock } from '../support/fake-clock';

const OK: ProbeResult = { ok: true, models: ['m'], elapsedMs: 12 };
const FAILING: ProbeResult = { ok: false, kind: 'connection_refused', message: 'Nothing listens.' };

/** Lets the promises of checks that are over arrive. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the health of endpoints', () => {
  let clock: FakeClock;
  let asked: string[];
  let answers: Map<string, ProbeResult>;
  let pending: Map<string, (result: ProbeResult) => void>;
  let monitor: HealthMonitor;

  beforeEach(() => {
    clock = new FakeClock();
    asked = [];
    answers = new Map();
    pending = new Map();
    monitor = new HealthMonitor({
      clock,
      random: () => 0.5,
      check: (key, signal) => {
        asked.push(key);
        const answer = answers.get(key);
        if (answer !== undefined) return Promise.resolve(answer);
        return new Promise((resolve, reject) => {
          pending.set(key, resolve);
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      },
    });
  });

  afterEach(() => monitor.dispose());

  it('is asked for only while somebody looks', async () => {
    answers.set('a', OK);
    monitor.watch(['a']);
    clock.advance(1_000_000);
    assert.deepEqual(asked, []);
    assert.equal(monitor.get('a').state, 'unknown');
    monitor.setVisible(true);
    await settle();
    assert.deepEqual(monitor.get('a'), { state: 'ok', elapsedMs: 12, models: ['m'], atMs: clock.nowMs() });
    monitor.setVisible(false);
    clock.advance(1_000_000);
    assert.equal(asked.length, 1);
    // Looked at again after a while: what is old is asked for anew.
    monitor.setVisible(true);
    assert.equal(asked.length, 2);
  });

  it('asks one that answers every minute', async () => {
    answers.set('a', OK);
    monitor.watch(['a']);
    monitor.setVisible(true);
    await settle();
    for (let i = 0; i < 5; i++) {
      clock.advance(60_000);
      await settle();
    }
    assert.equal(asked.length, 6);
  });

  it('asks one that fails less and less often, and as before once it answers', async () => {
    answers.set('a', FAILING);
    monitor.watch(['a']);
    monitor.setVisible(true);
    await settle();
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      const health = monitor.get('a');
      assert.ok(health.state === 'failing');
      assert.equal(health.message, 'Nothing listens.');
      assert.equal(health.failures, i + 1);
      waits.push(health.retryMs / 1000);
      const before = asked.length;
      clock.advance(health.retryMs - 1);
      assert.equal(asked.length, before, 'too early');
      clock.advance(1);
      assert.equal(asked.length, before + 1, 'too late');
      await settle();
    }
    assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 600, 600, 600]);
    answers.set('a', OK);
    clock.advance(600_000);
    await settle();
    assert.equal(monitor.get('a').state, 'ok');
    answers.set('a', FAILING);
    clock.advance(60_000);
    await settle();
    const health = monitor.get('a');
    assert.ok(health.state === 'failing' && health.failures === 1);
  });

  it('asks at most four at once', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    monitor.watch(keys);
    monitor.setVisible(true);
    assert.deepEqual(asked, ['a', 'b', 'c', 'd']);
    assert.equal(monitor.get('a').state, 'checking');
    assert.equal(monitor.get('f').state, 'unknown');
    pending.get('b')?.(OK);
    await settle();
    assert.deepEqual(asked, ['a', 'b', 'c', 'd', 'e']);
  });

  it('asks at once where a person wants to know, seen or not', async () => {
    answers.set('a', FAILING);
    monitor.checkNow('a');
    await settle();
    assert.equal(monitor.get('a').state, 'failing');
    monitor.checkNow('a');
    await settle();
    assert.equal(asked.length, 2);
    clock.advance(1_000_000);
    assert.equal(asked.length, 2);
  });

  it('breaks off what is no longer wanted, and takes nothing from it', async () => {
    const changes: string[] = [];
    monitor.onDidChange((key) => changes.push(key));
    monitor.watch(['a', 'b']);
    monitor.setVisible(true);
    monitor.watch(['b']);
    await settle();
    assert.equal(monitor.get('a').state, 'unknown');
    assert.deepEqual(changes, ['a', 'b']);
    // With another key it is another endpoint.
    monitor.forget('b');
    await settle();
    assert.deepEqual(asked, ['a', 'b', 'b']);
    pending.get('b')?.(OK);
    await settle();
    assert.equal(monitor.get('b').state, 'ok');
  });

  it('does not show that it looks again at one that is well', async () => {
    const states: string[] = [];
    answers.set('a', OK);
    monitor.onDidChange((key) => states.push(monitor.get(key).state));
    monitor.watch(['a']);
    monitor.setVisible(true);
    await settle();
    clock.advance(60_000);
    await settle();
    assert.deepEqual(states, ['checking', 'ok', 'ok']);
  });
});
