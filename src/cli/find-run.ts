import * as fs from 'node:fs';
import * as path from 'node:path';
import { nearest } from '../core/metrics/nearest';
import { RUN_FILES } from '../core/results/files';
import { listRuns } from '../core/results/store';
import { CliError } from './exit-code';

/** What an argument that names a run stands for. */
export type NamedRun = { kind: 'own'; dir: string } | { kind: 'file'; path: string };

/**
 * A run by its folder, by its `run.json`, or by its id (or the beginning or end of it, where only one run has it) in the workspace's
 * runs; `latest` (or `last`) is the newest. Any other file is taken for a result of another tool.
 * @param runsDir where runs are stored
 * @throws CliError, in a sentence, where nothing or more than one fits
 */
export async function findRun(given: string, runsDir: string, cwd: string): Promise<NamedRun> {
  const absolute = path.resolve(cwd, given);
  const stats = fs.statSync(absolute, { throwIfNoEntry: false });
  if (stats?.isFile() === true) {
    return path.basename(absolute) === RUN_FILES.run
      ? { kind: 'own', dir: path.dirname(absolute) }
      : { kind: 'file', path: absolute };
  }
  if (stats?.isDirectory() === true) {
    if (fs.existsSync(path.join(absolute, RUN_FILES.run))) return { kind: 'own', dir: absolute };
    throw new CliError(`${given} holds no ${RUN_FILES.run}. Name the folder of one run.`);
  }
  const ids = await listRuns(runsDir);
  const [newest] = ids;
  if ((given === 'latest' || given === 'last') && newest !== undefined)
    return { kind: 'own', dir: path.join(runsDir, newest) };
  const exact = ids.filter((id) => id === given);
  const fits = exact.length > 0 ? exact : ids.filter((id) => id.startsWith(given) || id.endsWith(given));
  const [only, ...others] = fits;
  if (only === undefined) {
    const near = nearest(given, ids)[0];
    const hint = near === undefined ? `There are no runs in ${runsDir}.` : `Did you mean ${near}?`;
    throw new CliError(
      `There is no file and no run called "${given}". ${ids.length > 0 && near === undefined ? `The newest in ${runsDir} is ${newest}.` : hint}`,
    );
  }
  if (others.length > 0) {
    throw new CliError(`"${given}" fits ${fits.length} runs, such as ${only} and ${others[0]}. Give more of the id.`);
  }
  return { kind: 'own', dir: path.join(runsDir, only) };
}
