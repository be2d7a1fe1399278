/**
 * Answers every chat completion at once with the same short stream, for as little CPU as possible: where a million requests are to
 * be sent, the server must not be what takes the time. Its parent is told the port; it ends with its parent.
 */
import { createServer, type AddressInfo } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENTS = 3;

const server = createServer({ noDelay: true }, (socket) => {
  let received: Buffer = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
    for (;;) {
      const headEnd = received.indexOf(HEAD_END);
      if (headEnd === -1) return;
      const length = Number(/content-length: *(\d+)/i.exec(received.toString('latin1', 0, headEnd))?.[1] ?? 0);
      const end = headEnd + HEAD_END.length + length;
      if (received.length < end) return;
      received = received.subarray(end);
      socket.write(ANSWER);
    }
  });
  // A client that is killed resets its connections; there is nothing to do about it here.
  socket.on('error', () => socket.destroy());
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  process.send?.({ type: 'ready', port: (server.address() as AddressInfo).port });
});
process.on('disconnect', () => process.exit(0));

function frame(event: object | string): string {
  const text = `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`;
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function chunk(delta: object, finish: string | null): object {
  return {
    id: 'chatcmpl-canned',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'canned',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n' +
    Array.from({ length: CONTENTS }, (_, i) => frame(chunk({ content: ` token${i}` }, null))).join('') +
    frame(chunk({}, 'stop')) +
    frame({
      id: 'chatcmpl-canned',
      choices: [],
      usage: { prompt_tokens: 8, completion_tokens: CONTENTS, total_tokens: 8 + CONTENTS },
    }) +
    frame('[DONE]') +
    '0\r\n\r\n',
);
