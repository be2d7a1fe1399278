import assert from 'node:assert/strict';
import { errorMessageIn, errorOf, excerpt, retryDelayIn } from '../../../src/core/endpoints/error-text';

describe('the message of an error body', () => {
  const bodies: [what: string, body: unknown, message: string][] = [
    ['OpenAI', { error: { message: 'Rate limit', type: 'requests', code: 'rate_limit_exceeded' } }, 'Rate limit'],
    ['Anthropic', { type: 'error', error: { type: 'not_found_error', message: 'model: x' } }, 'model: x'],
    ['Gemini', { error: { code: 400, message: 'API key not valid', status: 'INVALID_ARGUMENT' } }, 'API key not valid'],
    ['Gemini, of a stream', [{ error: { code: 429, message: 'Quota' } }], 'Quota'],
    ['Ollama', { error: 'model "x" not found, try pulling it first' }, 'model "x" not found, try pulling it first'],
    ['vLLM', { object: 'error', message: 'too long', code: 400 }, 'too long'],
    ['FastAPI', { detail: 'Not Found' }, 'Not Found'],
    [
      'FastAPI, of a request that is invalid',
      { detail: [{ loc: ['body', 'top_p'], msg: 'must be at most 1' }, { msg: 'x' }] },
      'body.top_p: must be at most 1; x',
    ],
  ];
  for (const [what, body, message] of bodies) {
    it(`is found in the form of ${what}`, () => assert.equal(errorMessageIn(JSON.stringify(body)), message));
  }

  it('is the text where the form is unknown, without the markup of a page', () => {
    for (const text of ['{"a":1}', '[]', '[1]', 'null', '"x"', '{"detail":[{}]}'])
      assert.equal(errorMessageIn(text), text);
    assert.equal(errorMessageIn('<style>a{}</style><h1>Bad</h1>').trim(), 'Bad');
  });
});

describe('the error of an event', () => {
  it('is none where an answer has an empty error', () => {
    assert.equal(errorOf({ error: null, status: 'completed' }, ''), null);
    assert.equal(errorOf({ error: '' }, ''), null);
  });

  it('is short and on one line', () => {
    assert.equal(excerpt(' a \n\n b '), 'a b');
    assert.equal(excerpt('x'.repeat(1000)).length, 301);
  });
});

describe('the wait that an error body asks for', () => {
  const body = (details: unknown) => JSON.stringify([{ error: { code: 429, details } }]);

  it('is that of RetryInfo', () => {
    const info = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.5s' };
    assert.equal(retryDelayIn(body([{ '@type': 'x' }, info])), 36_500);
    assert.equal(retryDelayIn(JSON.stringify({ error: { details: [info] } })), 36_500);
  });

  it('is none in any other body', () => {
    for (const text of [body([]), body('x'), body([{ retryDelay: 'soon' }]), 'retryDelay', '{"retryDelay":"1s"}', '']) {
      assert.equal(retryDelayIn(text), null);
    }
  });
});
