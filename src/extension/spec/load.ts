import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { SpecBundle } from './main';

let loaded: SpecBundle | null = null;

/**
 * The parser and planner, read from their own bundle on first use: a window without eval files never pays for YAML and
 * templates, and `activate` does not wait for them.
 */
export function specBundle(): SpecBundle {
  loaded ??= createRequire(__filename)(path.join(__dirname, 'spec.js')) as SpecBundle;
  return loaded;
}
