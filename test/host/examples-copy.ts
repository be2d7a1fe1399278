import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examplesFolder } from './paths';

export interface ExamplesCopy {
  folder: string;
  remove(): Promise<void>;
}

/** A copy of the examples in a temporary folder, so that the results of their runs do not land in the package. */
export async function copyExamples(): Promise<ExamplesCopy> {
  const parent = await mkdtemp(join(tmpdir(), 'promptrig-examples-'));
  const folder = join(parent, 'examples');
  await cp(examplesFolder, folder, { recursive: true });
  return { folder, remove: () => rm(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }) };
}
