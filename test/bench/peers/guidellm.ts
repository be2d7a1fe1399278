/** https://pypi.org/project/guidellm/ */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerRun } from './peer';
import { runMeasured, tokenizerOf, type PythonTool } from './python-tool';
import { wallToMonotonicMs } from './wall-clock';

export const GUIDELLM: PythonTool = { name: 'guidellm', version: '0.8.1', size: '6 GB' };

/** The part of its JSON report that is read here. Instants are seconds since 1970. */
interface Report {
  benchmarks: {
    requests: {
      successful: {
        response_id: string;
        time_to_first_token_ms: number;
        inter_token_latency_ms: number;
        info: { timings: { first_token_iteration: number } };
      }[];
    };
  }[];
}

export async function runGuidellm(
  url: string,
  streams: number,
  dir: string,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<PeerRun> {
  const input = join(dir, 'input.jsonl');
  writeFileSync(input, '{"prompt": "Hello"}\n'.repeat(streams));
  const output = join(dir, 'report.json');
  const toMonotonic = wallToMonotonicMs();
  const cpuMs = await runMeasured(
    GUIDELLM,
    [
      'run',
      ...['--backend', `kind=openai_http,target=${new URL(url).origin},model=sim,validate_backend=false`],
      ...['--profile', `kind=concurrent,streams=${streams}`],
      ...['--constraint', `kind=max_requests,count=${streams}`],
      ...['--data', `kind=json_file,path=${input}`],
      ...['--tokenizer', `kind=hf_auto,model=${tokenizerOf(GUIDELLM)}`],
      ...['--output', `kind=json,path=${output}`, '--disable-console'],
    ],
    { ...options, env: { HF_HUB_OFFLINE: '1' } },
  );
  const report = JSON.parse(readFileSync(output, 'utf8')) as Report;
  return {
    cpuMs,
    requests: report.benchmarks.flatMap(({ requests }) =>
      requests.successful.map((request) => ({
        key: request.response_id,
        firstMs: request.info.timings.first_token_iteration * 1000 + toMonotonic,
        ttftMs: request.time_to_first_token_ms,
        gapsMs: null,
        meanGapMs: request.inter_token_latency_ms,
      })),
    ),
  };
}
