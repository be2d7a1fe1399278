/** Stands for the panel's bundle where a test is about the page around it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportedRun, ReportIndex } from '../../../src/protocol/run-report';

const FILES = {
  'run.js': 'globalThis.panel = 1;',
  'run.css': 'body { color: red; }',
  'codicon.css': '@font-face { src: url("./codicon.ttf?0123") format("truetype"); }',
  'codicon.ttf': 'a font',
};

/** Writes a bundle into a folder; returns the folder. */
export async function panelFiles(
  dir: string,
  files: Partial<Record<keyof typeof FILES, string>> = {},
): Promise<string> {
  await mkdir(dir, { recursive: true });
  for (const [name, text] of Object.entries({ ...FILES, ...files })) await writeFile(join(dir, name), text);
  return dir;
}

/** The JSON of a page's data elements, by id, as a browser finds them: an element ends at the first end tag. */
export function dataOf(html: string): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [, id = '', text = ''] of html.matchAll(
    /<script type="application\/json" id="([^"]*)">([^]*?)<\/script/gi,
  ))
    found.set(id, JSON.parse(text));
  return found;
}

export function indexOf(html: string): ReportIndex {
  return dataOf(html).get('promptrig-report') as ReportIndex;
}

export function runOf(html: string, index = 0): ReportedRun & { snapshot: { state: Record<string, unknown> } } {
  return dataOf(html).get(`promptrig-run-${index}`) as ReportedRun & { snapshot: { state: Record<string, unknown> } };
}
