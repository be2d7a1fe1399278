import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openaiChat } from '../../../src/core/endpoints/openai-chat';
import type { AnswerSink, WireTarget } from '../../../src/core/endpoints/wire';

const target: WireTarget = {
  url: 'http://127.0.0.1:8000/v1',
  model: 'm',
  headers: {},
  params: { temperature: 0, max_tokens: 5 },
  apiKey: undefined,
};

function headersOf(list: string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (let i = 0; i < list.length; i += 2) out[list[i] ?? ''] = list[i + 1] ?? '';
  return out;
}

function build(changes: Partial<WireTarget> = {}, stream = true) {
  const request = openaiChat.buildRequest({ ...target, ...changes }, [{ role: 'user', content: 'hä' }], { stream });
  return {
    ...request,
    headers: headersOf(request.headers),
    json: JSON.parse(request.body.toString()) as Record<string, unknown>,
  };
}

/** What a sink was told, one line each. */
class Log implements AnswerSink {
  lines: string[] = [];
  onContent(answer: string, reasoning: string, toolCall: boolean): void {
    this.lines.push(`content ${answer}|${reasoning}${toolCall ? '|tool' : ''}`);
  }
  onUsage(usage: object): void {
    this.lines.push(`usage ${Object.values(usage).join(',')}`);
  }
  onFinish(reason: string): void {
    this.lines.push(`finish ${reason}`);
  }
  onDone(): void {
    this.lines.push('done');
  }
  onFailure(failure: string, detail: string): void {
    this.lines.push(`failure ${failure}: ${detail}`);
  }
}

function decode(chunks: (string | Buffer)[], keepText = true) {
  const decoder = openaiChat.createDecoder({ keepText });
  const log = new Log();
  for (const chunk of chunks) decoder.push(Buffer.from(chunk), log);
  decoder.end(log, false);
  return { lines: log.lines, tools: decoder.toolCalls() };
}

