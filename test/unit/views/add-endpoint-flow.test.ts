import assert from 'node:assert/strict';
import type { ProbeResult } from '../../../src/core/endpoints/probe';
import {
  askForEndpoint,
  BACK,
  CANCEL,
  checkName,
  checkUrl,
  checkVariable,
  isOpenTraffic,
  specOf,
  type AddEndpointAsk,
  type Answer,
  type Draft,
  type Place,
} from '../../../src/extension/endpoints/add-endpoint-flow';
import { ENDPOINT_KINDS, suggestName, type EndpointKind } from '../../../src/extension/endpoints/vendors';

function kindOf(label: string): EndpointKind {
  const kind = ENDPOINT_KINDS.find((one) => one.label === label);
  assert.ok(kind);
  return kind;
}

const VLLM = kindOf('vLLM');
const OPENAI = kindOf('OpenAI');
const NONE = { kind: 'none', value: '' } as const;
const WORKSPACE = { kind: 'workspace', folder: 'file:///w' } as const;

type Script = [keyof AddEndpointAsk, Answer<unknown>][];

/** Answers as a script says, and notes what was suggested. */
async function play(
  script: Script,
  options: { folders?: { folder: string; name: string }[]; taken?: string[] } = {},
): Promise<{ draft: Draft | null; seen: string[]; fetched: number; left: number }> {
  const seen: string[] = [];
  let fetched = 0;
  const next = (step: keyof AddEndpointAsk, { step: n, of }: Place, shown: unknown): Promise<never> => {
    const [expected, answer] = script.shift() ?? ['nothing', CANCEL];
    assert.equal(step, expected);
    seen.push(`${n}/${of} ${step} ${typeof shown === 'string' ? shown : JSON.stringify(shown)}`);
    return Promise.resolve(answer as never);
  };
  const ask: AddEndpointAsk = {
    kind: (place, before) => next('kind', place, before?.label ?? ''),
    url: (place, suggestion) => next('url', place, suggestion),
    key: (place, kind, _url, before) => next('key', place, before?.kind ?? kind.apiKeyEnv ?? ''),
    model: async (place, models, before) => {
      const result = await models;
      return next('model', place, result.ok ? `${before}${(result.models ?? []).join(',')}` : result.message);
    },
    name: (place, suggestion) => next('name', place, suggestion),
    saveTo: (place, folders) => next('saveTo', place, folders.map(({ name }) => name).join()),
  };
  const draft = await askForEndpoint(ask, {
    folders: options.folders ?? [{ folder: 'file:///w', name: 'w' }],
    taken: () => new Set(options.taken ?? []),
    models: (): Promise<ProbeResult> => {
      fetched++;
      return Promise.resolve({ ok: true, models: ['llama', 'qwen'], elapsedMs: 3 });
    },
  });
  return { draft, seen, fetched, left: script.length };
}

