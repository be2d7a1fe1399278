import assert from 'node:assert/strict';
import { slice } from '../spec/marked';
import { plan, planned, workspaceFixture } from './planning';

const CASES = 'cases: [{ name: a }]\n';
const byId = <T extends { id: string }>(items: T[]) => [...items].sort((x, y) => (x.id < y.id ? -1 : 1));

describe('a plan', () => {
  it('of the smallest file asks the simulator', async () => {
    const result = await planned(`name: Greeting
prompt: "Greet {{name}} in one sentence."
cases:
  - vars: { name: Ada }
    assert: [ { contains: Ada } ]
slo: [ "ttft.p95 <= 300ms" ]
`);
    assert.equal(result.schema, 'promptrig.plan/1');
    assert.equal(result.runId, '20261122T014700Z-greeting-iiii');
    assert.equal(result.outDir, '/w/.promptrig/runs/20261122T014700Z-greeting-iiii');
    assert.equal(result.baseDir, '/w/evals');
    assert.equal(result.seed, 0x8000_0000);
    assert.deepEqual([result.policy, result.confidence, result.purpose], ['point', 0.95, 'regression']);
    assert.equal(result.targets.length, 1);
    const [target] = result.targets;
    assert.ok(target !== undefined);
    assert.deepEqual([target.id, target.prompt, target.concurrency], ['sim', 'default', 4]);
    assert.deepEqual(
      { ...target.endpoint, timeout: null },
      { name: 'sim', api: 'sim', url: null, model: 'sim', headers: {}, timeout: null, retryAttempts: 0, sim: {} },
    );
    assert.deepEqual(target.endpoint.timeout, {
      connectMs: 5000,
      firstTokenMs: 30_000,
      idleMs: 15_000,
      totalMs: 120_000,
    });
    assert.deepEqual(target.cases, [
      {
        pointer: '/cases/0',
        id: 'name: Ada',
        name: 'name: Ada',
        messages: [{ role: 'user', content: 'Greet Ada in one sentence.' }],
        vars: { name: 'Ada' },
        assertions: [
          { pointer: '/cases/0/assert/0', type: 'contains', negate: false, value: 'Ada', weight: 1, severity: 'error' },
        ],
        repeat: 1,
        weight: 1,
        tags: [],
      },
    ]);
    assert.deepEqual(target.stages, []);
    assert.deepEqual(target.caseSlos, [
      {
        pointer: '/slo/0',
        expr: 'ttft.p95 <= 300ms',
        metric: 'ttft',
        stat: 'p95',
        op: '<=',
        limit: 300,
        unit: 'ms',
        severity: 'error',
      },
    ]);
  });

  it('survives JSON, so that it can cross a process and be stored', async () => {
    const result = await planned(
      `prompt: hi\nendpoints: [{ name: a, sim: { ttft: 5ms, failure: { kind: stall, delay: 2s } } }]\nload: { pattern: sync, requests: 2 }\n${CASES}`,
    );
    assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  });

  it('has ids that sort by time and are safe as folder names', async () => {
    const early = await planned(`name: "Grüße: a/b\\\\c?  😀"\nprompt: hi\n${CASES}`);
    assert.equal(early.runId, '20261122T014700Z-gru-e-a-b-c-iiii');
    const unnamed = await planned(`name: "😀"\nprompt: hi\n${CASES}`, {
      now: new Date('2027-01-01T00:00:00Z'),
    } as object);
    assert.equal(unnamed.runId, '20270101T000000Z-run-iiii');
    assert.ok(early.runId < unnamed.runId);
  });

  it('takes the seed, the repeats and the policy from the command line', async () => {
    const text = 'prompt: hi\nrepeat: 2\ncases: [{ name: a, repeat: 5 }, { name: b }]\n';
    const own = await planned(text);
    assert.deepEqual(
      own.targets[0]?.cases.map(({ repeat }) => repeat),
      [5, 2],
    );
    const over = await planned(text, { overrides: { seed: 7, repeat: 3, policy: 'strict' } });
    assert.deepEqual(
      over.targets[0]?.cases.map(({ repeat }) => repeat),
      [3, 3],
    );
    assert.deepEqual([over.seed, over.policy], [7, 'strict']);
  });

  it('gives the source relative to a root where one is given', async () => {
    assert.equal((await planned(`prompt: hi\n${CASES}`)).source.path, '/w/evals/chat.eval.yaml');
    assert.equal((await planned(`prompt: hi\n${CASES}`, { root: '/w' })).source.path, 'evals/chat.eval.yaml');
    assert.equal(
      (await planned(`prompt: hi\n${CASES}`, { root: '/elsewhere' })).source.path,
      '/w/evals/chat.eval.yaml',
    );
  });
});

