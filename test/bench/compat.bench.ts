/** promptfoo and Promptrig on one configuration and one scripted endpoint: the same verdict for each assertion. */
import { rmSync } from 'node:fs';
import { compare, describeDifferences } from '../compat/compare';
import { runOurs } from '../compat/ours';
import { install, isInstalled, PROMPTFOO_SIZE, PROMPTFOO_VERSION, runPromptfoo } from '../compat/promptfoo';
import type { Bench, BenchRow } from './bench';
import { temporaryDir } from './support/paths';

export const bench: Bench = {
  name: 'compat',
  title: 'Verdicts beside promptfoo',
  order: 7,
  async run({ log, signal, installPeers }): Promise<BenchRow[]> {
    const what = `the same verdict as promptfoo ${PROMPTFOO_VERSION}, per assertion`;
    if (installPeers) install(log);
    if (!isInstalled()) {
      const note = `It is not installed: \`npm run bench -- compat --install-peers\` does it (${PROMPTFOO_SIZE}).`;
      return [{ what, reach: 'every supported type', measured: 'not measured', met: null, note }];
    }
    const dir = temporaryDir();
    try {
      const comparisons = compare(await runPromptfoo(dir, signal), await runOurs(dir, signal));
      const differences = describeDifferences(comparisons);
      for (const line of differences) log(line);
      const agree = comparisons.length - differences.length;
      const types = new Set(comparisons.map(({ row }) => row.type)).size;
      return [
        {
          what,
          reach: 'every supported type',
          measured: `${agree} of ${comparisons.length} assertions of ${types} types`,
          met: differences.length === 0,
          ...(differences.length === 0
            ? {}
            : { note: `They differ on ${differences.length}: ${differences.join('; ')}` }),
        },
      ];
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
};
