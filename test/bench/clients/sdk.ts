/** The official `openai` package, used as its documentation shows: one call per request, a stamp per chunk. */
import { monotonicMs } from '../../../src/core/util/clock';
import type { ClientJob, ClientReport, ClientRequest } from './protocol';
import { drive } from './schedule';
import { serveJobs, watchUsage } from './serve';

/** As much of the package as is used here: it is installed for the bench alone, so its own types are not at hand. */
interface Sdk {
  chat: {
    completions: {
      create(body: object, options: { headers: Record<string, string> }): Promise<AsyncIterable<SdkChunk>>;
    };
  };
}
interface SdkChunk {
  choices: { delta?: { content?: string | null } }[];
}
type SdkConstructor = new (options: object) => Sdk;

/** Long enough for the pool to have a connection for each stream, and the code to be compiled. */
const WARM_UP_TOKENS = 10;
const WARM_UP_ROUNDS = 2;

async function run(job: ClientJob): Promise<ClientReport> {
  if (job.sdkEntry === undefined) throw new Error('The job does not say where the openai package is.');
  const { default: OpenAI } = (await import(job.sdkEntry)) as { default: SdkConstructor };
  const sdk = new OpenAI({ baseURL: job.url, apiKey: 'none', maxRetries: 0 });
  if (job.warmUp === true) await warmUp(sdk, job);
  const requests: ClientRequest[] = [];
  const usage = watchUsage();
  await drive(job.load, job.seed, async ({ index, scheduledMs, measured }) => {
    const id = `sdk-${index}`;
    const arrivals: number[] = [];
    const request: ClientRequest = {
      id,
      scheduledMs,
      sentMs: monotonicMs(),
      arrivalsMs: new Float64Array(),
      completed: false,
      measured,
    };
    requests.push(request);
    try {
      const stream = await sdk.chat.completions.create(body(undefined), { headers: { 'x-request-id': id } });
      for await (const chunk of stream) {
        const atMs = monotonicMs();
        if (chunk.choices[0]?.delta?.content) arrivals.push(atMs);
      }
      request.completed = true;
    } catch (error) {
      // Counted as not completed, which is what the bench asks for; the first one is worth seeing.
      if (requests.every((each) => each.completed || each === request)) process.stderr.write(`${String(error)}\n`);
    }
    request.arrivalsMs = Float64Array.from(arrivals);
  });
  return { requests, ...usage() };
}

async function warmUp(sdk: Sdk, { load }: ClientJob): Promise<void> {
  const streams = load.kind === 'burst' ? load.streams : Math.min(256, Math.ceil(load.rate));
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    await Promise.all(
      Array.from({ length: streams }, async () => {
        const headers = { 'x-sim-warmup': '1' };
        const stream = await sdk.chat.completions.create(body(WARM_UP_TOKENS), { headers });
        let chunks = 0;
        for await (const chunk of stream) chunks += chunk.choices.length;
        if (chunks === 0) throw new Error('The warm-up got no answer.');
      }),
    );
  }
}

function body(maxTokens: number | undefined): object {
  return {
    model: 'sim',
    messages: [{ role: 'user', content: 'Hello' }],
    stream: true,
    stream_options: { include_usage: true },
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  };
}

serveJobs(run);
