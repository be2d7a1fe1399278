import assert from 'node:assert/strict';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { codes } from './marked';

/** The examples of the format's description, each completed to a file of its own where it shows a part. */
const EXAMPLES: Record<string, string> = {
  smallest: `name: Greeting
prompt: "Greet {{name}} in one sentence."
cases:
  - vars: { name: Ada }
    assert: [ { contains: Ada } ]
slo: [ "ttft.p95 <= 300ms" ]
`,
  endpoint: `prompt: hi
cases: [{ name: a }]
endpoints:
  - name: vllm-fp8
    api: openai-chat            # openai-chat | openai-completions | openai-responses | anthropic-messages | gemini | ollama | sim | vscode-lm
    url: http://127.0.0.1:8000/v1
    model: meta-llama/Llama-3.1-8B-Instruct
    apiKeyEnv: VLLM_API_KEY     # or a key kept by the editor's secret store; a literal key is refused with a diagnostic
    headers: { x-team: search }
    params: { temperature: 0.2 }
    price: { input: 0.10, output: 0.40, cached_input: 0.02 }   # USD per 1M tokens
    hardware: { cost_per_hour: 2.50, gpus: 1, precision: fp8, note: "1xH100, TP1" }
    timeout: { connect: 5s, first_token: 30s, idle: 15s, total: 120s }
    retry: { attempts: 0 }      # load stages never retry: a retry hides a failure
    tls: { ca: ./ca.pem, reject_unauthorized: true }
    proxy: http://127.0.0.1:3128
`,
  sim: `prompt: hi
cases: [{ name: a }]
endpoints:
  - name: s
    sim: {ttft: 120ms, ttft_per_input_token: 0.05ms, itl: 15ms, jitter: 0.1, max_running: 32,
      max_waiting: 1000, load_factor: 1.5, chunk_tokens: 1, reasoning_tokens: 0, answer: echo, failure: {kind: stall}, seed: 1}
`,
  load: `prompt: hi
cases: [{ name: a }]
load:
  - name: steady chat
    pattern: poisson            # see below
    rate: 8/s
    duration: 60s               # and/or requests: 500
    warmup: 10s                 # measured, shown, and left out of every statistic
    cooldown: 5s
    max_concurrency: 256
    cases: sequential
    input_tokens: { mean: 512, stdev: 128, min: 16, max: 2048 }    # synthetic prompts where a stage has no cases
    output_tokens: { mean: 128, stdev: 32 }
    prefix: { tokens: 1024, pool: 4 }      # shared prefixes, to exercise prefix caching
    cache: warm
    sessions: { turns: 4, think_time: 2s }  # multi-turn users
    slo: []                            # for this stage alone
`,
  budget: 'prompt: hi\ncases: [{ name: a }]\nbudget: {cost: $0.50, tokens: 200000, time: 10m}\n',
  dataset: 'prompt: hi\ndataset: cases.csv\n',
  synthetic: 'load: { pattern: poisson, rate: 8/s, duration: 5s, input_tokens: { mean: 512 } }\n',
};

describe('the examples of the format', () => {
  for (const [name, text] of Object.entries(EXAMPLES)) {
    it(`${name} has no fault`, () => {
      const document = parseEvalFile(text, '/w/x.eval.yaml', {});
      assert.deepEqual(
        document.diagnostics.map(({ message }) => message),
        [],
      );
      assert.ok(document.spec !== null);
    });
  }

  it('the workspace file has none', () => {
    const text = `endpoints: []
defaults: { endpoint: vllm-fp8, judge: gpt, params: { temperature: 0 }, confidence: 0.95, policy: point }
presets: { our-chat: ["ttft.p99 <= 250ms", "quality.pass_rate >= 95%"] }
retention: { runs: 200, age: 90d, size: 2GB }
`;
    assert.deepEqual(codes(parseEvalFile(text, '/w/promptrig.yaml')), []);
  });

  it('can run every key of a load stage', () => {
    assert.deepEqual(codes(parseEvalFile(EXAMPLES.load ?? '', '/w/x.eval.yaml')), []);
  });
});

describe('promptrig.yaml', () => {
  it('checks presets, endpoints and defaults where they stand', () => {
    const document = parseEvalFile(
      `endpoints:
  - { name: a, url: "http://x", model: m, apiKey: sk-1 }
  - { name: a, api: sim }
defaults: { endpoint: aa, policy: strictly }
presets: { ours: ["ttft.p99 <= 20"] }
retention: { age: 90 }
`,
      '/w/promptrig.yaml',
    );
    assert.deepEqual(codes(document), [
      'literal-secret',
      'duplicate-name',
      'unknown-endpoint',
      'unknown-value',
      'bad-slo',
      'wrong-type',
    ]);
  });

  it('may be empty', () => {
    assert.ok(parseEvalFile('', '/w/promptrig.yaml').diagnostics.every(({ severity }) => severity === 'info'));
  });
});
