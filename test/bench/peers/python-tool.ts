/** Tools from the Python package index, each in a virtual environment of its own below .cache/bench. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from '../support/paths';

export interface PythonTool {
  /** Name of its package and of its command. */
  name: string;
  version: string;
  /** What an installation takes on disk, for whoever is asked to allow it. */
  size: string;
}

const OUTPUT_KEPT = 2000;

/** Runs a command and prints what it and its children used, which no process can tell of another one's children. */
const RUN_MEASURED = `
import json, resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "cpu_s": usage.ru_utime + usage.ru_stime}))
`;

/** A tokenizer of bytes: the tools insist on one, and none can be fetched where only a package index is reached. */
const MAKE_TOKENIZER = `
import sys
from tokenizers import Tokenizer, models, pre_tokenizers, decoders
from transformers import PreTrainedTokenizerFast
alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
vocabulary = {token: i for i, token in enumerate(["<s>", "</s>", *alphabet])}
tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>").save_pretrained(sys.argv[1])
`;

export function isInstalled(tool: PythonTool): boolean {
  return existsSync(join(environment(tool), STAMP));
}

/** @throws Error with what pip said where it cannot be installed */
export function install(tool: PythonTool, log: (message: string) => void): void {
  if (isInstalled(tool)) return;
  log(`Installing ${tool.name} ${tool.version} (${tool.size}) into .cache/bench.`);
  const dir = environment(tool);
  mkdirSync(cacheDir, { recursive: true });
  finish(spawnSync('python3', ['-m', 'venv', dir], { encoding: 'utf8' }));
  finish(spawnSync(join(dir, 'bin/pip'), ['install', '-q', `${tool.name}==${tool.version}`], { encoding: 'utf8' }));
  finish(spawnSync(join(dir, 'bin/python'), ['-c', MAKE_TOKENIZER, tokenizerOf(tool)], { encoding: 'utf8' }));
  writeFileSync(join(dir, STAMP), '');
}

export function hasPython(): boolean {
  return spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
}

/** Folder of the tokenizer that came with the installation. */
export function tokenizerOf(tool: PythonTool): string {
  return join(environment(tool), 'tokenizer');
}

/**
 * Runs the tool's command to its end.
 * @returns CPU time of the command and all its children, in ms
 * @throws Error with the end of its output where it fails or takes longer than `timeoutMs`
 */
export function runMeasured(
  tool: PythonTool,
  args: readonly string[],
  options: { timeoutMs: number; signal: AbortSignal; env?: Record<string, string> },
): Promise<number> {
  const bin = join(environment(tool), 'bin');
  const child = spawn(join(bin, 'python'), ['-c', RUN_MEASURED, join(bin, tool.name), ...args], {
    // A group of its own: the tools start processes which outlive them when they are killed alone.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  let out = '';
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-OUTPUT_KEPT)));
  return new Promise((resolve, reject) => {
    const kill = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return;
      process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(kill, options.timeoutMs);
    options.signal.addEventListener('abort', kill, { once: true });
    child.once('error', reject);
    child.once('close', (_code, killedBy) => {
      clearTimeout(timer);
      options.signal.removeEventListener('abort', kill);
      if (killedBy !== null) {
        reject(new Error(`it was ended after ${options.timeoutMs / 1000} s: ${output.trim()}`));
        return;
      }
      const { code, cpu_s } = JSON.parse(out) as { code: number; cpu_s: number };
      if (code === 0) resolve(cpu_s * 1000);
      else reject(new Error(`it ended with exit code ${code}: ${output.trim()}`));
    });
  });
}

/** Written last: an installation that broke off is not taken for a whole one. */
const STAMP = '.installed';

function environment({ name, version }: PythonTool): string {
  return join(cacheDir, `${name}-${version}`);
}

function finish({ status, stderr, error }: { status: number | null; stderr: string; error?: Error }): void {
  if (status !== 0) throw new Error(error?.message ?? stderr.trim().slice(-OUTPUT_KEPT));
}
