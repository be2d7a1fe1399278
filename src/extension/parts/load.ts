import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { Parts } from './main';

let loaded: Parts | null = null;

/** The parts that `activate` does not need, read from their own bundle on first use. */
export function parts(): Parts {
  loaded ??= (createRequire(__filename)(path.join(__dirname, 'parts.js')) as { parts: Parts }).parts;
  return loaded;
}

/** An object that is made when something of it is first asked for; disposing of one that was never made does nothing. */
export function onUse<T extends object>(make: () => T): T {
  let made: T | undefined;
  return new Proxy({} as T, {
    get(_target, key): unknown {
      if (made === undefined && key === 'dispose') return () => undefined;
      made ??= make();
      const value: unknown = Reflect.get(made, key, made);
      return typeof value === 'function' ? (value.bind(made) as unknown) : value;
    },
  });
}
