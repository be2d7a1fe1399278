import assert from 'node:assert/strict';
import { embedText } from '../../../src/core/sim/embeddings';
import { startSimulator, type Simulator } from '../../../src/core/sim/server';
import type { SimConfig } from '../../../src/protocol/plan';
import { call, errorOf, type Answer } from './support/client';

const FAST: SimConfig = { ttftMs: 1, ttftPerInputTokenMs: 0, itlMs: 0.2, jitter: 0 };

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}

const similarity = (a: string, b: string): number => cosine(embedText(a, 256), embedText(b, 256));

describe('sim embeddings', () => {
  it('have length 1, a fixed number of components, and depend on the text alone', () => {
    const vector = embedText('The capital of France is Paris.', 256);
    assert.equal(vector.length, 256);
    assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-4);
    assert.deepEqual(vector, embedText('The capital of France is Paris.', 256));
    for (const odd of ['', '   ', '!?', '東京', 'é', '🙂']) {
      assert.ok(Math.abs(Math.hypot(...embedText(odd, 16)) - 1) < 1e-4, odd);
    }
  });

  it('are the closer the more words are shared', () => {
    const text = 'The capital of France is Paris.';
    assert.ok(similarity(text, 'Paris is the capital of France') > 0.999);
    assert.ok(similarity(text, 'the CAPITAL of France: Paris') > 0.85);
    assert.ok(similarity(text, "France's capital is Paris") > 0.6);
    assert.ok(similarity('refunds take 30 days', 'a refund takes 30 days') > 0.5);
    const unrelated = similarity(text, 'Quantum chromodynamics describes quarks and gluons');
    assert.ok(Math.abs(unrelated) < 0.3, `${unrelated}`);
  });

  describe('over HTTP', () => {
    interface Body {
      object: string;
      model: string;
      data: { object: string; index: number; embedding: number[] }[];
      usage: { prompt_tokens: number; total_tokens: number };
    }
    let sim: Simulator;
    const post = (body: unknown, headers?: Record<string, string>): Promise<Answer> =>
      call(`${sim.url}/embeddings`, { body, headers });
    const read = async (body: unknown): Promise<Body> => {
      const answer = await post(body);
      assert.equal(answer.status, 200, answer.text);
      return JSON.parse(answer.text) as Body;
    };

    before(async () => {
      sim = await startSimulator(FAST);
    });
    beforeEach(() => {
      sim.reset();
      sim.reconfigure(FAST);
    });
    after(() => sim.close());

    it('come for one text or a batch, in order, with the usage counted', async () => {
      const body = await read({ model: 'embedder', input: ['one two three', 'four'] });
      assert.deepEqual([body.object, body.model, body.data.length], ['list', 'embedder', 2]);
      assert.deepEqual(
        body.data.map(({ object, index }) => [object, index]),
        [
          ['embedding', 0],
          ['embedding', 1],
        ],
      );
      assert.deepEqual(body.data[0]?.embedding, embedText('one two three', 256));
      assert.deepEqual(body.data[1]?.embedding, embedText('four', 256));
      assert.deepEqual(body.usage, { prompt_tokens: 4, total_tokens: 4 });
      assert.deepEqual((await read({ input: 'four' })).data[0]?.embedding, embedText('four', 256));
    });

    it('have as many dimensions as asked for', async () => {
      assert.equal((await read({ input: 'x', dimensions: 8 })).data[0]?.embedding.length, 8);
    });

    it('come in base64 for clients that ask for it', async () => {
      const answer = await post({ input: 'one two', encoding_format: 'base64', dimensions: 4 });
      const body = JSON.parse(answer.text) as { data: [{ embedding: string }] };
      const bytes = Buffer.from(body.data[0].embedding, 'base64');
      const values = [0, 4, 8, 12].map((at) => bytes.readFloatLE(at));
      embedText('one two', 4).forEach((value, i) => assert.ok(Math.abs(value - (values[i] ?? 9)) < 1e-6));
    });

    it('can be scripted by what the text holds, which leaves chats to the entries after', async () => {
      sim.reconfigure({
        ...FAST,
        script: [
          { match: 'cat', answer: { embedding: [1, 0] } },
          { match: 'dog', answer: { text: 'woof', embedding: [0.9, 0.1] } },
          { match: '', answer: 'anything' },
        ],
      });
      const body = await read({ input: ['a cat', 'a dog', 'a fish'], dimensions: 2 });
      assert.deepEqual(
        body.data.map(({ embedding }) => embedding),
        [[1, 0], [0.9, 0.1], embedText('a fish', 2)],
      );
      const chat = async (content: string): Promise<string> => {
        const answer = await call(`${sim.url}/chat/completions`, { body: { messages: [{ role: 'user', content }] } });
        return (JSON.parse(answer.text) as { choices: [{ message: { content: string } }] }).choices[0].message.content;
      };
      assert.deepEqual([await chat('a cat'), await chat('a dog')], ['anything', 'woof']);
    });

    it('are requests like others: on record, in their slot, failing on demand', async () => {
      await read({ model: 'm', input: 'one two three' });
      const [record] = sim.requests();
      assert.deepEqual(
        [
          record?.kind,
          record?.outcome,
          record?.status,
          record?.model,
          record?.inputTokens,
          record?.outputTokens,
          record?.finishReason,
        ],
        ['embeddings', 'completed', 200, 'm', 3, 0, null],
      );
      assert.ok((record?.endMs ?? 0) - (record?.bodyMs ?? 0) >= 1, 'it did not take its time');
      const failed = await post({ input: 'x' }, { 'x-sim-failure': 'status=503' });
      assert.equal(failed.status, 503);
      assert.equal(await post({ input: 'x' }, { 'x-sim-failure': 'disconnect' }).catch(() => 'broken'), 'broken');
      assert.deepEqual(
        sim.requests().map(({ outcome }) => outcome),
        ['completed', 'failed', 'failed'],
      );
    });

    it('refuse what they cannot read, and name it', async () => {
      const refused: [unknown, string | null][] = [
        [{}, 'input'],
        [{ input: [] }, 'input'],
        [{ input: [[1, 2]] }, 'input'],
        [{ input: 'x', dimensions: 0 }, 'dimensions'],
        [{ input: 'x', dimensions: 1.5 }, 'dimensions'],
        [{ input: 'x', encoding_format: 'int8' }, 'encoding_format'],
        [{ input: 'x', model: 3 }, 'model'],
        [[], null],
      ];
      for (const [body, param] of refused) {
        const answer = await post(body);
        assert.deepEqual([answer.status, errorOf(answer).param], [400, param], JSON.stringify(body));
      }
    });
  });
});
