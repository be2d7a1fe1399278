import assert from 'node:assert/strict';
import { AnswerBook, type PlannedAnswer } from '../../../src/core/sim/answers';
import { DEFAULT_TEMPLATE, resolveSimConfig } from '../../../src/core/sim/config';
import type { GenerationRequest } from '../../../src/core/sim/generation-request';
import { tokenize } from '../../../src/core/sim/tokenizer';
import type { SimConfig } from '../../../src/protocol/plan';

function request(lastUserText: string, more: Partial<GenerationRequest> = {}): GenerationRequest {
  return {
    kind: 'chat',
    model: 'm',
    stream: true,
    includeUsage: false,
    maxTokens: null,
    stop: [],
    inputTokens: 1,
    lastUserText,
    conversation: [{ role: 'user', text: lastUserText }],
    ...more,
  };
}

function book(config: SimConfig): AnswerBook {
  return new AnswerBook(resolveSimConfig(config));
}

const textOf = (planned: PlannedAnswer): string => planned.answer.texts.join('');

describe('sim answers', () => {
  it('echoes the last user message, cut at max_tokens', () => {
    const echo = book({ answer: 'echo' });
    assert.equal(textOf(echo.plan(request('Grüße, 東京!'))), 'Grüße, 東京!');
    const cut = echo.plan(request('one two three four', { maxTokens: 2 }));
    assert.deepEqual([textOf(cut), cut.finishReason], ['one two', 'length']);
    assert.notEqual(textOf(echo.plan(request(''))), '');
  });

  it('repeats or cuts the template to the number of tokens', () => {
    const short = book({ template: 'a b c', outputTokens: 5 });
    const planned = short.plan(request('x'));
    assert.deepEqual([textOf(planned), planned.finishReason], ['a b c a b', 'stop']);
    const limited = short.plan(request('x', { maxTokens: 2 }));
    assert.deepEqual([textOf(limited), limited.finishReason], ['a b', 'length']);
    assert.equal(short.plan(request('x', { maxTokens: 500 })).answer.texts.length, 500);
  });

  it('encodes each token as JSON-escaped UTF-8 bytes', () => {
    const echo = book({ answer: 'echo' });
    const { texts, bytes } = echo.plan(request(`say "hi"\n東京 🙂 ${DEFAULT_TEMPLATE}`)).answer;
    const decoded = bytes.map((token) => JSON.parse(`"${Buffer.from(token, 'latin1').toString('utf8')}"`) as string);
    assert.deepEqual(decoded, texts);
    assert.ok(bytes.every((token) => [...token].every((char) => char.charCodeAt(0) <= 0xff)));
  });

  it('answers by the first script entry that matches, as a substring or a pattern', () => {
    const scripted = book({
      template: 'fallback',
      outputTokens: 1,
      script: [
        { match: '/REFUND/i', answer: '30 days' },
        { match: 'refund', answer: 'never reached' },
        { match: 'ship', answer: '' },
      ],
    });
    assert.equal(textOf(scripted.plan(request('a refund please'))), '30 days');
    assert.equal(textOf(scripted.plan(request('do you ship?'))), '');
    assert.equal(textOf(scripted.plan(request('hello'))), tokenize('fallback')[0]);
  });

  it('takes several answers in turn, for each prompt on its own', () => {
    const scripted = book({ script: [{ match: 'q', answer: ['one', 'two'] }] });
    const ask = (text: string, takeTurn = true): string => textOf(scripted.plan(request(text), takeTurn));
    assert.deepEqual(
      [ask('q1'), ask('q2'), ask('q1', false), ask('q1'), ask('q1'), ask('q2')],
      ['one', 'one', 'two', 'two', 'one', 'two'],
    );
    scripted.resetTurns();
    assert.equal(ask('q2'), 'one');
  });

  it('stops before a stop word', () => {
    const planned = book({ answer: 'echo' }).plan(request('one two END three', { stop: ['three', 'END'] }));
    assert.deepEqual([textOf(planned), planned.finishReason], ['one two ', 'stop']);
  });

  it('reasons first, within max_tokens, in chats only', () => {
    const reasoning = book({ reasoningTokens: 4, outputTokens: 3 });
    const counts = (planned: PlannedAnswer): number[] => [planned.reasoning.texts.length, planned.answer.texts.length];
    assert.deepEqual(counts(reasoning.plan(request('x'))), [4, 3]);
    assert.deepEqual(counts(reasoning.plan(request('x', { maxTokens: 6 }))), [4, 2]);
    const starved = reasoning.plan(request('x', { maxTokens: 2 }));
    assert.deepEqual([counts(starved), starved.finishReason], [[2, 0], 'length']);
    assert.deepEqual(counts(reasoning.plan(request('x', { kind: 'completions' }))), [0, 3]);
  });
});
