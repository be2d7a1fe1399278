import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parse } from 'yaml';
import { requestToEval } from '../../../src/core/language/convert/request-to-eval';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { renderText } from '../../../src/core/spec/template';
import { EVAL_PATH } from './notation';

interface Made {
  name: string;
  endpoints: { name: string; api?: string; url?: string; model: string; apiKeyEnv?: string; headers?: object }[];
  prompt?: string;
  messages?: { role: string; content: string }[];
  params?: Record<string, unknown>;
  cases: { name: string; vars?: Record<string, string>; assert: Record<string, unknown>[] }[];
}

/** The data of the file that is made; it must be a file that the parser has nothing against. */
function made(pasted: string): Made {
  const result = requestToEval(pasted);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  const document = parseEvalFile(result.text, EVAL_PATH);
  const problems = document.diagnostics.filter(({ code }) => code !== 'not-supported-yet');
  assert.deepEqual(
    problems.map(({ message }) => message),
    [],
    result.text,
  );
  return parse(result.text) as Made;
}

function notes(pasted: string): string {
  const result = requestToEval(pasted);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.notes.join('\n');
}

function refusal(pasted: string): string {
  const result = requestToEval(pasted);
  assert.ok(!result.ok, 'it was read');
  return result.reason;
}

const BODY = '{"model":"m","messages":[{"role":"user","content":"Hello"}],"temperature":0.5,"stream":true}';

describe('a curl command as an eval', () => {
  it('becomes endpoint, messages and parameters', () => {
    const file = made(`curl https://api.openai.com/v1/chat/completions \\
      -H "Content-Type: application/json" \\
      -H "Authorization: Bearer $OPENAI_API_KEY" \\
      -d '{"model": "gpt-4o-mini", "temperature": 0.7, "stream": true, "stream_options": {"include_usage": true},
           "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "It'\\''s\\nme"}]}'`);
    assert.deepEqual(file.endpoints, [
      { name: 'openai', url: 'https://api.openai.com/v1', model: 'gpt-4o-mini', apiKeyEnv: 'OPENAI_API_KEY' },
    ]);
    assert.deepEqual(file.messages, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: "It's\nme" },
    ]);
    assert.deepEqual(file.params, { temperature: 0.7 });
    assert.equal(file.cases.length, 1);
  });

  it('is read in every spelling that tools copy it in', () => {
    for (const command of [
      `curl -X POST 'http://x/v1/chat/completions' --data-raw '${BODY}'`,
      `curl --request POST --url http://x/v1/chat/completions --header 'content-type: application/json' --data '${BODY}'`,
      `$ curl --location "http://x/v1/chat/completions" -d "${BODY.replaceAll('"', '\\"')}" | jq .`,
      `curl http://x/v1/chat/completions --json '${BODY}' && echo done`,
      `curl 'http://x/v1/chat/completions' \\\r\n  -H 'accept: */*' \\\r\n  --data-raw $'${BODY.replace('Hello', '\\u0048ello')}' \\\r\n  --compressed`,
      `curl.exe ^"http://x/v1/chat/completions^" -d "${BODY.replaceAll('"', '\\"')}"`.replaceAll('^"', '"'),
      `curl -sS -N -o out.json --max-time 30 -d'${BODY}' x/v1/chat/completions`,
      `Run this:\n\ncurl -d '${BODY}' http://x/v1/chat/completions\n\nand look.`,
      '```bash\n' + `curl -d '${BODY}' http://x/v1/chat/completions\n` + '```\n',
    ]) {
      const file = made(command);
      assert.equal(file.prompt, 'Hello', command);
      assert.equal(file.endpoints[0]?.url, 'http://x/v1', command);
      assert.deepEqual(file.params, { temperature: 0.5 }, command);
    }
  });

  it('never hands on a key', () => {
    const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789';
    for (const command of [
      `curl https://api.openai.com/v1/chat/completions -H 'Authorization: Bearer ${secret}' -d '${BODY}'`,
      `curl https://api.anthropic.com/v1/messages -H 'x-api-key: ${secret}' -d '${BODY}'`,
      `curl 'https://generativelanguage.googleapis.com/v1beta/models/g:generateContent?key=${secret}' -d '{"contents":[{"parts":[{"text":"hi"}]}]}'`,
      `curl https://user:${secret}@host/v1/chat/completions -d '${BODY}'`,
      `curl https://host/v1/chat/completions -u me:${secret} -H 'x-team-token: ${secret}' -H 'Cookie: s=${secret}' -d '${BODY}'`,
      `client = OpenAI(api_key="${secret}")\nclient.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])`,
    ]) {
      const result = requestToEval(command);
      assert.ok(result.ok && !JSON.stringify(result).includes(secret), command);
    }
    assert.equal(
      made(`curl https://api.openai.com/v1/chat/completions -H 'Authorization: Bearer ${secret}' -d '${BODY}'`)
        .endpoints[0]?.apiKeyEnv,
      'OPENAI_API_KEY',
    );
    assert.equal(
      made(`curl https://llm.corp.example/v1/chat/completions -H 'api-key: ${secret}' -d '${BODY}'`).endpoints[0]
        ?.apiKeyEnv,
      'LLM_CORP_EXAMPLE_API_KEY',
    );
    assert.equal(
      made(`curl http://127.0.0.1:8000/v1/chat/completions -d '${BODY}'`).endpoints[0]?.apiKeyEnv,
      undefined,
    );
  });

  it('keeps headers that mean something, and says what it leaves out', () => {
    const command = `curl http://x/v1/chat/completions -k -x http://proxy:3128 -H 'x-team: search' -H 'Content-Type: application/json' -H 'x-secret: ${'a'.repeat(40)}' -d '${BODY}'`;
    assert.deepEqual(made(command).endpoints[0]?.headers, { 'x-team': 'search' });
    assert.match(notes(command), /x-secret/);
    assert.match(notes(command), /proxy/);
    assert.match(notes(command), /tls\.ca/);
  });

  it('says why it cannot be read', () => {
    assert.match(refusal('curl https://x/v1/models'), /no body/);
    assert.match(refusal('curl https://x -d @body.json'), /body\.json/);
    assert.match(refusal('curl https://x -d hello'), /not JSON/);
    assert.match(refusal(`curl -d '${BODY}'`), /no address/);
    assert.match(refusal('curl https://x -d \'{"a": 1}\''), /no request to a language model/);
    assert.match(refusal(''), /nothing to read/);
    assert.match(refusal('hello world'), /neither a curl command/);
    assert.match(refusal('{"messages": []}'), /no message/);
  });
});

