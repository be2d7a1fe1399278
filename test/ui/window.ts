/** The window that all files of this suite share: opening one takes as long as ten tests. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWindow, type Window } from '../host/session';
import { Workbench } from './workbench';

interface Shared {
  window: Window;
  workbench: Workbench;
  parent: string;
}

let shared: Promise<Shared> | undefined;

/** The window, with nothing in its folder and nothing open. */
export async function freshWorkbench(): Promise<Workbench> {
  shared ??= open();
  const { workbench } = await shared;
  await workbench.reset();
  return workbench;
}

/** The window as it is; undefined before the first test has asked for it. */
export async function currentWindow(): Promise<Window | undefined> {
  return (await shared)?.window;
}

export async function closeSharedWindow(): Promise<void> {
  if (shared === undefined) return;
  const { window, parent } = await shared;
  await window.close();
  await rm(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

async function open(): Promise<Shared> {
  const parent = await mkdtemp(join(tmpdir(), 'promptrig-ui-'));
  const folder = join(parent, 'work');
  await mkdir(folder);
  const window = await openWindow({
    folder,
    viewport: { width: 1400, height: 900 },
    settings: {
      'promptrig.openRunPanel': 'never',
      // What lies over lines and their icons.
      'editor.minimap.enabled': false,
      'editor.stickyScroll.enabled': false,
      'testing.automaticallyOpenPeekView': 'never',
    },
  });
  return { window, workbench: new Workbench(window), parent };
}
