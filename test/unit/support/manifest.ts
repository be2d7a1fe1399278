import { readFileSync } from 'node:fs';
import * as path from 'node:path';

export const repositoryRoot = path.resolve(__dirname, '../../..');

export function readJson(file: string): unknown {
  return JSON.parse(readFileSync(path.join(repositoryRoot, file), 'utf8'));
}

/** package.json as VS Code shows it: with the texts of package.nls.json in place of their keys. */
export function localizedManifest<T>(): T {
  const texts = readJson('package.nls.json') as Record<string, string>;
  return withTexts(readJson('package.json'), texts) as T;
}

function withTexts(value: unknown, texts: Record<string, string>): unknown {
  if (typeof value === 'string') {
    const key = /^%([^%]+)%$/.exec(value)?.[1];
    return key === undefined ? value : (texts[key] ?? value);
  }
  if (Array.isArray(value)) return value.map((item) => withTexts(item, texts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTexts(item, texts)]));
}
