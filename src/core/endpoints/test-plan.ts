/** One tiny request as a run of its own: a test of an endpoint is measured by what measures everything else. */
import type { EndpointPlan, Json, RunPlan } from '../../protocol/plan';
import { wireApiOf } from './registry';

/** Enough for an answer, and for the thoughts before it of a model that cannot keep from thinking. */
const MAX_TOKENS = 64;
const PROMPT = 'Reply with the word ready.';
/** Tokens of `PROMPT` with what chat templates put around it: for the estimate of what a test costs. */
const INPUT_TOKENS = 20;

/**
 * @param params of the endpoint
 * @param outDir folder that receives the results of the test; not there yet
 * @param longName whether the limit of tokens is sent under the name that reasoning models of OpenAI insist on
 * @throws PromptrigError `unsupported` for an API that is no wire
 */
export function endpointTestPlan(
  endpoint: EndpointPlan,
  params: Record<string, Json>,
  outDir: string,
  longName = false,
): RunPlan {
  const named = longName ? { max_completion_tokens: MAX_TOKENS, ...params } : params;
  return {
    schema: 'promptrig.plan/1',
    runId: 'test',
    name: `Test of ${endpoint.name}`,
    purpose: 'regression',
    tags: [],
    source: { path: '', sha256: '' },
    outDir,
    baseDir: outDir,
    seed: 1,
    confidence: 0.95,
    policy: 'point',
    targets: [
      {
        id: endpoint.name,
        endpoint,
        prompt: 'default',
        params: wireApiOf(endpoint.api).limitOutput(named, MAX_TOKENS),
        concurrency: 1,
        cases: [
          {
            pointer: '/cases/0',
            id: 'test',
            name: 'test',
            messages: [{ role: 'user', content: PROMPT }],
            vars: {},
            assertions: [],
            repeat: 1,
            weight: 1,
            tags: [],
          },
        ],
        stages: [],
        caseSlos: [],
      },
    ],
  };
}

/** The most that a test costs, in USD; null where the endpoint has no price. */
export function endpointTestCost({ price }: Pick<EndpointPlan, 'price'>): number | null {
  return price === undefined ? null : (INPUT_TOKENS * price.inputPer1M + MAX_TOKENS * price.outputPer1M) / 1e6;
}
