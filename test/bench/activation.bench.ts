/** What a window pays for the extension before anybody uses it. In VS Code itself a test holds `activate` to the same limit. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Bench } from './bench';
import { root } from './support/paths';
import { median, ms, quantile } from './support/stats';

const STARTS = 15;
const LIMIT_MS = 50;

export const bench: Bench = {
  name: 'activation',
  title: 'Activating the extension',
  order: 21,
  async run({ log, signal, quick }) {
    const loads: number[] = [];
    const activations: number[] = [];
    for (let start = 0; start < (quick ? 3 : STARTS); start++) {
      // A process of its own each time: code that has run once is compiled already.
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [join(root, 'test/bench/support/activate-once.cjs')],
        { signal },
      );
      const took = JSON.parse(stdout) as { loadMs: number; activateMs: number };
      log(`start ${start + 1}: read in ${ms(took.loadMs)}, activated in ${ms(took.activateMs)}`);
      loads.push(took.loadMs);
      activations.push(took.activateMs);
    }
    const p95 = quantile(activations, 0.95);
    return [
      {
        what: '`activate` of a window that has just opened',
        reach: `< ${LIMIT_MS} ms`,
        measured: `${ms(median(activations))}, p95 ${ms(p95)}`,
        met: p95 < LIMIT_MS,
        note: `${activations.length} processes; the editor's own part is left out`,
      },
      {
        what: 'Reading the extension’s code before that',
        reach: '–',
        measured: ms(median(loads)),
        met: null,
        note: 'everything but what is loaded with its first use',
      },
    ];
  },
};