describe('endpoints', () => {
  it('come from the file, the workspace, the user and the built-in simulator', async () => {
    const result = await planned(
      `prompt: hi
endpoints:
  - { name: here, url: "http://127.0.0.1:1/v1/", model: m, apiKeyEnv: KEY, price: { input: 1, output: 2, cached_input: 0.5 }, hardware: { cost_per_hour: 2.5, note: x }, timeout: { connect: 1s, total: 1m }, retry: { attempts: 2 } }
  - vllm-fp8
  - mine
  - sim
${CASES}`,
      { workspace: workspaceFixture(), userEndpoints: [{ name: 'mine', url: 'http://mine/v1', model: 'x' }] },
    );
    const [here, mine, sim, vllm] = byId(result.targets);
    assert.deepEqual(result.targets.map(({ id }) => id).sort(), ['here', 'mine', 'sim', 'vllm-fp8']);
    assert.deepEqual(here?.endpoint, {
      name: 'here',
      api: 'openai-chat',
      url: 'http://127.0.0.1:1/v1',
      model: 'm',
      headers: {},
      apiKeyEnv: 'KEY',
      price: { inputPer1M: 1, outputPer1M: 2, cachedInputPer1M: 0.5 },
      hardware: { costPerHour: 2.5, note: 'x' },
      timeout: { connectMs: 1000, firstTokenMs: 30_000, idleMs: 15_000, totalMs: 60_000 },
      retryAttempts: 2,
    });
    assert.equal(mine?.endpoint.url, 'http://mine/v1');
    assert.equal(sim?.endpoint.api, 'sim');
    assert.deepEqual(
      vllm?.endpoint.tls,
      { caPath: '/w/certs/ca.pem', rejectUnauthorized: true },
      'relative to the file that defines it',
    );
  });

  it('merge parameters: workspace, endpoint, file, matrix', async () => {
    const result = await planned(
      `prompt: hi\nendpoints: [vllm-fp8]\nparams: { top_p: 0.5, stop: [x] }\nmatrix: { temperature: [0.9] }\n${CASES}`,
      { workspace: workspaceFixture() },
    );
    assert.deepEqual(result.targets[0]?.params, { temperature: 0.9, max_tokens: 64, top_p: 0.5, stop: ['x'] });
    assert.deepEqual([result.confidence, result.policy], [0.9, 'strict']);
  });

  it("default to the workspace's", async () => {
    const result = await planned(`prompt: hi\n${CASES}`, { workspace: workspaceFixture() });
    assert.equal(result.targets[0]?.id, 'vllm-fp8');
  });

  it('that are unknown are marked, with the one that was meant', async () => {
    const text = `prompt: hi\nendpoints: [sim, vlm-fp8]\n${CASES}`;
    const { plan: result, diagnostics } = await plan(text, { workspace: workspaceFixture() });
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['unknown-endpoint'],
    );
    assert.equal(slice(text, diagnostics[0]?.range), 'vlm-fp8');
    assert.equal(diagnostics[0]?.suggestions[0]?.edits[0]?.newText, 'vllm-fp8');
  });

  it('with an error in the workspace file say so where they are used, and only there', async () => {
    const { parseEvalFile } = await import('../../../src/core/spec/parse');
    const workspace = parseEvalFile(
      'endpoints:\n  - { name: a, url: "http://x", model: m, apiKey: sk-1 }\n  - { name: g, api: vscode-lm, model: m }\ndefaults: { endpoint: b }\n',
      '/w/promptrig.yaml',
    );
    const used = await plan(`prompt: hi\nendpoints: [a, g]\n${CASES}`, { workspace });
    assert.deepEqual(
      used.diagnostics.map(({ code }) => code),
      ['invalid-endpoint', 'editor-only'],
    );
    assert.equal(used.plan, null);
    assert.equal((await planned(`prompt: hi\nendpoints: [sim]\n${CASES}`, { workspace })).targets.length, 1);
    const fallback = await plan(`prompt: hi\n${CASES}`, { workspace });
    assert.deepEqual(
      fallback.diagnostics.map(({ code, path }) => [code, path]),
      [['unknown-endpoint', '/w/promptrig.yaml']],
    );
  });

  it("carry the simulator's settings in its own terms", async () => {
    const result = await planned(`prompt: hi
endpoints:
  - name: s
    sim: { ttft: 120ms, ttft_per_input_token: 0.05ms, itl: 15ms, jitter: 0.1, max_running: 32, load_factor: 1.5, answer: script, script: [{ match: a, answer: [b, c] }], failure: { kind: slow-headers, every: 3, delay: 2s, after_tokens: 1 }, early_role_chunk: true }
${CASES}`);
    assert.deepEqual(result.targets[0]?.endpoint.sim, {
      ttftMs: 120,
      ttftPerInputTokenMs: 0.05,
      itlMs: 15,
      jitter: 0.1,
      maxRunning: 32,
      loadFactor: 1.5,
      answer: 'script',
      script: [{ match: 'a', answer: ['b', 'c'] }],
      failure: { kind: 'slow-headers', every: 3, afterTokens: 1, delayMs: 2000 },
      earlyRoleChunk: true,
    });
  });
});

