import assert from 'node:assert/strict';
import { ResultsStore } from '../../../src/extension/engine/results-store';
import type { Observation } from '../../../src/extension/language/observations';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { assertion, record, survey } from '../extension/support';

const FILE = survey({ cases: [{ name: 'one', assert: ['a'] }] });

function observe(outcomes: Record<string, 'passed' | 'failed'>, at: string): Observation[] {
  const observer = new RunObserver(FILE, at, false);
  for (const [target, outcome] of Object.entries(outcomes)) {
    observer.onCase(record('/cases/0', 'one', [assertion('/cases/0/assert/0', { outcome })], { target, outcome }));
  }
  return observer.observations;
}

function shown(store: ResultsStore): string[] {
  return store
    .get('file')
    .observations.flatMap((item) =>
      item.kind === 'assertion' ? [`${item.target} ${item.tally.passed} ${item.at}`] : [],
    )
    .sort();
}

describe('results of a run on some of the targets', () => {
  it('leave those of the others as they were, while it runs and after', () => {
    const store = new ResultsStore();
    store.begin('file', ['case:one'], '1', '/runs/1');
    store.end('file', observe({ a: 'passed', b: 'passed' }, '1'), 'pass');
    store.begin('file', ['case:one'], '2', '/runs/2', ['b']);
    store.update('file', observe({ b: 'failed' }, '2'), []);
    assert.deepEqual(shown(store), ['a 1 1', 'b 0 2']);
    store.end('file', observe({ b: 'failed' }, '2'), 'fail');
    assert.deepEqual(shown(store), ['a 1 1', 'b 0 2']);
  });

  it('and of a run on all of them replace what a target that is gone had said', () => {
    const store = new ResultsStore();
    store.begin('file', ['case:one'], '1', '/runs/1', ['a']);
    store.end('file', observe({ a: 'passed' }, '1'), 'pass');
    store.begin('file', ['case:one'], '2', '/runs/2');
    store.end('file', observe({ b: 'passed' }, '2'), 'pass');
    assert.deepEqual(shown(store), ['b 1 2']);
  });
});