describe('the guided way to an endpoint', () => {
  it('asks for kind, address, key, model, name and place', async () => {
    const { draft, seen } = await play([
      ['kind', VLLM],
      ['url', ' http://lab:8000/v1/ '],
      ['key', NONE],
      ['model', 'llama '],
      ['name', 'lab'],
      ['saveTo', WORKSPACE],
    ]);
    assert.deepEqual(draft, {
      kind: VLLM,
      url: 'http://lab:8000/v1',
      key: NONE,
      model: 'llama',
      name: 'lab',
      saveTo: WORKSPACE,
    });
    assert.deepEqual(seen, [
      '1/6 kind ',
      '2/6 url http://127.0.0.1:8000/v1',
      '3/6 key ',
      '4/6 model llama,qwen',
      '5/6 name vllm',
      '6/6 saveTo w',
    ]);
    assert.deepEqual(specOf(draft), {
      name: 'lab',
      api: 'openai-chat',
      url: 'http://lab:8000/v1',
      model: 'llama',
    });
  });

  it('goes back without losing what was answered, and asks the server once', async () => {
    const { draft, seen, fetched } = await play([
      ['kind', VLLM],
      ['url', 'http://lab:8000/v1'],
      ['key', NONE],
      ['model', 'llama'],
      ['name', BACK],
      ['model', BACK],
      ['key', BACK],
      ['url', 'http://lab:8000/v1'],
      ['key', NONE],
      ['model', 'qwen'],
      ['name', 'lab'],
      ['saveTo', { kind: 'user' }],
    ]);
    assert.equal(draft?.model, 'qwen');
    assert.equal(fetched, 1);
    assert.ok(seen.includes('2/6 url http://lab:8000/v1'));
    assert.ok(seen.includes('4/6 model llamallama,qwen'), 'the model of before is shown');
  });

  it('asks another server for its models after the address has changed', async () => {
    const { fetched } = await play([
      ['kind', VLLM],
      ['url', 'http://a/v1'],
      ['key', NONE],
      ['model', BACK],
      ['key', BACK],
      ['url', 'http://b/v1'],
      ['key', NONE],
      ['model', CANCEL],
    ]);
    assert.equal(fetched, 2);
  });

  it('suggests the address and the key of another kind that is chosen after all', async () => {
    const { seen, draft } = await play([
      ['kind', VLLM],
      ['url', BACK],
      ['kind', OPENAI],
      ['url', OPENAI.url],
      ['key', { kind: 'environment', value: 'OPENAI_API_KEY' }],
      ['model', 'gpt-x'],
      ['name', 'gpt'],
      ['saveTo', WORKSPACE],
    ]);
    assert.ok(seen.includes('2/6 url https://api.openai.com/v1'));
    assert.ok(seen.includes('3/6 key OPENAI_API_KEY'));
    assert.deepEqual(draft === null ? null : specOf(draft), {
      name: 'gpt',
      api: 'openai-chat',
      url: 'https://api.openai.com/v1',
      model: 'gpt-x',
      apiKeyEnv: 'OPENAI_API_KEY',
    });
  });

  it('does not ask where to save without a folder, nor goes back before the first question', async () => {
    const { draft, seen } = await play(
      [
        ['kind', BACK],
        ['kind', kindOf('Anthropic')],
        ['url', 'https://api.anthropic.com/v1'],
        ['key', { kind: 'secret', value: 'k' }],
        ['model', 'm'],
        ['name', 'claude'],
      ],
      { folders: [] },
    );
    assert.deepEqual(draft?.saveTo, { kind: 'user' });
    assert.ok(seen[0]?.startsWith('1/5'));
    // What follows from the protocol is not written, and a secret never.
    assert.deepEqual(draft === null ? null : specOf(draft), { name: 'claude', api: 'anthropic-messages', model: 'm' });
  });

  it('ends where the person gives up', async () => {
    const { draft, left } = await play([
      ['kind', VLLM],
      ['url', CANCEL],
      ['key', NONE],
    ]);
    assert.equal(draft, null);
    assert.equal(left, 1);
  });

  it('suggests a name that is free', () => {
    assert.equal(suggestName(VLLM, 'org/Llama-3.1 8B', new Set()), 'vllm');
    assert.equal(suggestName(VLLM, 'org/Llama-3.1 8B', new Set(['vllm'])), 'vllm-llama-3.1-8b');
    assert.equal(suggestName(VLLM, '', new Set(['vllm', 'vllm-2'])), 'vllm-3');
  });
});

describe('what may be typed', () => {
  it('as an address is an address without a secret', () => {
    for (const url of ['http://127.0.0.1:8000/v1', 'https://h/openai?api-version=1', ' https://h ']) {
      assert.equal(checkUrl(url), null, url);
    }
    for (const url of ['', 'localhost:8000', 'ftp://h', 'http://', 'https://me:pw@h/v1', 'https://h/v1?api_key=x']) {
      assert.notEqual(checkUrl(url), null, url);
    }
    assert.equal(isOpenTraffic('http://lab/v1'), true);
    assert.equal(isOpenTraffic('http://localhost:1/v1'), false);
    assert.equal(isOpenTraffic('https://lab/v1'), false);
  });

  it('as a variable is a name and not a key', () => {
    assert.equal(checkVariable('OPENAI_API_KEY'), null);
    for (const text of ['', 'A B', 'sk-abc', 'sk_live_abc', '9LIVES', 'x'.repeat(80)]) {
      assert.notEqual(checkVariable(text), null, text);
    }
  });

  it('as a name is free', () => {
    assert.equal(checkName(' lab ', new Set(['vllm'])), null);
    assert.match(checkName('lab ', new Set(['lab'])) ?? '', /already/);
    assert.notEqual(checkName(' ', new Set()), null);
  });
});

describe('the kinds that are offered', () => {
  it('have valid addresses and no two of one label in a group', () => {
    const labels = ENDPOINT_KINDS.map(({ group, label }) => `${group} ${label}`);
    assert.equal(new Set(labels).size, labels.length);
    for (const { url, label, apiKeyEnv } of ENDPOINT_KINDS) {
      if (url !== '') assert.equal(checkUrl(url), null, label);
      if (apiKeyEnv !== undefined) assert.equal(checkVariable(apiKeyEnv), null, label);
    }
  });
});