describe('targets', () => {
  const matrixText = `prompts: [{ name: terse, prompt: a }, { name: long, prompt: b }]
endpoints: [sim, { name: other, api: sim }]
matrix: { temperature: [0, 0.7] }
${CASES}`;

  it('are endpoints times variants times matrix, with ids that depend on nothing else', async () => {
    const result = await planned(matrixText);
    assert.deepEqual(result.targets.map(({ id }) => id).sort(), [
      'other/long[temperature=0.7]',
      'other/long[temperature=0]',
      'other/terse[temperature=0.7]',
      'other/terse[temperature=0]',
      'sim/long[temperature=0.7]',
      'sim/long[temperature=0]',
      'sim/terse[temperature=0.7]',
      'sim/terse[temperature=0]',
    ]);
    const single = await planned(`prompts: [{ name: terse, prompt: a }]\n${CASES}`);
    assert.deepEqual(
      single.targets.map(({ id, prompt }) => [id, prompt]),
      [['sim', 'terse']],
    );
  });

  it('run in an order drawn from the seed', async () => {
    const order = async (seed: number) =>
      (await planned(matrixText, { overrides: { seed } })).targets.map(({ id }) => id).join();
    assert.equal(await order(1), await order(1));
    const orders = new Set(await Promise.all(Array.from({ length: 20 }, (_, seed) => order(seed))));
    assert.ok(orders.size > 15);
  });

  it('exclude and include combinations as CI matrices do', async () => {
    const params = async (matrix: string) => {
      const { targets } = await planned(`prompt: hi\nmatrix: ${matrix}\n${CASES}`, { overrides: { seed: 1 } });
      return byId(targets).map((target) => target.params);
    };
    assert.deepEqual(await params('{ a: [1, 2], b: [x, y], exclude: [{ a: 1, b: x }, { a: 2 }] }'), [{ a: 1, b: 'y' }]);
    assert.deepEqual(await params('{ a: [1, 2], include: [{ a: 1, c: 3 }, { a: 5 }] }'), [
      { a: 1, c: 3 },
      { a: 2 },
      { a: 5 },
    ]);
    assert.deepEqual(await params('{ a: [1, 1] }'), [{ a: 1 }], 'a repeated combination is one target');
    assert.deepEqual(await params('{ include: [{ a: 1 }, { a: 2 }] }'), [{ a: 1 }, { a: 2 }]);
    assert.deepEqual(await params('{ stop: [[a], [b, c]] }'), [{ stop: ['a'] }, { stop: ['b', 'c'] }]);
    const none = await plan(`prompt: hi\nmatrix: { a: [1], exclude: [{ a: 1 }] }\n${CASES}`);
    assert.deepEqual(
      none.diagnostics.map(({ code }) => code),
      ['empty-matrix'],
    );
    const many = await plan(`prompt: hi\nmatrix: { a: [${'1,'.repeat(100)}1], b: [1, 2, 3] }\n${CASES}`);
    assert.deepEqual(
      many.diagnostics.map(({ code }) => code),
      ['matrix-too-large'],
    );
  });
});