const event = (delta: object, rest: object = {}) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null, ...rest }] })}\n\n`;

describe('openai-chat: requests', () => {
  it('asks for a stream with usage, and sends the parameters as they are', () => {
    const { path, method, json } = build({
      params: { temperature: 0.2, top_k: 4, response_format: { type: 'json_object' } },
    });
    assert.equal(method, 'POST');
    assert.equal(path, '/v1/chat/completions');
    assert.deepEqual(json, {
      model: 'm',
      messages: [{ role: 'user', content: 'hä' }],
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0.2,
      top_k: 4,
      response_format: { type: 'json_object' },
    });
  });

  it('lets the parameters of the file override its own', () => {
    assert.equal(build({ params: { stream_options: { include_usage: false } } }).json['model'], 'm');
    assert.deepEqual(build({ params: { stream_options: { include_usage: false } } }).json['stream_options'], {
      include_usage: false,
    });
  });

  it('asks for no stream when told so', () => {
    const { json } = build({}, false);
    assert.equal(json['stream'], false);
    assert.equal('stream_options' in json, false);
  });

  it('keeps the query and does not repeat the method in the path', () => {
    assert.equal(
      build({ url: 'https://x/openai/deployments/d?api-version=1' }).path,
      '/openai/deployments/d/chat/completions?api-version=1',
    );
    assert.equal(build({ url: 'http://x/v1/chat/completions' }).path, '/v1/chat/completions');
    assert.equal(build({ url: 'http://x' }).path, '/chat/completions');
  });

  it('sends the key as a bearer token unless the endpoint sets that header itself', () => {
    assert.equal(build({ apiKey: 'k' }).headers['authorization'], 'Bearer k');
    assert.equal(build().headers['authorization'], undefined);
    const own = build({ apiKey: 'k', headers: { Authorization: 'Basic z' } }).headers;
    assert.equal(own['Authorization'], 'Basic z');
    assert.equal(own['authorization'], undefined);
  });
});

describe('openai-chat: answers', () => {
  it('counts text as content, and role-only and empty events as nothing', () => {
    const { lines } = decode([
      event({ role: 'assistant', content: '' }),
      event({ role: 'assistant' }),
      event({ content: 'Hi' }),
      event({ content: null }),
      event({ content: ' there' }),
      event({}, { finish_reason: 'stop' }),
      'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1},"completion_tokens_details":{"reasoning_tokens":0}}}\n\n',
      'data: [DONE]\n\n',
    ]);
    assert.deepEqual(lines, ['content Hi|', 'content  there|', 'finish stop', 'usage 3,2,1,0', 'done']);
  });

  it('reads reasoning under both of its names', () => {
    assert.deepEqual(
      decode([event({ reasoning_content: 'a' }), event({ reasoning: 'b' }), event({ content: 'c' })]).lines,
      ['content |a', 'content |b', 'content c|'],
    );
  });

  it('counts the parts of a tool call, and puts them together', () => {
    const { lines, tools } = decode(
      [
        event({ tool_calls: [{ index: 0, id: 'c1', type: 'function', function: { name: 'f', arguments: '' } }] }),
        event({ tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] }),
        event({ tool_calls: [{ index: 0, function: { arguments: '' } }] }),
        event({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
        event({}, { finish_reason: 'tool_calls' }),
      ],
      true,
    );
    assert.deepEqual(lines, ['content ||tool', 'content ||tool', 'content ||tool', 'finish tool_calls']);
    assert.deepEqual(tools, [{ id: 'c1', name: 'f', arguments: '{"a":1}' }]);
  });

  it('survives a tool call with an absurd index', () => {
    const { tools } = decode([event({ tool_calls: [{ index: 4e9, function: { name: 'f' } }] })], true);
    assert.deepEqual(tools, []);
  });

  it('counts the tokens of every choice but takes the text of the first', () => {
    const second = `data: ${JSON.stringify({ choices: [{ index: 1, delta: { content: 'B' } }] })}\n\n`;
    assert.deepEqual(decode([event({ content: 'A' }), second]).lines, ['content A|', 'content ||tool']);
  });

  it('joins a character split over two chunks', () => {
    const bytes = Buffer.from(event({ content: '€' }));
    const at = bytes.indexOf(0xe2) + 1;
    assert.deepEqual(decode([bytes.subarray(0, at), bytes.subarray(at)]).lines, ['content €|']);
  });

  it('reports an error in the stream and nothing after it', () => {
    const { lines } = decode([
      event({ content: 'a' }),
      'data: {"error":{"message":"out of  memory","type":"server_error","code":500}}\n\n',
      event({ content: 'b' }),
    ]);
    assert.deepEqual(lines, ['content a|', 'failure server_error_event: out of memory (500)']);
  });

  it('knows the other forms of an error', () => {
    assert.deepEqual(decode(['data: {"object":"error","message":"bad"}\n\n']).lines, [
      'failure server_error_event: bad',
    ]);
    assert.deepEqual(decode(['event: error\ndata: {"message":"bad"}\n\n']).lines, ['failure server_error_event: bad']);
    assert.deepEqual(decode(['event: error\ndata: plain\n\n']).lines, ['failure server_error_event: plain']);
    assert.deepEqual(decode(['data: {"error":"bad"}\n\n']).lines, ['failure server_error_event: bad']);
  });

  it('reports an event that is not JSON', () => {
    const [line] = decode(['data: {"choices":\n\n']).lines;
    assert.match(line ?? '', /^failure malformed_event: /);
    assert.match(decode(['data: 42\n\n']).lines[0] ?? '', /^failure malformed_event: /);
  });

  it('does not take the half event of a cut stream for a malformed one, nor lose a last one without a blank line', () => {
    assert.deepEqual(decode([event({ content: 'a' }), 'data: {"choi']).lines, ['content a|']);
    assert.deepEqual(decode([event({ content: 'a' }), 'data: [DONE]']).lines, ['content a|', 'done']);
  });

  it('takes a whole JSON body as one event', () => {
    const body = JSON.stringify({
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi there' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    });
    assert.deepEqual(decode([body.slice(0, 10), body.slice(10)]).lines, [
      'content Hi there|',
      'usage 1,2,,',
      'finish stop',
      'done',
    ]);
  });

  it('reports a page and a broken body as not JSON', () => {
    assert.match(decode(['<html><body>Login</body></html>']).lines[0] ?? '', /^failure not_json: <html>/);
    assert.match(decode(['\n\n{"choices": [']).lines[0] ?? '', /^failure not_json: /);
  });

  it('bounds the size of an event', () => {
    const decoder = openaiChat.createDecoder({ keepText: true });
    const log = new Log();
    const megabyte = Buffer.alloc(1024 * 1024, 120);
    decoder.push(Buffer.from('data: '), log);
    for (let i = 0; i < 6; i++) decoder.push(megabyte, log);
    decoder.end(log, false);
    assert.equal(log.lines.length, 1);
    assert.match(log.lines[0] ?? '', /^failure response_too_large: /);
  });
});

describe('openai-chat: events that repeat', () => {
  /** As a server writes them; Python's escape what is not ASCII. */
  const write = (content: string, ascii: boolean, index: number, finish: string | null = null) => {
    const json = JSON.stringify({
      id: 'c',
      model: 'm',
      choices: [{ index, delta: { content }, finish_reason: finish }],
    });
    const escaped = json.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
    return `data: ${ascii ? escaped : json}\n\n`;
  };

  it('are read as any other, whatever their text', () => {
    const nasty = fc.constantFrom(
      '"',
      '\\',
      '\\"',
      '"},"finish_reason":"stop"}]}',
      '"content":"x"',
      '',
      '€',
      '\n',
      '\ud83d\ude00',
      '[DONE]',
    );
    const text = fc.oneof(nasty, fc.string({ unit: 'grapheme', maxLength: 8 }));
    const one = fc.tuple(text, fc.boolean(), fc.constantFrom(0, 0, 0, 0, 1), fc.constantFrom(null, null, null, 'stop'));
    fc.assert(
      fc.property(fc.array(one, { maxLength: 12 }), (all) => {
        const together = decode(
          all.map(([content, ascii, index, finish]) => write(content, ascii, index, finish)),
        ).lines;
        const alone = all.flatMap(
          ([content, ascii, index, finish]) => decode([write(content, ascii, index, finish)]).lines,
        );
        assert.deepEqual(together, alone);
      }),
      { numRuns: 150 },
    );
  });

  it('are read the same wherever the stream is cut, and whatever frames them', () => {
    const frame = fc.constantFrom(
      (event: string) => event,
      (event: string) => event.replace(/\n/g, '\r\n'),
      (event: string) => event.replace('data: ', 'data:'),
      (event: string) => `: ping\n${event}`,
      (event: string) => `event: message\n${event}`,
      (event: string) => event.replace('{', '{\ndata: '),
    );
    const one = fc.tuple(fc.constantFrom('a', ' b', '"', '\\', 'line\nline', ''), fc.oneof(frame, fc.constant(String)));
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 3, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (all, sizes) => {
          const events = all.map(([content, framed]) => framed(write(content, false, 0)));
          const whole = events.join('');
          const pieces: string[] = [];
          for (let at = 0; at < whole.length;) {
            const size = sizes[pieces.length % sizes.length] ?? 1;
            pieces.push(whole.slice(at, at + size));
            at += size;
          }
          const expected = all.flatMap(([content]) => decode([write(content, false, 0)]).lines);
          assert.deepEqual(decode(events).lines, expected);
          assert.deepEqual(decode(pieces).lines, expected);
          // A chunk that looks like an event of its own in the middle of another one is none.
          const inside = [...events, 'data: {"choices":\n', ...events];
          assert.deepEqual(decode(inside).lines, decode([inside.join('')]).lines);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are framed anew where a line end stands in the learnt one', () => {
    const twoLines = write('a', false, 0).replace('{', '{\ndata: ');
    const broken = write('a', false, 0).replace('{', '{\n');
    assert.deepEqual(decode([twoLines, broken]).lines, decode([twoLines + broken]).lines);
  });

  it('are reported where their text is not valid JSON', () => {
    const good = write('a', false, 0);
    const { lines } = decode([good, good, good.replace('"a"', '"a\\x"')]);
    assert.match(lines[2] ?? '', /^failure malformed_event/);
  });

  it('are looked at where they are of another type, such as an error', () => {
    const good = write('a', false, 0);
    const { lines } = decode([good, good, `event: error\n${good}`]);
    assert.match(lines[2] ?? '', /^failure server_error_event/);
  });

  it('are counted without their text where nobody keeps it', () => {
    const events = ['a', 'b', '\\', '"', '', 'c'].map((content) => write(content, false, 0));
    const { lines } = decode(events, false);
    assert.equal(lines.length, 5);
    assert.ok(
      lines.every((line) => /^content .+\|$/.test(line)),
      lines.join(),
    );
  });

  it('still show an error, a finish reason and an end among them', () => {
    const { lines } = decode([
      write('a', false, 0),
      write('b', false, 0),
      write('', false, 0, 'stop'),
      'data: [DONE]\n\n',
      'data: {"error":{"message":"late"}}\n\n',
    ]);
    assert.deepEqual(lines, ['content a|', 'content b|', 'finish stop', 'done', 'failure server_error_event: late']);
  });
});
