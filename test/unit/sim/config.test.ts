import assert from 'node:assert/strict';
import { resolveSimConfig } from '../../../src/core/sim/config';
import { failureStrikes, parseFailureHeader } from '../../../src/core/sim/failures';
import { ApiError } from '../../../src/core/sim/api-error';
import { PromptrigError } from '../../../src/core/util/errors';
import type { SimConfig } from '../../../src/protocol/plan';

describe('sim settings', () => {
  it('has a default for everything', () => {
    const { ttftMs, itlMs, jitter, maxRunning, maxWaiting, loadFactor, chunkTokens, answer } = resolveSimConfig({});
    assert.deepEqual(
      { ttftMs, itlMs, jitter, maxRunning, maxWaiting, loadFactor, chunkTokens, answer },
      {
        ttftMs: 120,
        itlMs: 15,
        jitter: 0.1,
        maxRunning: 32,
        maxWaiting: 1000,
        loadFactor: 1.5,
        chunkTokens: 1,
        answer: 'template',
      },
    );
  });

  it('answers from a script without being told so', () => {
    assert.equal(resolveSimConfig({ script: [{ match: 'a', answer: 'b' }] }).answer, 'script');
  });

  const unusable: [string, SimConfig][] = [
    ['ttft', { ttftMs: -1 }],
    ['itl', { itlMs: Number.NaN }],
    ['max_running', { maxRunning: 0 }],
    ['max_running', { maxRunning: 1.5 }],
    ['failure.kind', { failure: { kind: 'explode' as 'stall' } }],
    ['failure.rate', { failure: { kind: 'stall', rate: 2 } }],
    ['failure.status', { failure: { kind: 'status', status: 200 } }],
    ['failure.status', { failure: { kind: 'status', status: 600 } }],
    ['pattern', { script: [{ match: '/(/', answer: 'x' }] }],
    ['no answer', { script: [{ match: 'x', answer: [] }] }],
    ['template', { template: '  ' }],
  ];
  for (const [name, config] of unusable) {
    it(`refuses ${JSON.stringify(config)} and names ${name}`, () => {
      assert.throws(
        () => resolveSimConfig(config),
        (error) => error instanceof PromptrigError && error.code === 'usage' && error.message.includes(name),
      );
    });
  }
});

describe('sim failures', () => {
  it('reads the header', () => {
    assert.equal(parseFailureHeader('none'), null);
    assert.deepEqual(parseFailureHeader('stall; after=5; delay=200'), {
      kind: 'stall',
      rate: 1,
      every: 0,
      status: 500,
      afterTokens: 5,
      delayMs: 200,
    });
    assert.equal(parseFailureHeader('status=503')?.status, 503);
  });

  for (const value of ['explode', 'stall; after=x', 'stall; after', 'stall; when=1', 'status=abc', '']) {
    it(`refuses the header "${value}"`, () => {
      assert.throws(
        () => parseFailureHeader(value),
        (error) => error instanceof ApiError && error.status === 400,
      );
    });
  }

  it('strikes every n-th request, or a share drawn from the seed', () => {
    const every = resolveSimConfig({ failure: { kind: 'status', every: 3 } }).failure;
    assert.ok(every);
    const struck = [1, 2, 3, 4, 5, 6].filter((ordinal) => failureStrikes(every, 1, `r${ordinal}`, ordinal));
    assert.deepEqual(struck, [3, 6]);

    const share = resolveSimConfig({ failure: { kind: 'status', rate: 0.25 } }).failure;
    assert.ok(share);
    const draw = (seed: number): boolean[] =>
      Array.from({ length: 4000 }, (_, i) => failureStrikes(share, seed, `r${i}`, i + 1));
    const count = draw(1).filter(Boolean).length;
    // Standard deviation of the count is 27.
    assert.ok(Math.abs(count - 1000) < 150, `${count} of 4000`);
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it('strikes every request where nothing selects', () => {
    const always = resolveSimConfig({ failure: { kind: 'stall' } }).failure;
    assert.ok(always && failureStrikes(always, 1, 'x', 1));
  });
});