describe('prompts', () => {
  it('are read from files beside the eval file, as bytes or text, without their BOM', async () => {
    const result = await planned(
      'prompts: [file://p/a.md, { name: b, messages: [{ role: system, content: file://../s.txt }, { role: user, content: "{{ q }}" }] }]\nvars: { q: Q }\ncases: [{ name: x }]\n',
      {
        files: { '/w/evals/p/a.md': new TextEncoder().encode('\uFEFFAsk {{ q }}'), '/w/s.txt': 'Be {{ q }}.' },
        overrides: { seed: 1 },
      },
    );
    const messages = Object.fromEntries(result.targets.map(({ prompt, cases }) => [prompt, cases[0]?.messages]));
    assert.deepEqual(messages, {
      a: [{ role: 'user', content: 'Ask Q' }],
      b: [
        { role: 'system', content: 'Be Q.' },
        { role: 'user', content: 'Q' },
      ],
    });
  });

  it('may be lists of messages in JSON or YAML', async () => {
    for (const [name, content] of [
      ['chat.json', '[{"role": "system", "content": "S"}, {"role": "user", "content": "{{ q }}"}]'],
      ['chat.yaml', '- { role: system, content: S }\n- role: user\n  content: "{{ q }}"\n'],
    ] as const) {
      const result = await planned(`prompt: file://${name}\nvars: { q: Q }\n${CASES}`, {
        files: { [`/w/evals/${name}`]: content },
      });
      assert.deepEqual(result.targets[0]?.cases[0]?.messages, [
        { role: 'system', content: 'S' },
        { role: 'user', content: 'Q' },
      ]);
    }
    const text = await planned(`prompt: file://a.json\n${CASES}`, {
      files: { '/w/evals/a.json': '{"not": "messages"}' },
    });
    assert.deepEqual(text.targets[0]?.cases[0]?.messages, [{ role: 'user', content: '{"not": "messages"}' }]);
  });

  it('that are missing are marked at their reference, all of them at once', async () => {
    const text =
      'messages: [{ role: user, content: file://a.txt }]\ncases: [{ name: x, messages: [{ role: user, content: file://b.txt }], assert: [{ is-json: file://c.json }] }]\n';
    const { plan: result, diagnostics } = await plan(text);
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code, range, message }) => [code, slice(text, range), /\/w\/evals\/[abc]/.test(message)]),
      [
        ['missing-file', 'file://a.txt', true],
        ['missing-file', 'file://b.txt', true],
        ['missing-file', 'file://c.json', true],
      ],
    );
    const prompt = await plan(`prompt: file://gone.md\n${CASES}`);
    assert.equal(slice(`prompt: file://gone.md\n${CASES}`, prompt.diagnostics[0]?.range), 'file://gone.md');
  });

  it('that cannot be read say why', async () => {
    const { diagnostics } = await plan(`prompt: file://big.txt\n${CASES}`, {
      files: { '/w/evals/big.txt': 'x'.repeat(6 * 1024 * 1024) },
    });
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['unreadable-file'],
    );
    assert.match(diagnostics[0]?.message ?? '', /larger than 5 MB/);
  });

  it('locate an undefined variable in their own file', async () => {
    const file = 'Hello\r\ndear {{ nmae }}\r\n';
    const { plan: result, diagnostics } = await plan('prompt: file://a.md\ncases: [{ name: x, vars: { name: y } }]\n', {
      files: { '/w/evals/a.md': file },
    });
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code, path, range }) => [code, path, slice(file, range)]),
      [['undefined-variable', '/w/evals/a.md', 'nmae']],
    );
    assert.equal(diagnostics[0]?.suggestions[0]?.edits[0]?.newText, 'name');
    assert.match(diagnostics[0]?.message ?? '', /in case "x"/);
  });
});

