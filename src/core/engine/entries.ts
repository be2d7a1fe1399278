import { join } from 'node:path';
import type { QualityEntries } from '../quality/services';

export interface EngineEntries extends QualityEntries {
  workerEntry: string;
  tokenizerEntry: string;
}

/** What the engine starts or loads, by the folder of the built bundles. */
export function engineEntries(dist: string): EngineEntries {
  return {
    workerEntry: join(dist, 'worker.js'),
    simEntry: join(dist, 'sim.js'),
    tokenizerEntry: join(dist, 'tokenizer.js'),
    sandboxEntry: join(dist, 'sandbox.js'),
    parsersEntry: join(dist, 'parsers.js'),
    judgesEntry: join(dist, 'judges.js'),
    judgesDir: join(dist, '..', 'media', 'judges'),
  };
}
