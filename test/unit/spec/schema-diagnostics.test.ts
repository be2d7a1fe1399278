import assert from 'node:assert/strict';
import { applySuggestion, CASES, codes, expectAt, parse } from './marked';

describe('keys and types', () => {
  it('warns of an unknown key and offers the one that was meant', () => {
    const { diagnostic, text, document } = expectAt(
      `«promt»: hi\nmessages: [{ role: user, content: x }]\n${CASES}`,
      'unknown-key',
      { only: true },
    );
    assert.equal(diagnostic.severity, 'warning');
    assert.match(diagnostic.message, /Did you mean "prompt"/);
    assert.ok(applySuggestion(text, diagnostic, /prompt/).startsWith('prompt: hi'));
    assert.ok(document.spec !== null, 'the rest of the file stays usable');
  });

  it('finds unknown keys at every level', () => {
    const at: [string, string][] = [
      ['prompt: hi\ncases:\n  - «vas»: { a: 1 }\n', 'vars'],
      [`prompt: hi\nendpoints: [{ name: a, api: sim, «modle»: x }]\n${CASES}`, 'model'],
      [`prompt: hi\nendpoints: [{ name: a, api: sim, sim: { «max-running»: 3 } }]\n${CASES}`, 'max_running'],
      [`prompt: hi\nload: { pattern: sync, requests: 3, «warm_up»: 1s }\n${CASES}`, 'warmup'],
      [`prompt: hi\nendpoints: [{ name: a, api: sim, timeout: { «firstToken»: 3s } }]\n${CASES}`, 'first_token'],
      ['prompt: hi\ncases: [{ name: a, assert: [{ type: contains, value: x, «treshold»: 1 }] }]\n', 'threshold'],
    ];
    for (const [source, meant] of at) {
      const { diagnostic } = expectAt(source, 'unknown-key', { only: true });
      assert.equal(diagnostic.suggestions[0]?.edits[0]?.newText, meant, source);
    }
  });

  it('does not suggest a key that is already there', () => {
    const { diagnostic } = expectAt(`prompt: hi\n«promt»: ho\n${CASES}`, 'unknown-key');
    assert.ok(diagnostic.suggestions.every(({ title }) => !title.includes('"prompt"')));
  });

  it('leaves x- keys to anchors', () => {
    assert.deepEqual(parse(`x-base: &b { repeat: 2 }\nprompt: hi\ncases: [{ name: a, <<: *b }]\n`).diagnostics, []);
  });

  it('reports a wrong type at its line and column, with the fix', () => {
    const at: [string, RegExp, RegExp?][] = [
      [`prompt: hi\nrepeat: «"3"»\n${CASES}`, /"repeat" must be a whole number, not the text "3"/, /Change to "3"/],
      [`prompt: hi\nrepeat: «2.5»\n${CASES}`, /"repeat" must be a whole number/],
      [`prompt: «42»\n${CASES}`, /"prompt" must be a text, not the number 42/, /Change to "42"/],
      ['prompt: hi\ncases: «{ name: a }»\n', /"cases" must be a list, not a map/],
      [`prompt: hi\ntags: «chat»\n${CASES}`, /"tags" must be a list/, /Change to/],
      [`prompt: hi\nvars: «[a]»\n${CASES}`, /"vars" must be a map, not a list/],
      ['prompt: hi\ncases: [«just text»]\n', /Item 1 of "cases" must be a map/],
      [`prompt: hi\nload: { pattern: poisson, rate: «8», duration: 5s }\n${CASES}`, /a rate such as 8\/s/, /8\/s/],
      [`prompt: hi\nload: { pattern: sync, requests: 3, duration: «60» }\n${CASES}`, /a duration such as/, /60s/],
      [`prompt: hi\ninterleave: «"no"»\n${CASES}`, /true or false/, /false/],
    ];
    for (const [source, message, fix] of at) {
      const { diagnostic, text } = expectAt(source, 'wrong-type');
      assert.equal(diagnostic.severity, 'error');
      assert.match(diagnostic.message, message);
      if (fix !== undefined)
        assert.ok(!codes(parse(applySuggestion(text, diagnostic, fix))).includes('wrong-type'), source);
    }
  });

  it('checks numbers against their bounds', () => {
    expectAt(`prompt: hi\nrepeat: «0»\n${CASES}`, 'out-of-range', { only: true });
    expectAt(`prompt: hi\nendpoints: [{ name: a, api: sim, sim: { jitter: «-1» } }]\n${CASES}`, 'out-of-range', {
      only: true,
    });
    expectAt(`prompt: hi\nconcurrency: «.inf»\n${CASES}`, 'wrong-type');
  });

  it('checks durations, rates and amounts, and proposes the right spelling', () => {
    const at: [string, string][] = [
      [`prompt: hi\nload: { pattern: sync, duration: «10 sec» }\n${CASES}`, '10s'],
      [`prompt: hi\nload: { pattern: sync, duration: «500 millis» }\n${CASES}`, '500ms'],
      [`prompt: hi\nload: { pattern: poisson, rate: «8 rps», duration: 5s }\n${CASES}`, '8/s'],
      [`prompt: hi\nendpoints: [{ name: a, api: sim, timeout: { total: «2 minutes» } }]\n${CASES}`, '2m'],
    ];
    for (const [source, fixed] of at) {
      const { diagnostic, text } = expectAt(source, 'bad-unit', { only: true });
      assert.equal(diagnostic.suggestions[0]?.edits[0]?.newText, fixed);
      assert.deepEqual(codes(parse(applySuggestion(text, diagnostic, new RegExp(fixed)))), []);
    }
  });

  it('names the words of an enum', () => {
    const { diagnostic } = expectAt(
      `prompt: hi\nload: { pattern: «poison», rate: 1/s, duration: 1s }\n${CASES}`,
      'unknown-value',
      { only: true },
    );
    assert.match(diagnostic.message, /Did you mean "poisson"/);
    const { diagnostic: api } = expectAt(
      `prompt: hi\nendpoints: [{ name: a, api: «openai», url: "http://x", model: m }]\n${CASES}`,
      'unknown-value',
      { only: true },
    );
    assert.equal(api.suggestions[0]?.edits[0]?.newText, 'openai-chat');
    expectAt(`prompt: hi\nmessages: [{ role: «usr», content: x }]\n${CASES}`, 'unknown-value');
  });

  it('treats a key without a value as absent, and says so', () => {
    const { diagnostic } = expectAt(`prompt: hi\n«slo»:\n${CASES}`, 'empty-value', { only: true });
    assert.equal(diagnostic.severity, 'warning');
  });

  it('marks what is missing where it is missing', () => {
    expectAt(`prompt: hi\nload:\n  - «name: x»\n    duration: 5s\n${CASES}`, 'missing-key');
    expectAt(`prompt: hi\nendpoints: [«{ api: sim }»]\n${CASES}`, 'missing-key');
  });
});