describe('cases', () => {
  it('render messages and assertion values with the variables of file and case', async () => {
    const result = await planned(
      `prompt: "{{ a }} {{ b }}"
vars: { a: 1, b: 2 }
assert: [{ not-contains: "no {{ a }}" }]
cases:
  - name: x
    vars: { b: 3 }
    messages: [{ role: assistant, content: "so {{ b }}" }, { role: user, content: more }]
    expected: { city: Paris }
    tags: [t]
    weight: 2
    assert:
      - { type: equals, value: { city: "{{ expected.city }}", list: ["{{ b }}", 4] }, weight: 3, name: same, severity: warning }
      - ttft: 0.3s
      - { type: latency, threshold: 3000 }
      - is-json: file://schema.json
`,
      { files: { '/w/evals/schema.json': '{"type": "object"}' } },
    );
    const [item] = result.targets[0]?.cases ?? [];
    assert.deepEqual(item?.messages, [
      { role: 'user', content: '1 3' },
      { role: 'assistant', content: 'so 3' },
      { role: 'user', content: 'more' },
    ]);
    assert.deepEqual(item?.vars, { a: 1, b: 3 });
    assert.deepEqual([item?.expected, item?.tags, item?.weight], [{ city: 'Paris' }, ['t'], 2]);
    assert.deepEqual(item?.assertions, [
      { pointer: '/assert/0', type: 'contains', negate: true, value: 'no 1', weight: 1, severity: 'error' },
      {
        pointer: '/cases/0/assert/0',
        type: 'equals',
        negate: false,
        value: { city: 'Paris', list: ['3', 4] },
        weight: 3,
        name: 'same',
        severity: 'warning',
      },
      {
        pointer: '/cases/0/assert/1',
        type: 'ttft',
        negate: false,
        value: '0.3s',
        threshold: 300,
        weight: 1,
        severity: 'error',
      },
      { pointer: '/cases/0/assert/2', type: 'latency', negate: false, threshold: 3000, weight: 1, severity: 'error' },
      {
        pointer: '/cases/0/assert/3',
        type: 'is-json',
        negate: false,
        value: { type: 'object' },
        weight: 1,
        severity: 'error',
      },
    ]);
  });

  it('keep the skipped with their reason, and render nothing for them', async () => {
    const result = await planned(
      'prompt: "{{ q }}"\ncases: [{ name: a, skip: later }, { name: b, skip: true }, { name: c, vars: { q: 1 }, skip: false }]\nload: { pattern: sync, requests: 1 }\n',
    );
    assert.deepEqual(
      result.targets[0]?.cases.map(({ name, skip, messages }) => [name, skip, messages.length]),
      [
        ['a', 'later', 0],
        ['b', 'skipped by the file', 0],
        ['c', undefined, 1],
      ],
    );
    assert.equal(result.targets[0]?.stages[0]?.requestPool.length, 1);
  });

  it('run alone when marked "only", unless others are asked for', async () => {
    const text = 'prompt: hi\ncases: [{ name: a }, { name: b, only: true }, { name: c }]\n';
    assert.deepEqual(
      (await planned(text)).targets[0]?.cases.map(({ name }) => name),
      ['b'],
    );
    assert.deepEqual(
      (await planned(text, { select: { cases: ['c'] } })).targets[0]?.cases.map(({ name }) => name),
      ['c'],
    );
  });

  it('expand lists of their own into every combination, only when told to', async () => {
    const text = (expand: boolean) =>
      `prompt: "{{ a }}{{ b }}{{ c | length }}"\nvars: { c: [1, 2] }\ncases: [{ name: x, vars: { a: [p, q], b: [r, s] }, expand: ${expand} }]\n`;
    const whole = await planned(text(false));
    assert.deepEqual(
      whole.targets[0]?.cases.map(({ messages }) => messages[0]?.content),
      ['p,qr,s2'],
    );
    const cases = (await planned(text(true))).targets[0]?.cases ?? [];
    assert.deepEqual(
      cases.map(({ messages }) => messages[0]?.content),
      ['pr2', 'ps2', 'qr2', 'qs2'],
    );
    assert.deepEqual(
      cases.map(({ pointer }) => pointer),
      ['/cases/0', '/cases/0#2', '/cases/0#3', '/cases/0#4'],
    );
    assert.deepEqual(
      cases.map(({ id }) => id),
      ['x (a=p, b=r)', 'x (a=p, b=s)', 'x (a=q, b=r)', 'x (a=q, b=s)'],
    );
    const numbers = Array.from({ length: 200 }, (_, i) => i).join(',');
    const many = await plan(
      `prompt: hi\ncases: [{ name: x, vars: { a: [${numbers}], b: [${numbers}] }, expand: true }]\n`,
    );
    assert.deepEqual(
      many.diagnostics.map(({ code }) => code),
      ['too-many-cases'],
    );
  });
});

