/** https://pypi.org/project/aiperf/ */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PeerRun } from './peer';
import { runMeasured, tokenizerOf, type PythonTool } from './python-tool';
import { wallToMonotonicMs } from './wall-clock';

export const AIPERF: PythonTool = { name: 'aiperf', version: '0.13.0', size: '1.2 GB' };

/** The part of a line of profile_export.jsonl that is read here. */
interface ExportedRequest {
  metadata: { x_request_id: string; request_start_ns: number };
  metrics: {
    time_to_first_token: { value: number };
    inter_token_latency: { value: number };
    inter_chunk_latency: { value: number[] };
  };
}

export async function runAiperf(
  url: string,
  streams: number,
  dir: string,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<PeerRun> {
  const input = join(dir, 'input.jsonl');
  writeFileSync(input, '{"text": "Hello"}\n');
  const toMonotonic = wallToMonotonicMs();
  const cpuMs = await runMeasured(
    AIPERF,
    [
      'profile',
      ...['--model', 'sim', '--url', new URL(url).origin, '--endpoint-type', 'chat', '--streaming'],
      ...['--concurrency', String(streams), '--request-count', String(streams)],
      ...['--tokenizer', tokenizerOf(AIPERF), '--use-server-token-count'],
      ...['--input-file', input, '--custom-dataset-type', 'single_turn'],
      ...['--ui', 'none', '--no-gpu-telemetry', '--no-server-metrics', '--artifact-dir', join(dir, 'out')],
    ],
    options,
  );
  const lines = readFileSync(join(dir, 'out/profile_export.jsonl'), 'utf8').trim().split('\n');
  return {
    cpuMs,
    requests: lines.map((line) => {
      const { metadata, metrics } = JSON.parse(line) as ExportedRequest;
      const ttftMs = metrics.time_to_first_token.value;
      return {
        key: metadata.x_request_id,
        firstMs: metadata.request_start_ns / 1e6 + toMonotonic + ttftMs,
        ttftMs,
        gapsMs: metrics.inter_chunk_latency.value,
        meanGapMs: metrics.inter_token_latency.value,
      };
    }),
  };
}