describe('what belongs together', () => {
  it('wants exactly one of prompt, messages and prompts', () => {
    expectAt(`prompt: hi\n«messages»: [{ role: user, content: x }]\n${CASES}`, 'several-prompts', { only: true });
    expectAt(`«name: x»\n${CASES}`, 'missing-prompt', { only: true });
    expectAt(
      `prompts: [{ name: a, prompt: x, «messages»: [{ role: user, content: x }] }]\n${CASES}`,
      'several-prompts',
      { only: true },
    );
    expectAt(`prompts: [«{ name: a }»]\n${CASES}`, 'missing-prompt', { only: true });
    expectAt(`prompts: [«Greet me»]\n${CASES}`, 'unnamed-variant', { only: true });
    assert.deepEqual(parse(`prompts: [file://a.txt, { name: b, prompt: x }]\n${CASES}`).diagnostics, []);
  });

  it('wants different names', () => {
    expectAt('prompt: hi\ncases: [{ name: a }, { name: «a» }]\n', 'duplicate-name', { only: true });
    expectAt(
      `prompt: hi\nload:\n  - { name: s, pattern: sync, requests: 1 }\n  - { name: «s», pattern: sync, requests: 1 }\n${CASES}`,
      'duplicate-name',
      { only: true },
    );
    expectAt(`prompt: hi\nendpoints: [{ name: a, api: sim }, «a»]\n${CASES}`, 'duplicate-name', { only: true });
    expectAt(`prompts: [{ name: a, prompt: x }, { name: «a», prompt: y }]\n${CASES}`, 'duplicate-name', { only: true });
    expectAt(`prompt: hi\nload: { name: «cases», pattern: sync, requests: 1 }\n${CASES}`, 'reserved-name', {
      only: true,
    });
  });

  it('says when there is nothing to run', () => {
    const { diagnostic } = expectAt('«prompt: hi»\n', 'nothing-to-run', { only: true });
    assert.equal(diagnostic.severity, 'warning');
  });

  it('checks the keys that each load pattern needs', () => {
    expectAt(`prompt: hi\nload: { pattern: «poisson», duration: 5s }\n${CASES}`, 'missing-key', { only: true });
    expectAt(`prompt: hi\nload: { pattern: «concurrent», duration: 5s }\n${CASES}`, 'missing-key', { only: true });
    expectAt(`prompt: hi\nload: { pattern: «sync» }\n${CASES}`, 'missing-key', { only: true });
    expectAt(`prompt: hi\nload: { pattern: sync, «rate»: 3/s, requests: 1 }\n${CASES}`, 'unused-key', { only: true });
    expectAt(`prompt: hi\nload: { pattern: constant, rate: «0/s», duration: 5s }\n${CASES}`, 'out-of-range', {
      only: true,
    });
    expectAt(
      `prompt: hi\nload: { pattern: constant, rate: [1/s, «1000000000/s»], duration: 5s }\n${CASES}`,
      'out-of-range',
      { only: true },
    );
    expectAt(`prompt: hi\nload: { pattern: constant, rate: «[]», duration: 5s }\n${CASES}`, 'empty-list', {
      only: true,
    });
    expectAt(
      `prompt: hi\nload: { pattern: sync, duration: 5s, warmup: «3s», cooldown: 2s }\n${CASES}`,
      'nothing-measured',
      { only: true },
    );
  });
});