describe('load stages', () => {
  it('have their durations and rates in base units', async () => {
    const result = await planned(`prompt: hi
cases: [{ name: a, weight: 2 }, { name: b }]
load:
  - { name: steady, pattern: poisson, rate: 120/min, duration: 1m, requests: 500, warmup: 10s, cooldown: 5s, max_concurrency: 256, cases: weighted }
  - { pattern: sync, requests: 10 }
`);
    const [steady, sync] = result.targets[0]?.stages ?? [];
    assert.deepEqual(steady, {
      pointer: '/load/0',
      name: 'steady',
      pattern: 'poisson',
      loop: 'open',
      rate: 2,
      durationMs: 60_000,
      requests: 500,
      warmupMs: 10_000,
      cooldownMs: 5000,
      maxConcurrency: 256,
      caseOrder: 'weighted',
      requestPool: [
        { casePointer: '/cases/0', messages: [{ role: 'user', content: 'hi' }], weight: 2 },
        { casePointer: '/cases/1', messages: [{ role: 'user', content: 'hi' }], weight: 1 },
      ],
      slos: [],
    });
    assert.deepEqual(
      [sync?.name, sync?.loop, sync?.concurrency, sync?.requests, sync?.caseOrder],
      ['sync', 'closed', 1, 10, 'sequential'],
    );
  });

  it('of a list become one stage for each of it', async () => {
    const result = await planned(`prompt: hi
${CASES}load:
  - { name: steps, pattern: concurrent, concurrency: [1, 16], duration: 5s }
  - { pattern: constant, rate: [8/s, "120 / min"], duration: 5s }
  - { pattern: constant, rate: 8/s, duration: 5s }
`);
    assert.deepEqual(
      result.targets[0]?.stages.map(({ name, pointer, rate, concurrency }) => [name, pointer, rate ?? concurrency]),
      [
        ['steps 1', '/load/0', 1],
        ['steps 16', '/load/0', 16],
        ['constant 8/s', '/load/1', 8],
        ['constant 120/min', '/load/1', 2],
        ['constant 8/s#2', '/load/2', 8],
      ],
    );
  });

  it('send the prompt itself where the file has no cases', async () => {
    const result = await planned('prompt: "hi {{ n }}"\nvars: { n: 1 }\nload: { pattern: sync, requests: 1 }\n');
    assert.deepEqual(result.targets[0]?.stages[0]?.requestPool, [
      { messages: [{ role: 'user', content: 'hi 1' }], weight: 1 },
    ]);
    const { plan: none, document } = await plan('prompt: "hi {{ n }}"\nload: { pattern: sync, requests: 1 }\n');
    assert.equal(none, null);
    assert.ok(document.diagnostics.some(({ code }) => code === 'undefined-variable'));
  });

  it('with nothing to send are an error', async () => {
    const skipped = await plan('prompt: hi\ncases: [{ name: a, skip: x }]\nload: { pattern: sync, requests: 1 }\n');
    assert.deepEqual(
      skipped.diagnostics.map(({ code }) => code),
      ['nothing-to-send'],
    );
    const weightless = await plan(
      'prompt: hi\ncases: [{ name: a, weight: 0 }]\nload: { pattern: sync, requests: 1, cases: weighted }\n',
    );
    assert.deepEqual(
      weightless.diagnostics.map(({ code }) => code),
      ['nothing-to-send'],
    );
  });
});

