/** Bundles that are loaded only where they are needed: each is large, and most runs do without it. */
import { createRequire } from 'node:module';

/**
 * Loads a CommonJS bundle by its absolute path; the same path gives the same module.
 * @throws whatever its loading throws: that it is not there, or that it is broken
 */
export function requireBundle(entryPath: string): unknown {
  return createRequire(entryPath)(entryPath) as unknown;
}