describe('assertions', () => {
  const inCase = (assertion: string) => `prompt: hi\ncases: [{ name: a, assert: [${assertion}] }]\n`;

  it('knows every type, with and without not-', () => {
    assert.deepEqual(
      parse(
        inCase(
          '{ contains: a }, { not-icontains: b }, { type: not-regex, value: x }, { is-json: }, { ttft: 300ms }, { latency: 3000 }, { equals: "" }',
        ),
      ).diagnostics,
      [],
    );
    const { diagnostic } = expectAt(inCase('{ «contain»: a }'), 'unknown-assertion', { only: true });
    assert.equal(diagnostic.suggestions[0]?.edits[0]?.newText, 'contains');
    expectAt(inCase('{ type: «not-equal», value: a }'), 'unknown-assertion', { only: true });
  });

  it('checks the value that a type needs', () => {
    expectAt(inCase('{ «contains»: }'), 'missing-value', { only: true });
    expectAt(inCase('{ type: «contains» }'), 'missing-value', { only: true });
    expectAt(inCase('{ contains: «[a]» }'), 'wrong-type', { only: true });
    expectAt(inCase('{ regex: «"("» }'), 'bad-regex', { only: true });
    expectAt(inCase('{ is-json: «3» }'), 'wrong-type', { only: true });
    expectAt(inCase('{ ttft: «300 msec» }'), 'bad-unit', { only: true });
    expectAt(inCase('{ type: ttft, threshold: «fast» }'), 'bad-unit', { only: true });
    expectAt(inCase('{ type: contains, value: a, severity: «eror» }'), 'unknown-value', { only: true });
    assert.match(expectAt(inCase('{ regex: «"(?i)abc"» }'), 'bad-regex').diagnostic.message, /inline flags/);
    assert.deepEqual(parse(inCase('{ type: ttft, threshold: 300 }')).diagnostics, []);
  });

  it('tells the short form from two assertions in one item, and spells it out', () => {
    expectAt(inCase('{ contains: a, «icontains»: b }'), 'assertion-form', { only: true });
    const flow = expectAt(inCase('{ latency: 3000, «severity»: warning }'), 'assertion-form', { only: true });
    assert.deepEqual(parse(applySuggestion(flow.text, flow.diagnostic, /type/)).diagnostics, []);
    const block = expectAt(
      'prompt: hi\ncases:\n  - name: a\n    assert:\n      - latency: 3000\n        «severity»: warning\n',
      'assertion-form',
      { only: true },
    );
    assert.deepEqual(parse(applySuggestion(block.text, block.diagnostic, /type/)).diagnostics, []);
    expectAt(inCase('«contains»'), 'wrong-type', { only: true });
  });
});

