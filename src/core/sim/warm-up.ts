import { Agent, request } from 'node:http';
import { resolveSimConfig, type ResolvedSimConfig } from './config';

/** Fast enough to run every path hot within a fraction of a second. */
export const WARM_UP_CONFIG: ResolvedSimConfig = resolveSimConfig({
  ttftMs: 1,
  ttftPerInputTokenMs: 0,
  itlMs: 0.5,
  maxRunning: 16,
});

const ROUNDS = 3;
const STREAMS = 16;
const TOKENS = 80;

function once(url: string, apiKey: string | undefined, agent: Agent, body: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const json = JSON.stringify(body);
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(json),
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    };
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('error', reject);
      response.once('end', () => {
        if (response.statusCode === 200) resolve();
        else reject(new Error(`The simulator answered its own request with ${response.statusCode}.`));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(json);
  });
}

/**
 * Sends requests to the server at `url` (with `/v1`) until its code has been compiled: the first requests of a fresh process are
 * slower by milliseconds, which would be taken for the latency of whatever is measured first.
 */
export async function warmUp(url: string, apiKey: string | undefined): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: STREAMS });
  const chat = { model: 'warm-up', max_tokens: TOKENS, messages: [{ role: 'user', content: 'Grüße aus 東京 🙂' }] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const streams = Array.from({ length: STREAMS }, () =>
        once(`${url}/chat/completions`, apiKey, agent, {
          ...chat,
          stream: true,
          stream_options: { include_usage: round % 2 === 0 },
        }),
      );
      await Promise.all([...streams, once(`${url}/chat/completions`, apiKey, agent, { ...chat, max_tokens: 2 })]);
    }
  } finally {
    agent.destroy();
  }
}
