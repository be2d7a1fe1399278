/**
 * `npm run bench [-- NAME…]`: runs the benches of this folder whose name contains one of the words, one after the other,
 * and prints a Markdown table for each. Exit code 1 when a bench failed to run; a missed row is a result, not a failure.
 */
import { readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Bench, BenchContext } from './bench';
import { markdownTable } from './table';

async function main(words: readonly string[]): Promise<number> {
  const benches = await discover();
  const chosen = benches.filter((bench) => words.length === 0 || words.some((word) => bench.name.includes(word)));
  if (chosen.length === 0) {
    console.error(`No bench is called that. There are: ${benches.map((bench) => bench.name).join(', ') || 'none'}.`);
    return 1;
  }
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const context: BenchContext = { log: (message) => console.error(message), signal: abort.signal };
  console.log(machine());
  let failed = 0;
  for (const bench of chosen) {
    if (abort.signal.aborted) return 130;
    console.error(`\n${bench.name}: started`);
    const startedAt = Date.now();
    try {
      const rows = await bench.run(context);
      console.log(`\n### ${bench.title}\n\n${markdownTable(rows)}`);
      console.error(`${bench.name}: ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
    } catch (error) {
      failed += 1;
      console.error(`${bench.name} failed:`, error);
    }
  }
  return failed === 0 ? 0 : 1;
}

async function discover(): Promise<Bench[]> {
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.bench.ts'));
  const modules = await Promise.all(
    files.sort().map(async (name) => ({ name, exports: (await import(join(__dirname, name))) as { bench?: Bench } })),
  );
  return modules.map(({ name, exports }) => {
    if (!exports.bench) throw new Error(`${name} does not export a bench.`);
    return exports.bench;
  });
}

function machine(): string {
  const all = cpus();
  const memoryGb = (totalmem() / 2 ** 30).toFixed(0);
  return `${all.length} × ${all[0]?.model ?? 'unknown CPU'}, ${memoryGb} GiB, ${process.platform}, Node ${process.version}`;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
