import assert from 'node:assert/strict';
import { rateLimitOf } from '../../../src/core/load/rate-limit';

const NOW = Date.parse('2025-10-09T12:00:00Z');

function read(headers: Record<string, string>, limits = true) {
  return rateLimitOf(
    Object.entries(headers).flatMap(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
    limits,
    NOW,
  );
}

describe('the headers of a refusal', () => {
  it('say how long to wait, in seconds, in ms, or as a date', () => {
    const waits: [string, string, number | null][] = [
      ['retry-after', '3', 3000],
      ['Retry-After', ' 0.5 ', 500],
      ['retry-after', 'Thu, 09 Oct 2025 12:00:20 GMT', 20_000],
      ['retry-after', 'Thu, 09 Oct 2025 11:00:00 GMT', 0],
      ['retry-after', 'soon', null],
      ['retry-after', '', null],
      ['retry-after', '-1', null],
      ['retry-after-ms', '1500', 1500],
      ['retry-after-ms', 'x', null],
    ];
    for (const [name, value, waitMs] of waits) assert.equal(read({ [name]: value }).retryAfterMs, waitMs, value);
    assert.equal(read({ 'retry-after': '2', 'retry-after-ms': '1500' }).retryAfterMs, 1500);
    assert.equal(read({ 'retry-after-ms': '1500', 'retry-after': '2' }).retryAfterMs, 1500);
    assert.equal(read({ 'retry-after': '3' }).sentence, 'It asks to wait 3 s.');
    assert.deepEqual(read({ 'content-type': 'text/html' }), { retryAfterMs: null, sentence: '' });
  });

  it("name OpenAI's limit that was hit, and wait until it resets", () => {
    const { retryAfterMs, sentence } = read({
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '0',
      'x-ratelimit-reset-tokens': '6m0s',
    });
    assert.equal(retryAfterMs, 360_000);
    assert.equal(sentence, 'The limit on tokens (0 of 150000 left) resets in 6 min.');
  });

  it("name Anthropic's, whose resets are instants", () => {
    const { retryAfterMs, sentence } = read({
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-requests-reset': '2025-10-09T12:00:01Z',
      'anthropic-ratelimit-input-tokens-limit': '40000',
      'anthropic-ratelimit-input-tokens-remaining': '0',
      'anthropic-ratelimit-input-tokens-reset': '2025-10-09T14:00:42+02:00',
      'retry-after': '41',
    });
    assert.equal(retryAfterMs, 41_000);
    assert.equal(sentence, 'The limit on input tokens (0 of 40000 left) resets in 42 s; it asks to wait 41 s.');
  });

  it('count instants from the time of the server, not from a wrong clock of ours', () => {
    const { retryAfterMs } = read({
      'anthropic-ratelimit-requests-reset': '2030-01-01T00:00:10Z',
      date: 'Tue, 01 Jan 2030 00:00:00 GMT',
    });
    assert.equal(retryAfterMs, 10_000);
  });

  it('take every form of a reset', () => {
    const resets: [string, number | null][] = [
      ['120ms', 120],
      ['7.66s', 7660],
      ['2m59.56s', 179_560],
      ['1h2m3s', 3_723_000],
      ['1d', 86_400_000],
      ['10', 10_000],
      [String(NOW / 1000 + 5), 5000],
      [String(NOW + 5), 5],
      [String(NOW - 5), 0],
      ['1 fortnight', null],
    ];
    for (const [value, waitMs] of resets)
      assert.equal(read({ 'x-ratelimit-reset': value }).retryAfterMs, waitMs, value);
    assert.equal(read({ 'ratelimit-reset': '2' }).sentence, 'The limit resets in 2 s.');
  });

  it('mean the limit with least left, where none is used up, and of equal ones the last to reset', () => {
    const headers = {
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': '50',
      'x-ratelimit-reset-requests': '9s',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '20',
      'x-ratelimit-reset-tokens': '2s',
    };
    assert.match(read(headers).sentence, /^The limit on tokens \(20 of 1000 left\) resets in 2 s/);
    assert.match(
      read({ 'x-ratelimit-reset-a': '3s', 'x-ratelimit-reset-b': '8s', 'x-ratelimit-reset-c': '5s' }).sentence,
      /on b /,
    );
  });

  it('are not asked for limits where the refusal is not about load', () => {
    assert.deepEqual(read({ 'x-ratelimit-reset-requests': '1s', 'retry-after': '4' }, false), {
      retryAfterMs: 4000,
      sentence: 'It asks to wait 4 s.',
    });
  });
});
