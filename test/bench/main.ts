/**
 * `npm run bench [-- NAME…] [--quick] [--write] [--install-peers]`: runs the benches of this folder whose name contains one of the words, one after
 * the other, and prints a Markdown table for each. Exit code 1 when a bench failed to run; a missed row is a result, not a
 * failure.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { format, resolveConfig } from 'prettier';
import type { Bench, BenchContext, BenchRow } from './bench';
import { withBenchSection } from './readme-section';
import { busyShare, machineDescription } from './support/machine';
import { root } from './support/paths';
import { percent } from './support/reasons';
import { markdownTable } from './table';

/** Above this share of CPU in use by others before the start, latencies are theirs as much as ours. */
const QUIET_SHARE = 0.1;
const WATCH_MS = 1500;

async function main(): Promise<number> {
  const { values, positionals: words } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      'install-peers': { type: 'boolean', default: false },
    },
  });
  const benches = await discover();
  const chosen = benches.filter((bench) => words.length === 0 || words.some((word) => bench.name.includes(word)));
  if (chosen.length === 0) {
    console.error(`No bench is called that. There are: ${benches.map((bench) => bench.name).join(', ')}.`);
    return 1;
  }
  if (values.write && (values.quick || chosen.length < benches.length)) {
    console.error('README.md gets whole measurements only: leave out --quick and the names of benches.');
    return 1;
  }
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort(new Error('interrupted')));
  const context: BenchContext = {
    log: (message) => console.error(`  ${message}`),
    signal: abort.signal,
    quick: values.quick,
    installPeers: values['install-peers'],
  };
  const head = await describe();
  console.log(head);
  const rows: BenchRow[] = [];
  let failed = 0;
  for (const bench of chosen) {
    if (abort.signal.aborted) return 130;
    console.error(`\n${bench.name}: started`);
    const startedMs = performance.now();
    try {
      const measured = await bench.run(context);
      rows.push(...measured);
      console.log(`\n### ${bench.title}\n\n${markdownTable(measured)}`);
      console.error(`${bench.name}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    } catch (error) {
      failed += 1;
      console.error(`${bench.name} failed:`, error);
    }
  }
  if (abort.signal.aborted) return 130;
  if (values.write && failed === 0) {
    const path = join(root, 'README.md');
    const text = withBenchSection(readFileSync(path, 'utf8'), `${head}\n\n${markdownTable(rows)}`);
    const options = await resolveConfig(path);
    writeFileSync(path, await format(text, { ...options, filepath: path }));
    console.error('README.md has been written.');
  }
  return failed === 0 ? 0 : 1;
}

/** The machine, and how busy it was before anything of ours ran. */
async function describe(): Promise<string> {
  const busy = await busyShare(WATCH_MS);
  const state =
    busy <= QUIET_SHARE
      ? 'The machine was idle before the start.'
      : `**Before the start other processes used ${percent(busy)} of the machine: latencies below are theirs, too.**`;
  return `${machineDescription()}; server, client and bench share the machine. ${state}`;
}

async function discover(): Promise<Bench[]> {
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.bench.ts'));
  const modules = await Promise.all(
    files.map(async (name) => ({ name, exports: (await import(join(__dirname, name))) as { bench?: Bench } })),
  );
  return modules
    .map(({ name, exports }) => {
      if (!exports.bench) throw new Error(`${name} does not export a bench.`);
      return exports.bench;
    })
    .sort((a, b) => a.order - b.order);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