describe('the APIs of a pasted request', () => {
  it('are told by address and body', () => {
    const cases: [string, string | undefined, Partial<Made['endpoints'][number]>, string | undefined][] = [
      [
        `curl https://api.openai.com/v1/responses -d '{"model":"m","instructions":"Be brief.","input":"Hi"}'`,
        'openai-responses',
        { url: 'https://api.openai.com/v1' },
        undefined,
      ],
      [
        `curl https://api.openai.com/v1/completions -d '{"model":"m","prompt":"Hi"}'`,
        'openai-completions',
        { url: 'https://api.openai.com/v1' },
        'Hi',
      ],
      [
        `curl https://api.anthropic.com/v1/messages -H 'anthropic-version: 2023-06-01' -d '{"model":"c","max_tokens":5,"system":[{"type":"text","text":"S"}],"messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}]}'`,
        'anthropic-messages',
        { url: 'https://api.anthropic.com/v1' },
        undefined,
      ],
      [
        `curl 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse' -H 'x-goog-api-key: $K' -d '{"systemInstruction":{"parts":[{"text":"S"}]},"contents":[{"role":"user","parts":[{"text":"Hi"}]},{"role":"model","parts":[{"text":"Yes"}]}],"generationConfig":{"temperature":0}}'`,
        'gemini',
        { url: 'https://generativelanguage.googleapis.com/v1beta', model: 'gemini-2.0-flash', apiKeyEnv: 'K' },
        undefined,
      ],
      [
        `curl http://localhost:11434/api/chat -d '{"model":"l","messages":[{"role":"user","content":"Hi"}],"options":{"num_ctx":10}}'`,
        'ollama',
        { url: 'http://localhost:11434', name: 'local' },
        'Hi',
      ],
      [`curl http://localhost:11434/api/generate -d '{"model":"l","prompt":"Hi"}'`, 'ollama', {}, 'Hi'],
      [`curl https://gateway.example/chat -d '${BODY}'`, undefined, { url: 'https://gateway.example/chat' }, 'Hello'],
    ];
    for (const [command, api, endpoint, prompt] of cases) {
      const file = made(command);
      assert.equal(file.endpoints[0]?.api, api, command);
      for (const [key, value] of Object.entries(endpoint))
        assert.equal((file.endpoints[0] as Record<string, unknown>)[key], value, command);
      assert.equal(file.prompt, prompt, command);
    }
  });

  it('keep their turns and parameters', () => {
    const gemini = made(
      '{"contents":[{"parts":[{"text":"a"},{"text":"b"}]},{"role":"model","parts":[{"text":"c"}]}],"generationConfig":{"topK":4}}',
    );
    assert.deepEqual(gemini.messages, [
      { role: 'user', content: 'a\nb' },
      { role: 'assistant', content: 'c' },
    ]);
    assert.deepEqual(gemini.params, { generationConfig: { topK: 4 } });
    const responses = made(
      '{"model":"m","instructions":"S","input":[{"role":"user","content":[{"type":"input_text","text":"a"}]}],"max_output_tokens":9}',
    );
    assert.deepEqual(responses.messages, [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'a' },
    ]);
  });

  it('of a bare body are guessed, and its address is left to fill in', () => {
    const result = requestToEval(BODY);
    assert.ok(result.ok);
    assert.match(result.text, /# The request names no address/);
    assert.equal(made(BODY).endpoints[0]?.url, 'http://127.0.0.1:8000/v1');
    assert.equal(result.fileName, 'm.eval.yaml');
  });

  it('leave pictures and calls of tools out, and say so', () => {
    const body = JSON.stringify({
      model: 'm',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is it?' },
            { type: 'image_url', image_url: { url: 'data:x' } },
          ],
        },
        { role: 'assistant', content: null, tool_calls: [{ id: 'a' }] },
      ],
    });
    assert.equal(made(body).prompt, 'What is it?');
    assert.match(notes(body), /Images.*left out/);
    assert.match(notes(body), /Calls of tools/);
  });

  it('ask of the answer what the request asks for', () => {
    const schema = { type: 'object', required: ['id'] };
    const ask = (more: object) =>
      made(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'a' }], ...more })).cases[0]?.assert;
    assert.deepEqual(ask({}), [{ 'not-is-refusal': null }]);
    assert.deepEqual(ask({ response_format: { type: 'json_object' } }), [{ 'is-json': null }]);
    assert.deepEqual(ask({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }), [
      { 'is-json': schema },
    ]);
    assert.deepEqual(ask({ tools: [], tool_choice: 'required' }), [{ 'is-valid-openai-tools-call': null }]);
  });

  it('keep braces as they are', () => {
    fc.assert(
      fc.property(
        fc
          .array(
            fc.constantFrom(
              '{{',
              '}}',
              '{%',
              '%}',
              '{#',
              '{',
              'raw',
              ' endraw ',
              'x',
              '\n',
              '"',
              "'",
              '\\',
              '# ',
              ': ',
            ),
            { minLength: 1, maxLength: 12 },
          )
          .map((parts) => `t${parts.join('')}t`),
        (content) => {
          const { prompt = '' } = made(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] }));
          const rendered = renderText(prompt, {});
          assert.ok(rendered.ok, prompt);
          assert.equal(rendered.text, content);
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('a call of an SDK as an eval', () => {
  it('in Python keeps what is constant and makes variables of what is not', () => {
    const file = made(`from openai import OpenAI
import os

MODEL = "gpt-4o"
SYSTEM = """You translate.
Be brief."""
text = 'Guten Tag'

client = OpenAI(
    base_url="http://localhost:8000/v1",
    api_key=os.environ["MY_KEY"],  # never here
)
prompt = f"Translate {text!r} to {lang['to']:>10} {{not this}}."
response = client.chat.completions.create(
    model=MODEL,
    messages=[
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": prompt},
        {"role": "user", "content": ("one "
                                     "two")},
    ],
    temperature=0.2, max_tokens=1_000, stop=["\\n", "END"], n=None, stream=True,
    extra_body={"top_k": 5}, timeout=20,
)
print(response.choices[0])`);
    assert.deepEqual(file.endpoints, [
      { name: 'local', url: 'http://localhost:8000/v1', model: 'gpt-4o', apiKeyEnv: 'MY_KEY' },
    ]);
    assert.deepEqual(file.messages, [
      { role: 'system', content: 'You translate.\nBe brief.' },
      { role: 'user', content: 'Translate {{ text }} to {{ lang_to }} {not this}.' },
      { role: 'user', content: 'one two' },
    ]);
    assert.deepEqual(file.params, { temperature: 0.2, max_tokens: 1000, stop: ['\n', 'END'], top_k: 5 });
    assert.deepEqual(file.cases[0]?.vars, { text: 'Guten Tag', lang_to: '' });
  });

  it('in JavaScript, too', () => {
    const file = made(`import OpenAI from 'openai';
const question = 'Why?';
const model = 'gpt-4o';
const openai = new OpenAI({ apiKey: process.env.OPENAI_KEY, baseURL: "https://openrouter.ai/api/v1" });
// ask
const completion = await openai.chat.completions.create({
  model, /* best */
  messages: [
    { role: "developer", content: 'It\\'s ' + "short" },
    { role: 'user', content: \`Answer \${question} for \${user.name ?? 'nobody'}\` },
  ],
  temperature: 0,
  response_format: { type: 'json_object' },
} as const);`);
    assert.deepEqual(file.endpoints[0], {
      name: 'openrouter',
      url: 'https://openrouter.ai/api/v1',
      model: 'gpt-4o',
      apiKeyEnv: 'OPENAI_KEY',
    });
    assert.equal(file.messages?.[0]?.content, "It's short");
    assert.match(file.messages?.[1]?.content ?? '', /^Answer \{\{ question \}\} for \{\{ user_name/);
    assert.equal(file.cases[0]?.vars?.question, 'Why?');
    assert.deepEqual(file.params, { temperature: 0, response_format: { type: 'json_object' } });
  });

  it('of other clients and forms', () => {
    const anthropic = made(`client = anthropic.Anthropic()
message = client.messages.create(model="claude", max_tokens=10, system="S", messages=[{"role": "user", "content": question}])`);
    assert.deepEqual(anthropic.endpoints[0], {
      name: 'anthropic-messages',
      api: 'anthropic-messages',
      model: 'claude',
      apiKeyEnv: 'ANTHROPIC_API_KEY',
    });
    assert.equal(anthropic.messages?.[1]?.content, '{{ question }}');
    const responses = made(
      `const r = await client.responses.create({ model: 'gpt-5', instructions: 'S', input: 'Hi' });`,
    );
    assert.equal(responses.endpoints[0]?.api, 'openai-responses');
    const gemini = made(
      `response = client.models.generate_content(model="gemini-2.0-flash", contents="Hi", config={"temperature": 0})`,
    );
    assert.deepEqual(
      [gemini.endpoints[0]?.api, gemini.prompt, gemini.params],
      ['gemini', 'Hi', { generationConfig: { temperature: 0 } }],
    );
    const bare = made(
      `completion = client.chat.completions.create(model="m", messages=[dict(role="user", content="Hi")])`,
    );
    assert.equal(bare.prompt, 'Hi');
    const kwargs = made(
      `params = {"temperature": 0}\nclient.chat.completions.create(model="m", messages=[{"role": "user", "content": "Hi"}], **params)`,
    );
    assert.deepEqual(kwargs.params, { temperature: 0 });
    const named = made(
      `messages = [{"role": "user", "content": "Hi"}]\nclient.chat.completions.create(model="m", messages=messages, temperature=t)`,
    );
    assert.equal(named.prompt, 'Hi');
    assert.equal(named.params, undefined);
  });

  it('survives any text', () => {
    const code = `client.chat.completions.create(model="m", messages=[{"role": "user", "content": f"Hi {x}"}], temperature=0)`;
    fc.assert(
      fc.property(
        fc.nat(code.length),
        fc.nat(20),
        fc.constantFrom('', '"', "'", '(', ')', '{', '}', '[', '\n', '\\', 'f"', '...'),
        (at, length, insert) => {
          const result = requestToEval(code.slice(0, at) + insert + code.slice(at + length));
          assert.ok(result.ok || result.reason.length > 0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
