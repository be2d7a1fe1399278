/** `npm run code`: the extension in a VS Code with a copy of the examples; desktop where there is one, else in the browser. */
import { spawn } from 'node:child_process';
import { findOnPath } from './command';
import { displayCommand } from './desktop';
import { copyExamples } from './examples-copy';
import { ensureServer } from './install-server';
import { runMain } from './main';
import { repositoryRoot } from './paths';
import { startServer } from './vscode-server';
import { windowUrl } from './window-url';

async function main(): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  const examples = await copyExamples();
  try {
    const desktop = process.env.PROMPTRIG_VSCODE === 'server' ? undefined : findOnPath('code');
    if (desktop && displayCommand()?.length === 0) return await openDesktop(desktop, examples.folder);
    return await serve(examples.folder, stopped);
  } finally {
    await examples.remove();
  }
}

/** Opens a desktop window and waits until it is closed. */
function openDesktop(program: string, folder: string): Promise<number> {
  console.log(`Opening ${folder} in ${program}.`);
  const args = ['--new-window', '--wait', `--extensionDevelopmentPath=${repositoryRoot}`, folder];
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', shell: process.platform === 'win32' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

async function serve(folder: string, stopped: Promise<void>): Promise<number> {
  const server = await startServer(await ensureServer(), {
    settings: { 'workbench.startupEditor': 'none', 'telemetry.telemetryLevel': 'off' },
    extension: repositoryRoot,
    stayUp: true,
  });
  try {
    console.log(`VS Code with the extension and a copy of the examples, until Ctrl+C:`);
    console.log(windowUrl({ ...server, folder }));
    const ended = await Promise.race([stopped, server.ended]);
    if (ended === undefined) return 0;
    console.error(`${ended}.\n${server.logTail()}`);
    return 1;
  } finally {
    await server.stop();
  }
}

runMain(main);
