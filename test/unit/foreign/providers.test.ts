import assert from 'node:assert/strict';
import type { TargetPlan } from '../../../src/protocol/plan';
import { dedent } from './dedent';
import { imported, planOf, said, targetOf, type ImportOptions } from './importing';

function withProviders(providers: string): string {
  return `prompts: ['Say {{word}}']\nproviders:\n${providers}\ntests: [{ vars: { word: hi } }]\n`;
}

/** The one endpoint of a configuration, as `api url model key`, and its parameters. */
async function endpointOf(id: string, options: ImportOptions = {}): Promise<[string, TargetPlan['params']]> {
  const { endpoint, params } = await targetOf(withProviders(id.startsWith('  -') ? id : `  - ${id}`), options);
  return [`${endpoint.api} ${endpoint.url ?? '-'} ${endpoint.model} ${endpoint.apiKeyEnv ?? '-'}`, params];
}

const DEFAULTS = { temperature: 0, max_tokens: 1024 };

describe('providers of promptfoo', () => {
  it('of OpenAI speak the API that their id names, with the defaults of promptfoo', async () => {
    const base = 'https://api.openai.com/v1';
    assert.deepEqual(await endpointOf('openai:gpt-4.1'), [`openai-chat ${base} gpt-4.1 OPENAI_API_KEY`, DEFAULTS]);
    assert.deepEqual(await endpointOf('openai:chat:gpt-4.1'), [`openai-chat ${base} gpt-4.1 OPENAI_API_KEY`, DEFAULTS]);
    assert.deepEqual(await endpointOf('openai:chat:ft:gpt-4.1:me::x'), [
      `openai-chat ${base} ft:gpt-4.1:me::x OPENAI_API_KEY`,
      DEFAULTS,
    ]);
    assert.deepEqual(await endpointOf('openai:responses:gpt-4.1'), [
      `openai-responses ${base} gpt-4.1 OPENAI_API_KEY`,
      { temperature: 0, max_output_tokens: 1024 },
    ]);
    const [completion, params] = await endpointOf('openai:completion:davinci-002');
    assert.equal(completion, `openai-completions ${base} davinci-002 OPENAI_API_KEY`);
    assert.deepEqual(params, { ...DEFAULTS, stop: ['<|im_end|>', '<|endoftext|>'] });
  });

  it('that reason get neither a temperature nor a limit, as their API refuses both', async () => {
    for (const model of ['o4-mini', 'gpt-5-mini', 'o1']) {
      const [, params] = await endpointOf(
        `{ id: 'openai:${model}', config: { temperature: 0.5, max_tokens: 9, max_completion_tokens: 50 } }`,
      );
      assert.deepEqual(params, { max_completion_tokens: 50 });
    }
  });

  it('have the parameters of their config, which win over the defaults', async () => {
    const [, params] = await endpointOf(
      dedent`
        - id: openai:gpt-4.1
          config:
            temperature: 0.7
            top_p: 0.9
            seed: 7
            stop: [END]
            response_format: { type: json_object }
            tool_choice: auto
            passthrough: { logit_bias: { '50256': -100 } }`.replace(/^/gm, '  '),
    );
    assert.deepEqual(params, {
      temperature: 0.7,
      top_p: 0.9,
      seed: 7,
      stop: ['END'],
      response_format: { type: 'json_object' },
      tool_choice: 'auto',
      logit_bias: { '50256': -100 },
      max_tokens: 1024,
    });
    const [, bare] = await endpointOf(`{ id: openai:gpt-4.1, config: { omitDefaults: true, seed: 1 } }`);
    assert.deepEqual(bare, { seed: 1 });
  });

  it('take tools and schemas from files, with the references inside of them left alone', async () => {
    const files = {
      '/w/evals/tools.yaml': '- { type: function, function: { name: f, parameters: { $ref: "#/$defs/x" } } }\n',
      '/w/evals/format.json': '{"type": "json_schema", "json_schema": {"name": "n", "schema": "file://schema.json"}}',
      '/w/evals/schema.json': '{"type": "object"}',
    };
    const [, params] = await endpointOf(
      '{ id: openai:gpt-4.1, config: { tools: file://tools.yaml, response_format: file://format.json } }',
      { files },
    );
    assert.deepEqual(params, {
      tools: [{ type: 'function', function: { name: 'f', parameters: { $ref: '#/$defs/x' } } }],
      response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
      ...DEFAULTS,
    });
  });

  it('of Anthropic, Ollama, Google and Azure speak their own APIs', async () => {
    assert.deepEqual(await endpointOf('anthropic:messages:claude-sonnet-4-20250514'), [
      'anthropic-messages https://api.anthropic.com/v1 claude-sonnet-4-20250514 ANTHROPIC_API_KEY',
      DEFAULTS,
    ]);
    assert.deepEqual(await endpointOf('{ id: anthropic:claude-3-5-haiku, config: { top_p: 0.5, max_tokens: 9 } }'), [
      'anthropic-messages https://api.anthropic.com/v1 claude-3-5-haiku ANTHROPIC_API_KEY',
      { top_p: 0.5, max_tokens: 9 },
    ]);
    assert.deepEqual(await endpointOf('{ id: ollama:chat:llama3.1:8b, config: { num_predict: 9 } }'), [
      'ollama http://localhost:11434 llama3.1:8b -',
      { num_predict: 9 },
    ]);
    assert.deepEqual(await endpointOf('ollama:llama3.1'), ['ollama http://localhost:11434 llama3.1 -', {}]);
    assert.deepEqual(
      await endpointOf('{ id: google:gemini-2.5-flash, config: { temperature: 1, maxOutputTokens: 9 } }'),
      [
        'gemini https://generativelanguage.googleapis.com/v1beta gemini-2.5-flash GOOGLE_API_KEY',
        { temperature: 1, maxOutputTokens: 9 },
      ],
    );
    assert.deepEqual(
      await endpointOf('{ id: azure:chat:my-gpt, config: { apiHost: me.openai.azure.com, apiVersion: 2025-01-01 } }'),
      [
        'openai-chat https://me.openai.azure.com/openai/deployments/my-gpt?api-version=2025-01-01 my-gpt AZURE_API_KEY',
        DEFAULTS,
      ],
    );
  });

  it('of compatible vendors are known by their address and their key', async () => {
    const known: [string, string][] = [
      ['groq:llama-3.3-70b', 'https://api.groq.com/openai/v1 llama-3.3-70b GROQ_API_KEY'],
      ['openrouter:meta-llama/llama-3', 'https://openrouter.ai/api/v1 meta-llama/llama-3 OPENROUTER_API_KEY'],
      ['deepseek:deepseek-chat', 'https://api.deepseek.com/v1 deepseek-chat DEEPSEEK_API_KEY'],
      ['mistral:mistral-small', 'https://api.mistral.ai/v1 mistral-small MISTRAL_API_KEY'],
      ['togetherai:meta/llama', 'https://api.together.xyz/v1 meta/llama TOGETHER_API_KEY'],
      ['xai:grok-4', 'https://api.x.ai/v1 grok-4 XAI_API_KEY'],
      ['github:openai/gpt-4.1', 'https://models.github.ai/inference openai/gpt-4.1 GITHUB_TOKEN'],
      ['fireworks:accounts/f/models/m', 'https://api.fireworks.ai/inference/v1 accounts/f/models/m FIREWORKS_API_KEY'],
      ['huggingface:chat:a/b', 'https://router.huggingface.co/v1 a/b HF_TOKEN'],
      ['localai:chat:m', 'http://localhost:8080/v1 m -'],
    ];
    for (const [id, expected] of known) assert.equal((await endpointOf(id))[0], `openai-chat ${expected}`);
  });

  it('go where apiBaseUrl and apiHost say, with the key that apiKeyEnvar names', async () => {
    const [vllm] = await endpointOf(
      '{ id: openai:chat:llama, config: { apiBaseUrl: "http://127.0.0.1:8000/v1/", apiKeyEnvar: VLLM_KEY } }',
    );
    assert.equal(vllm, 'openai-chat http://127.0.0.1:8000/v1 llama VLLM_KEY');
    const [host] = await endpointOf('{ id: openai:chat:llama, config: { apiHost: gateway.example } }');
    assert.equal(host, 'openai-chat https://gateway.example/v1 llama OPENAI_API_KEY');
    for (const free of ['apiKey: EMPTY', 'apiKey: not-needed', 'apiKeyRequired: false']) {
      const [none] = await endpointOf(
        `{ id: openai:chat:llama, config: { apiBaseUrl: "http://127.0.0.1:8000/v1", ${free} } }`,
      );
      assert.equal(none, 'openai-chat http://127.0.0.1:8000/v1 llama -');
    }
  });

  it('take keys from the environment by name, and addresses by value', async () => {
    const env = {
      GATEWAY: 'https://gateway.example/v1',
      AZURE_OPENAI_API_KEY: 'x',
      AZURE_API_HOST: 'me.azure.example',
    };
    const [templates] = await endpointOf(
      `{ id: "openai:chat:{{ env.MODEL | default('gpt-x') }}", config: { apiBaseUrl: '{{env.GATEWAY}}', apiKey: '{{ env.MY_KEY }}' } }`,
      { env },
    );
    assert.equal(templates, 'openai-chat https://gateway.example/v1 gpt-x MY_KEY');
    const [azure] = await endpointOf('azure:chat:dep', { env });
    assert.equal(
      azure,
      'openai-chat https://me.azure.example/openai/deployments/dep?api-version=2024-12-01-preview dep AZURE_OPENAI_API_KEY',
    );
    const unset = await imported(withProviders(`  - { id: openai:chat:m, config: { apiBaseUrl: '{{env.GATEWAY}}' } }`));
    assert.deepEqual(said(unset.diagnostics), [
      '3 warning foreign-skipped: "openai:chat:m" is not asked: its address reads the environment variable GATEWAY, which is not set.',
      '3 error no-runnable-endpoint: The file has no provider that can be asked from here. Choose an endpoint with --endpoint NAME, such as one of promptrig.yaml or "sim".',
    ]);
  });

  it('are refused a key that stands in the file, which is never copied', async () => {
    const text = withProviders(
      `  - { id: openai:gpt-4.1, config: { apiKey: sk-abcdef123456, headers: { Authorization: Bearer sk-zzz999, x-team: search } } }`,
    ).concat('env: { OPENAI_API_KEY: sk-qqq888 }\n');
    const { document, plan, diagnostics } = await imported(text);
    assert.equal(plan, null);
    assert.deepEqual(
      diagnostics.map(({ code, severity, range }) => [code, severity, range.start.line + 1]),
      [
        ['literal-secret', 'error', 3],
        ['literal-secret', 'error', 3],
        ['literal-secret', 'error', 5],
      ],
    );
    const everything = JSON.stringify([document.spec, diagnostics]);
    for (const secret of ['abcdef123456', 'zzz999', 'qqq888']) assert.ok(!everything.includes(secret), secret);
    assert.ok(everything.includes('"x-team":"search"'));
  });

  it('may carry the key of a variable in a header, and no other secret', async () => {
    const { endpoint } = await targetOf(
      withProviders(
        `  - { id: openai:m, config: { headers: { Authorization: 'Bearer {{env.TEAM_TOKEN}}', x-team: search } } }`,
      ),
    );
    assert.deepEqual([endpoint.apiKeyEnv, endpoint.headers], ['TEAM_TOKEN', { 'x-team': 'search' }]);
    const { diagnostics } = await imported(
      withProviders(`  - { id: openai:m, config: { headers: { x-session: '{{env.SESSION}}' } } }`),
    );
    assert.match(said(diagnostics).join('\n'), /the header "x-session" reads the environment, and headers are stored/);
  });

  it('have their cost as a price per million tokens', async () => {
    const { endpoint } = await targetOf(
      withProviders('  - { id: openai:m, config: { inputCost: 0.0000025, outputCost: 0.00001 } }'),
    );
    assert.deepEqual(endpoint.price, { inputPer1M: 2.5, outputPer1M: 10 });
  });

  it('are written as ids, maps, maps by id, files of them, and as "targets"', async () => {
    const files = {
      '/w/evals/one.yaml': 'id: openai:a\nlabel: from file\n',
      '/w/evals/more.json': '[{"id": "openai:b"}, "openai:c"]',
    };
    const { targets } = await planOf(
      dedent`
        prompts: ['Say {{word}}']
        targets:
          - openai:x
          - openai:x
          - { id: openai:y, label: mine }
          - openai:z: { config: { temperature: 1 } }
          - file://one.yaml
          - file://more.json
        tests: [{ vars: { word: hi } }]`,
      { files },
    );
    assert.deepEqual(targets.map(({ endpoint }) => endpoint.name).sort(), [
      'from file',
      'mine',
      'openai:b',
      'openai:c',
      'openai:x',
      'openai:x#2',
      'openai:z',
    ]);
    assert.equal(targets.find(({ endpoint }) => endpoint.name === 'openai:z')?.params['temperature'], 1);
    const single = await targetOf(`prompts: [Hi]\nproviders: echo\n`);
    assert.deepEqual([single.endpoint.api, single.endpoint.sim?.answer, single.cases.length], ['sim', 'echo', 1]);
  });

  it('that are no HTTP endpoints are left out with the reason at their line, and the others go on', async () => {
    const { plan, diagnostics } = await imported(
      withProviders(
        [
          'exec:python chat.py',
          'python:chat.py',
          'file://provider.js',
          'package:mine:provider',
          'ws://127.0.0.1:8000',
          'bedrock:anthropic.claude',
          'vertex:gemini-2.5-pro',
          'openai:image:dall-e-3',
          'openai:embedding:text-embedding-3-small',
          'promptfoo:simulated-user',
          'nobody:knows',
          '{ id: openai:m, transform: file://clean.py }',
          'openai:gpt-4.1',
        ]
          .map((id) => `  - ${id}`)
          .join('\n'),
      ),
    );
    assert.deepEqual(
      plan?.targets.map(({ id }) => id),
      ['openai:gpt-4.1'],
    );
    const reasons = said(diagnostics);
    assert.equal(reasons.length, 12);
    reasons.forEach((reason, index) =>
      assert.match(reason, new RegExp(`^${index + 3} warning foreign-skipped: ".+" is not asked: .+\\.$`)),
    );
    assert.match(reasons[0] ?? '', /it is a program on this machine, not an HTTP endpoint/);
  });

  it('leave the choice of an endpoint to the command line where none of them can be asked', async () => {
    const text = withProviders('  - python:chat.py');
    const none = await imported(text);
    assert.equal(none.plan, null);
    const errors = none.diagnostics.filter(({ severity }) => severity === 'error');
    assert.match(said(errors).join('\n'), /^3 error no-runnable-endpoint: .*--endpoint NAME/);
    const chosen = await imported(text, { select: { endpoints: ['sim'] } });
    assert.deepEqual(
      chosen.plan?.targets.map(({ id }) => id),
      ['sim'],
    );
  });

  it('by HTTP are asked where they send a chat completion, and left out otherwise', async () => {
    const body = `{ model: m, messages: [{ role: user, content: '{{prompt}}' }], temperature: 0.3, stream: true }`;
    const { endpoint, params } = await targetOf(
      withProviders(
        `  - id: https://gateway.example/v1/chat/completions
    label: gateway
    config:
      method: POST
      headers: { Content-Type: application/json, Authorization: 'Bearer {{env.GATEWAY_KEY}}' }
      body: ${body}
      transformResponse: json.choices[0].message.content`,
      ),
    );
    assert.deepEqual(
      [endpoint.name, endpoint.url, endpoint.model, endpoint.apiKeyEnv, params],
      ['gateway', 'https://gateway.example/v1/chat/completions', 'm', 'GATEWAY_KEY', { temperature: 0.3 }],
    );
    for (const config of [
      `{ url: https://x.example/api, body: ${body}, transformResponse: 'json.choices[0].message.content' }`,
      `{ url: https://x.example/v1/chat/completions, body: { query: '{{prompt}}' }, transformResponse: json.text }`,
      `{ url: https://x.example/v1/chat/completions, body: ${body} }`,
    ]) {
      const { diagnostics } = await imported(withProviders(`  - { id: https, config: ${config} }`));
      assert.match(said(diagnostics).join('\n'), /"https" is not asked: /);
    }
  });

  it('share one transform as that of every case; one of a single provider leaves that provider out', async () => {
    const shared = await targetOf(withProviders('  - { id: openai:a, transform: output.trim() }'));
    assert.equal(shared.cases[0]?.transform?.source, 'output.trim()');
    const { plan, diagnostics } = await imported(
      withProviders('  - { id: openai:a, transform: output.trim() }\n  - openai:b'),
    );
    assert.deepEqual(
      plan?.targets.map(({ id }) => id),
      ['openai:b'],
    );
    assert.match(
      said(diagnostics).join('\n'),
      /3 warning foreign-skipped: "openai:a" is not asked: its transform is its own/,
    );
  });
});