describe('service level objectives', () => {
  const text = `prompt: hi
${CASES}load:
  - { name: one, pattern: sync, requests: 1, slo: "e2e <= 3s" }
  - { name: two, pattern: sync, requests: 1 }
slo: [rag, { expr: our-chat, severity: warning }, "error_rate <= 1%", { expr: "quality.score >= 0.5", name: Good, severity: info }]
`;

  it("go to the load stages, quality to the cases, and a stage's own to that stage", async () => {
    const [target] = (await planned(text, { workspace: workspaceFixture() })).targets;
    const shown = (slos: { expr: string; preset?: string }[] = []) =>
      slos.map(({ expr, preset }) => (preset === undefined ? expr : `${preset}: ${expr}`));
    const shared = [
      'rag: ttft.p99 <= 300ms',
      'rag: itl.p99 <= 100ms',
      'rag: e2e.p99 <= 3s',
      'our-chat: ttft.p99 <= 250ms',
      'error_rate <= 1%',
    ];
    assert.deepEqual(shown(target?.stages[0]?.slos), [...shared, 'e2e.p99 <= 3s']);
    assert.deepEqual(shown(target?.stages[1]?.slos), shared);
    assert.deepEqual(shown(target?.caseSlos), ['our-chat: quality.pass_rate >= 95%', 'quality.score >= 0.5']);
    assert.deepEqual(
      target?.caseSlos.map(({ pointer, severity, name, limit, unit, stat }) => [
        pointer,
        severity,
        name,
        limit,
        unit,
        stat,
      ]),
      [
        ['/slo/1', 'warning', undefined, 0.95, 'ratio', null],
        ['/slo/3', 'info', 'Good', 0.5, 'ratio', null],
      ],
    );
  });

  it('go to the cases where there is no load', async () => {
    const [target] = (await planned(`prompt: hi\n${CASES}slo: rag\n`)).targets;
    assert.deepEqual(
      target?.caseSlos.map(({ expr, pointer }) => [expr, pointer]),
      [
        ['ttft.p99 <= 300ms', '/slo'],
        ['itl.p99 <= 100ms', '/slo'],
        ['e2e.p99 <= 3s', '/slo'],
      ],
    );
  });

  it('of the load are not judged on the cases when only those run', async () => {
    const options = { workspace: workspaceFixture() };
    const [cases] = (await planned(text, { ...options, select: { what: 'cases' } })).targets;
    assert.deepEqual(
      cases?.caseSlos.map(({ metric }) => metric),
      ['quality.pass_rate', 'quality.score'],
    );
    assert.deepEqual(cases?.stages, []);
    const [load] = (await planned(text, { ...options, select: { what: 'load' } })).targets;
    assert.deepEqual([load?.cases, load?.caseSlos], [[], []]);
    assert.equal(load?.stages[0]?.requestPool.length, 1);
  });

  it('of quality belong to a stage that sends the cases', async () => {
    const source = `prompt: hi\n${CASES}load: { pattern: sync, requests: 1, slo: [ttft <= 1s, quality.pass_rate >= 95%] }\n`;
    const [target] = (await planned(source)).targets;
    assert.deepEqual(
      target?.stages[0]?.slos.map(({ metric }) => metric),
      ['ttft', 'quality.pass_rate'],
    );
  });

  it('of quality do not belong to a stage of made-up prompts', async () => {
    const source = `prompt: hi\n${CASES}load: { pattern: sync, requests: 1, input_tokens: { mean: 9 }, slo: [ttft <= 1s, quality.pass_rate >= 95%] }\n`;
    const { diagnostics } = await plan(source);
    assert.deepEqual(
      diagnostics.map(({ code, range }) => [code, slice(source, range)]),
      [['misplaced-slo', 'quality.pass_rate >= 95%']],
    );
  });

  it('name presets that exist', async () => {
    const source = `prompt: hi\n${CASES}slo: [our-chta]\n`;
    const { plan: result, diagnostics } = await plan(source, { workspace: workspaceFixture() });
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code, range, suggestions }) => [
        code,
        slice(source, range),
        suggestions[0]?.edits[0]?.newText,
      ]),
      [['unknown-preset', 'our-chta', 'our-chat']],
    );
    assert.ok((await plan(`prompt: hi\n${CASES}slo: [our-chat]\n`, { workspace: workspaceFixture() })).plan !== null);
  });
});

describe('a selection', () => {
  const text = `prompt: "hi {{ q }}"
tags: [nightly]
endpoints: [sim, { name: other, api: sim }]
vars: { q: 1 }
cases: [{ name: a, tags: [smoke] }, { vars: { q: 2 } }, { name: c, assert: [{ nope: x }] }]
load:
  - { name: one, pattern: sync, requests: 1 }
  - { name: two, pattern: constant, rate: [1/s, 2/s], duration: 5s }
  - { name: far, pattern: sweep, auto: true }
`;
  const shape = async (select: object) => {
    const { targets } = await planned(text, { select: { endpoints: ['sim'], ...select } });
    return [targets[0]?.cases.map(({ id }) => id), targets[0]?.stages.map(({ name }) => name)];
  };

  it('of cases, by id, name or pointer, leaves the load out', async () => {
    assert.deepEqual(await shape({ cases: ['a'] }), [['a'], []]);
    assert.deepEqual(await shape({ cases: ['q: 2'] }), [['q: 2'], []]);
    assert.deepEqual(await shape({ cases: ['/cases/1', 'a'] }), [['a', 'q: 2'], []]);
  });

  it('of stages, sub-stages too, leaves the cases out', async () => {
    assert.deepEqual(await shape({ stages: ['one'] }), [[], ['one']]);
    assert.deepEqual(await shape({ stages: ['two'] }), [[], ['two 1/s', 'two 2/s']]);
    assert.deepEqual(await shape({ stages: ['two 2/s'] }), [[], ['two 2/s']]);
    assert.deepEqual(await shape({ stages: ['/load/0'], cases: ['a'] }), [['a'], ['one']]);
  });

  it('by tag takes matching cases, or the whole of a file whose tag matches', async () => {
    assert.deepEqual(await shape({ tags: ['smoke'], what: 'all' }), [['a'], []]);
    assert.deepEqual(await shape({ tags: ['nightly'], cases: ['a'] }), [['a'], []]);
    const whole = await plan(text, { select: { tags: ['nightly'] } });
    assert.equal(whole.plan, null, 'the whole file holds what cannot run');
  });

  it('is not held up by what it leaves out, and is by what it holds', async () => {
    assert.equal((await plan(text)).plan, null);
    assert.equal((await plan(text, { select: { cases: ['c'] } })).plan, null);
    assert.equal((await plan(text, { select: { stages: ['far'] } })).plan, null);
    assert.equal((await plan(text, { select: { what: 'load' } })).plan, null);
    const broken = 'prompt: "{{ q }}"\ncases: [{ name: a, vars: { q: 1 } }, { name: b, assert: [{ regex: "(" }] }]\n';
    assert.equal((await plan(broken)).plan, null);
    assert.equal((await plan(broken, { select: { cases: ['a'] } })).plan?.targets[0]?.cases.length, 1);
  });

  it('that matches nothing is no error of the file', async () => {
    for (const select of [
      { cases: ['nope'] },
      { stages: ['nope'] },
      { endpoints: ['nope'], cases: ['a'] },
      { tags: ['nope'] },
    ]) {
      const { plan: result, diagnostics } = await plan(`prompt: hi\n${CASES}`, { select });
      assert.equal(result, null);
      assert.deepEqual(
        diagnostics.map(({ code, severity }) => [code, severity]),
        [['nothing-selected', 'info']],
      );
    }
  });
});

