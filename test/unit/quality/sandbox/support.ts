import { join } from 'node:path';
import { build } from 'esbuild';
import type { CodePlan, Json } from '../../../../src/protocol/plan';
import { SandboxRunner, type SandboxRunnerOptions } from '../../../../src/core/quality/sandbox/sandbox-runner';
import type { CodeReply, CodeRequest } from '../../../../src/core/quality/types';
import { removeTempDirs, tempDir } from '../../support/temp';

/** Bundles a source of this repository for plain Node; returns the path of the result. */
export async function bundle(source: string): Promise<string> {
  const outfile = join(tempDir(), 'entry.js');
  await build({
    entryPoints: [source],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'error',
  });
  return outfile;
}

export const SANDBOX_SOURCE = 'src/engine/sandbox.ts';

/** Runners of one suite; `close` ends them all. */
export class Runners {
  private readonly made: SandboxRunner[] = [];
  private entry: Promise<string> | undefined;

  async make(options: Partial<SandboxRunnerOptions> = {}): Promise<SandboxRunner> {
    this.entry ??= bundle(SANDBOX_SOURCE);
    const runner = new SandboxRunner({ entry: await this.entry, allow: true, ...options });
    this.made.push(runner);
    return runner;
  }

  async close(): Promise<void> {
    for (const runner of this.made) await runner.dispose();
    removeTempDirs();
  }
}

export const never = new AbortController().signal;

export function request(code: string | CodePlan, more: Partial<Omit<CodeRequest, 'code'>> = {}): CodeRequest {
  const plan = typeof code === 'string' ? { source: code } : code;
  return { code: plan, kind: 'assertion', output: 'the answer', context: { vars: {} }, ...more };
}

/** The code as the file it would be in. */
export function file(source: string, name = '/somewhere/checks.js', exportName?: string): CodePlan {
  return { source, file: name, ...(exportName === undefined ? {} : { exportName }) };
}

export function valueOf(reply: CodeReply): Json {
  if (reply.kind !== 'value') throw new Error(`no value but ${reply.kind}: ${reply.reason}`);
  return reply.value;
}

export function reasonOf(reply: CodeReply): string {
  if (reply.kind !== 'error') throw new Error(`no error but ${JSON.stringify(reply)}`);
  return reply.reason;
}
