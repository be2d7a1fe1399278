import assert from 'node:assert/strict';
import { openaiCompletions as wire } from '../../../src/core/endpoints/openai-completions';
import { build, CONVERSATION, decode, sent, sse } from './support';

describe('openai-completions: requests', () => {
  it('send the message as the prompt, and ask for a stream with usage', () => {
    const { method, path, json } = build(wire, { url: 'http://h/v1', params: { temperature: 0, best_of: 2 } });
    assert.deepEqual([method, path], ['POST', '/v1/completions']);
    assert.deepEqual(json, {
      model: 'm',
      prompt: 'hä',
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      best_of: 2,
    });
  });

  it('keep the query, and take the whole address of the method too', () => {
    assert.equal(build(wire, { url: 'http://h/v1/completions?a=1' }).path, '/v1/completions?a=1');
    assert.equal(build(wire, { url: 'http://h' }).path, '/completions');
  });

  it('join several messages, and head the turns of a conversation', () => {
    const { json } = build(wire, {}, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
    assert.equal(json['prompt'], 'Be brief.\n\nHi');
    assert.equal(
      build(wire, {}, CONVERSATION).json['prompt'],
      'System: Be brief.\n\nUser: Weather and time?\n\nAssistant: \n\nTool: rain\n\nTool: {"time":"12:00"}\n\nUser: Thanks.\n\nSystem: In German.\n\nAssistant:',
    );
    assert.equal(build(wire, { params: { prompt: 'raw' } }).json['prompt'], 'raw');
  });

  it('know one name for the limit', () => {
    assert.deepEqual(sent(wire, { max_completion_tokens: 5 }), { max_tokens: 5 });
    assert.deepEqual(sent(wire, { max_completion_tokens: 5, max_tokens: 6 }), { max_tokens: 6 });
    assert.deepEqual(sent(wire, wire.limitOutput({ max_completion_tokens: 5 }, 7)), { max_tokens: 7 });
  });
});

describe('openai-completions: answers', () => {
  it('count the tokens of every choice but have the text of the first', () => {
    const { lines } = decode(wire, [
      sse({ choices: [{ index: 0, text: 'A' }] }),
      sse({ choices: [{ index: 1, text: 'B' }] }),
      sse({ choices: [{ index: 1, text: '' }] }),
      sse({ choices: [{ index: 1, text: '', finish_reason: 'stop' }] }),
    ]);
    assert.deepEqual(lines, ['content A|', 'content ||tool', 'finish stop']);
  });
});
