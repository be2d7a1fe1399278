import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workbench } from './workbench';

/** Everything that a person, or another program, could read: the documents of the window with their frames, and the files of the folder. */
export async function everythingShown(bench: Workbench): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for (const frame of bench.page.frames()) {
    const text = await frame
      .evaluate(() => {
        // What is typed into a password box is shown as dots; VS Code keeps the box, hidden, for its next question.
        const boxes = [...document.querySelectorAll<HTMLInputElement>('input:not([type=password]), textarea')];
        const values = boxes.map((box) => box.value);
        return `${document.documentElement.outerHTML}\n${document.body.innerText}\n${values.join('\n')}`;
      })
      // A frame that goes away while it is read shows nothing.
      .catch(() => '');
    found.push([frame.url(), text]);
  }
  for (const entry of await readdir(bench.folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.push([path, await readFile(path, 'utf8')]);
  }
  return found;
}