describe('what cannot be planned', () => {
  it('says so once, and all at once', async () => {
    const text = `prompts: [file://gone.md, { name: b, prompt: "{{ x }}" }]
endpoints: [nope, sim]
slo: [our-chta]
cases: [{ name: a, assert: [{ is-json: file://gone.json }] }]
load: { pattern: sync, requests: 1, input_tokens: { mean: 9 }, slo: [quality.score >= 0.5] }
`;
    const { plan: result, diagnostics, document } = await plan(text);
    assert.equal(result, null);
    assert.deepEqual([...new Set(diagnostics.map(({ code }) => code))].sort(), [
      'misplaced-slo',
      'missing-file',
      'unknown-endpoint',
      'unknown-preset',
    ]);
    assert.ok(document.diagnostics.some(({ code }) => code === 'undefined-variable'));
    assert.ok(!diagnostics.some(({ code }) => code === 'undefined-variable'), 'the parser has said that already');
  });

  it('repeats nothing that the parser said with the same knowledge', async () => {
    const { parseEvalFile } = await import('../../../src/core/spec/parse');
    const { buildPlan } = await import('../../../src/core/engine/plan');
    const document = parseEvalFile(
      `prompt: hi {{ x }}\nendpoints: [nope]\nslo: [our-chta]\n${CASES}`,
      '/w/x.eval.yaml',
      {},
    );
    const { plan: result, diagnostics } = await buildPlan({
      document,
      runsDir: '/r',
      now: new Date(0),
      readFile: () => Promise.reject(new Error('no')),
    });
    assert.equal(result, null);
    assert.deepEqual(diagnostics, []);
    assert.deepEqual(document.diagnostics.map(({ code }) => code).sort(), [
      'undefined-variable',
      'unknown-endpoint',
      'unknown-preset',
    ]);
  });

  it('is an error where there is nothing to run', async () => {
    const codesOf = async (text: string, select = {}) =>
      (await plan(text, { select })).diagnostics.map(({ code, severity }) => [code, severity]);
    assert.deepEqual(await codesOf('prompt: hi\n'), [['nothing-to-run', 'error']]);
    assert.deepEqual(await codesOf(`prompt: hi\n${CASES}`, { what: 'load' }), [['nothing-to-run', 'error']]);
    assert.deepEqual(await codesOf('prompt: hi\nload: { pattern: sync, requests: 1 }\n', { what: 'cases' }), [
      ['nothing-to-run', 'error'],
    ]);
  });

  it('is what files share', async () => {
    const { plan: result, diagnostics } = await plan('endpoints: []\n', { path: '/w/promptrig.yaml' });
    assert.equal(result, null);
    assert.deepEqual(
      diagnostics.map(({ code }) => code),
      ['not-runnable'],
    );
    assert.deepEqual((await plan('')).diagnostics, []);
  });
});
