import assert from 'node:assert/strict';
import { HttpEmbedder, type EmbedReply } from '../../../../src/core/quality/judge/http-embedder';
import type { AddressedEndpoint } from '../../../../src/core/quality/judge/endpoint-http';
import type { Clock } from '../../../../src/core/util/clock';
import { Redactor } from '../../../../src/core/util/redact';
import type { Json } from '../../../../src/protocol/plan';
import { FakeClock } from '../../support/fake-clock';
import { failsWith, FakeEndpoint, judgePlan, until, type Script, type Scripted } from './support';

describe('HttpEmbedder', () => {
  const endpoints: FakeEndpoint[] = [];
  const embedders: HttpEmbedder[] = [];
  const never = new AbortController().signal;

  afterEach(async () => {
    await Promise.all(embedders.splice(0).map((embedder) => embedder.close()));
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
  });

  async function serving(script: Script): Promise<FakeEndpoint> {
    const endpoint = await FakeEndpoint.start(script);
    endpoints.push(endpoint);
    return endpoint;
  }

  function at(
    url: string,
    more: Partial<AddressedEndpoint> = {},
    options: { apiKey?: string; clock?: Clock; params?: Record<string, Json> } = {},
  ): HttpEmbedder {
    const { apiKey, params, ...rest } = options;
    const plan = judgePlan(url, more, params);
    const embedder = new HttpEmbedder({ plan, apiKey, redactor: new Redactor(), ...rest });
    embedders.push(embedder);
    return embedder;
  }

  function reasonOf(reply: EmbedReply): string {
    assert.equal(reply.ok, false);
    return reply.ok ? '' : reply.reason;
  }

  /** A vector of each text: its length and a one. */
  const vectors: Script = ({ body }) => ({
    body: JSON.stringify({
      data: (body['input'] as string[]).map((text, index) => ({ index, embedding: [text.length, 1] })),
      usage: { prompt_tokens: 4, total_tokens: 4 },
    }),
  });
  const sends = (embeddings: unknown[]): Scripted => ({
    body: JSON.stringify({ data: embeddings.map((embedding, index) => ({ index, embedding })) }),
  });

  it('makes one vector a text, in order, with what it took', async () => {
    const endpoint = await serving(vectors);
    const embedder = at(endpoint.url, { price: { inputPer1M: 2, outputPer1M: 0 } }, { apiKey: 'sk-0123456789' });
    const reply = await embedder.embed(['a', 'bbb'], never);
    assert.deepEqual(reply, {
      ok: true,
      vectors: [
        [1, 1],
        [3, 1],
      ],
      usage: { calls: 1, input_tokens: 4, output_tokens: 0, cost: 0.000008 },
    });
    const [heard] = endpoint.heard;
    assert.equal(heard?.path, '/v1/embeddings');
    assert.equal(heard?.headers['authorization'], 'Bearer sk-0123456789');
    assert.deepEqual(heard?.body, { model: 'grader-1', input: ['a', 'bbb'], encoding_format: 'float' });
  });

  it('puts vectors into the order of the texts', async () => {
    const data = [
      { index: 1, embedding: [2] },
      { index: 0, embedding: [1] },
    ];
    const endpoint = await serving(() => ({ body: JSON.stringify({ data }) }));
    const reply = await at(endpoint.url).embed(['a', 'b'], never);
    assert.deepEqual(reply.ok && reply.vectors, [[1], [2]]);
  });

  it('asks for many texts in several requests', async () => {
    const endpoint = await serving(vectors);
    const texts = Array.from({ length: 70 }, (_, index) => 'x'.repeat(index + 1));
    const reply = await at(endpoint.url).embed(texts, never);
    assert.deepEqual(
      reply.ok && reply.vectors.map(([length]) => length),
      texts.map(({ length }) => length),
    );
    assert.deepEqual(
      endpoint.heard.map(({ body }) => (body['input'] as string[]).length),
      [32, 32, 6],
    );
    assert.equal(reply.usage.calls, 3);
    assert.equal(reply.usage.input_tokens, 12);
  });

  it('sends parameters of embeddings, and leaves out those of generation', async () => {
    const endpoint = await serving(vectors);
    await at(endpoint.url, {}, { params: { dimensions: 2, temperature: 0, max_tokens: 5 } }).embed(['a'], never);
    assert.equal(endpoint.heard[0]?.body['dimensions'], 2);
    assert.equal(endpoint.heard[0]?.body['temperature'], undefined);
    assert.equal(endpoint.heard[0]?.body['max_tokens'], undefined);
  });

  for (const [suffix, path] of [
    ['', '/v1/embeddings'],
    ['/embeddings', '/v1/embeddings'],
    ['/chat/completions', '/v1/embeddings'],
    ['/completions?api-version=1', '/v1/embeddings?api-version=1'],
  ] as const) {
    it(`finds ${path} at a url that ends in "${suffix}"`, async () => {
      const endpoint = await serving(vectors);
      await at(endpoint.url + suffix).embed(['a'], never);
      assert.equal(endpoint.heard[0]?.path, path);
    });
  }

  it("speaks Ollama's own API", async () => {
    const body = JSON.stringify({ embeddings: [[1, 2]], prompt_eval_count: 3 });
    const endpoint = await serving(() => ({ body }));
    const reply = await at(endpoint.url.replace('/v1', ''), { api: 'ollama' }).embed(['a'], never);
    assert.deepEqual(reply.ok && reply.vectors, [[1, 2]]);
    assert.equal(reply.usage.input_tokens, 3);
    assert.equal(endpoint.heard[0]?.path, '/api/embed');
  });

  it("speaks Gemini's", async () => {
    const endpoint = await serving(() => ({
      body: JSON.stringify({ embeddings: [{ values: [1] }, { values: [2] }] }),
    }));
    const url = endpoint.url.replace('/v1', '');
    const reply = await at(url, { api: 'gemini', model: 'embed-1' }, { apiKey: 'g-0123456789' }).embed(
      ['a', 'b'],
      never,
    );
    assert.deepEqual(reply.ok && reply.vectors, [[1], [2]]);
    const [heard] = endpoint.heard;
    assert.equal(heard?.path, '/v1beta/models/embed-1:batchEmbedContents');
    assert.equal(heard?.headers['x-goog-api-key'], 'g-0123456789');
    assert.deepEqual(heard?.body, {
      requests: ['a', 'b'].map((text) => ({ model: 'models/embed-1', content: { parts: [{ text }] } })),
    });
  });

  it('says that an API has none', async () => {
    const reply = await at('http://127.0.0.1:9/v1', { api: 'anthropic-messages' }).embed(['a'], never);
    assert.match(reasonOf(reply), /makes no embeddings: its API, anthropic-messages, has none/);
    assert.equal(!reply.ok && reply.unsupported, true);
  });

  it('asks a server without embeddings once', async () => {
    const endpoint = await serving(() => failsWith(404, 'no such route'));
    const embedder = at(endpoint.url);
    for (let i = 0; i < 3; i++) {
      const reply = await embedder.embed(['a'], never);
      assert.match(reasonOf(reply), /HTTP 404.*Is "grader-1" a model that makes embeddings\?/);
      assert.equal(!reply.ok && reply.unsupported, true);
    }
    assert.equal(endpoint.heard.length, 1);
  });

  it('tells a text that is refused from a model without embeddings', async () => {
    const endpoint = await serving((heard, n) =>
      (heard.body['input'] as string[])[0] === 'long' ? failsWith(400, 'input too long') : vectors(heard, n),
    );
    const embedder = at(endpoint.url);
    assert.equal((await embedder.embed(['a'], never)).ok, true);
    const refused = await embedder.embed(['long'], never);
    assert.match(reasonOf(refused), /input too long/);
    assert.equal('unsupported' in refused, false);
    assert.equal((await embedder.embed(['a'], never)).ok, true);
  });

  for (const [what, embeddings, problem] of [
    ['too few', [[1, 2]], /1 vectors for 2 texts/],
    ['of different lengths', [[1, 2], [1]], /have 2 numbers and 1/],
    [
      'with a null',
      [
        [1, null],
        [1, 2],
      ],
      /something other than numbers/,
    ],
    ['in base64', ['AACAPw==', 'AACAPw=='], /something other than a vector/],
    ['that are empty', [[], []], /something other than a vector/],
  ] as const) {
    it(`refuses vectors ${what}`, async () => {
      const endpoint = await serving(() => sends([...embeddings]));
      const reply = await at(endpoint.url).embed(['a', 'b'], never);
      assert.match(reasonOf(reply), problem);
      assert.match(reasonOf(reply), /^the embeddings of grader \(grader-1\) are unusable/);
    });
  }

  it('refuses batches whose vectors differ in length', async () => {
    const endpoint = await serving(({ body }, n) =>
      sends((body['input'] as string[]).map(() => (n === 0 ? [1, 2] : [1]))),
    );
    const reply = await at(endpoint.url).embed(
      Array.from({ length: 33 }, () => 'a'),
      never,
    );
    assert.match(reasonOf(reply), /have 2 numbers and 1/);
  });

  it('tries again where that may help, and counts it', async () => {
    const clock = new FakeClock();
    const endpoint = await serving((heard, n) => (n === 0 ? failsWith(503, 'loading') : vectors(heard, n)));
    const asking = at(endpoint.url, {}, { clock }).embed(['a'], never);
    await endpoint.heardAtLeast(1);
    await until(() => clock.pending === 1);
    clock.advance(500);
    const reply = await asking;
    assert.equal(reply.ok, true);
    assert.equal(reply.usage.calls, 2);
  });

  it('says what it could not read, without its key', async () => {
    const apiKey = 'sk-canary-4f9a8b7c6d5e';
    const page = await serving(({ headers }) => ({ body: `<html>${headers['authorization']}</html>` }));
    const refused = await serving(({ headers }) => failsWith(401, `unknown ${headers['authorization']}`));
    for (const endpoint of [page, refused]) {
      const reply = await at(endpoint.url, {}, { apiKey }).embed(['a'], never);
      assert.match(reasonOf(reply), /something other than JSON|HTTP 401/);
      assert.match(reasonOf(reply), /\[redacted\]/);
      assert.doesNotMatch(JSON.stringify(reply), /canary/);
    }
  });

  it('ends when the run is stopped', async () => {
    const endpoint = await serving(() => null);
    const stop = new AbortController();
    const asking = at(endpoint.url).embed(['a'], stop.signal);
    await endpoint.heardAtLeast(1);
    stop.abort();
    assert.match(reasonOf(await asking), /the run was stopped/);
  });
});