describe('secrets', () => {
  it('refuses a literal key and offers the name of a variable', () => {
    const { diagnostic, text, document } = expectAt(
      `prompt: hi\nendpoints:\n  - name: vllm-fp8\n    url: http://127.0.0.1:8000/v1\n    model: m\n    apiKey: «sk-very-secret»\n${CASES}`,
      'literal-secret',
      { only: true },
    );
    assert.equal(diagnostic.severity, 'error');
    assert.ok(!JSON.stringify(document.diagnostics).includes('very-secret'), 'the secret is not repeated');
    assert.ok(!JSON.stringify(document.spec).includes('very-secret'));
    const fixed = applySuggestion(text, diagnostic, /environment variable/);
    assert.match(fixed, /apiKeyEnv: VLLM_FP8_API_KEY\n/);
    assert.deepEqual(parse(fixed).diagnostics, []);
  });

  it('refuses secrets in headers and addresses', () => {
    const endpoint = (rest: string) => `prompt: hi\nendpoints: [{ name: a, model: m, ${rest} }]\n${CASES}`;
    expectAt(endpoint('url: "http://x", headers: { Authorization: «Bearer abc» }'), 'literal-secret', { only: true });
    expectAt(endpoint('url: "http://x", headers: { x-api-key: «abc» }'), 'literal-secret', { only: true });
    expectAt(endpoint('url: "http://x", headers: { x-other: «sk-abcdef» }'), 'literal-secret', { only: true });
    expectAt(endpoint('url: «"http://user:pass@host/v1"»'), 'literal-secret', { only: true });
    expectAt(endpoint('url: «localhost:8000/v1»'), 'bad-url', { only: true });
    expectAt(endpoint('url: «ftp://x»'), 'bad-url', { only: true });
    assert.deepEqual(parse(endpoint('url: "http://x", headers: { x-team: search }')).diagnostics, []);
  });

  it('wants an address and a model where a request goes out', () => {
    expectAt(`prompt: hi\nendpoints: [{ name: «a», api: openai-chat, model: m }]\n${CASES}`, 'missing-key', {
      only: true,
    });
    expectAt(`prompt: hi\nendpoints: [{ name: «a», url: "http://x" }]\n${CASES}`, 'missing-key', { only: true });
    assert.deepEqual(parse(`prompt: hi\nendpoints: [{ name: a, sim: { ttft: 5ms } }]\n${CASES}`).diagnostics, []);
    expectAt(`prompt: hi\nendpoints: [{ name: a, sim: { answer: «script» } }]\n${CASES}`, 'missing-key', {
      only: true,
    });
    expectAt(`prompt: hi\nendpoints: [{ name: a, sim: { answer: echo, «template»: x } }]\n${CASES}`, 'unused-key', {
      only: true,
    });
    // Both are what the simulator answers with where nothing else is said, and a template where no script matches.
    for (const sim of [
      'template: x',
      'script: [{ match: a, answer: b }]',
      'answer: script, script: [{ match: a, answer: b }], template: x',
    ])
      assert.deepEqual(parse(`prompt: hi\nendpoints: [{ name: a, sim: { ${sim} } }]\n${CASES}`).diagnostics, []);
  });
});

describe('service level objectives', () => {
  const slo = (text: string) => `prompt: hi\nslo: [${text}]\n${CASES}`;

  it('marks what is wrong inside the text', () => {
    const unit = expectAt(slo('"ttft.p99 <= «20»"'), 'bad-slo', { only: true });
    assert.deepEqual(codes(parse(applySuggestion(unit.text, unit.diagnostic, /20ms/))), []);
    const metric = expectAt(slo('"«ttfb.p99» <= 200ms"'), 'bad-slo', { only: true });
    assert.deepEqual(codes(parse(applySuggestion(metric.text, metric.diagnostic, /ttft/))), []);
    expectAt(slo('{ expr: "itl.«p9x» < 5ms", severity: warning }'), 'bad-slo', { only: true });
    expectAt(`prompt: hi\nload: { pattern: sync, requests: 1, slo: "ttft.p99 «=<» 1s" }\n${CASES}`, 'bad-slo', {
      only: true,
    });
    expectAt(`prompt: hi\nslo: >\n  ttft.p99\n  <= «fast»\n${CASES}`, 'bad-slo', { only: true });
  });

  it('tells an unknown preset from an expression', () => {
    const { diagnostic } = expectAt(slo('«ecommerce-chatbt»'), 'unknown-preset', { only: true, context: {} });
    assert.equal(diagnostic.severity, 'error');
    assert.equal(diagnostic.suggestions[0]?.edits[0]?.newText, 'ecommerce-chatbot');
    assert.equal(
      expectAt(slo('«our-chat»'), 'unknown-preset').diagnostic.severity,
      'warning',
      'may be of the workspace file',
    );
    assert.deepEqual(parse(slo('rag, "ttft <= 1s", "quality.pass_rate >= 95%"')).diagnostics, []);
  });
});
