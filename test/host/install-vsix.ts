import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveCliPathFromVSCodeExecutablePath } from '@vscode/test-electron';
import { runCommand } from './command';
import type { Vscode } from './ensure-vscode';
import { ensureServer } from './install-server';

/**
 * Installs a package into a folder of extensions by VS Code's own command line, as a person does.
 * @throws Error with what VS Code said when it could not.
 */
export async function installVsix({ kind, executable }: Vscode, vsix: string, into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const data = await mkdtemp(join(tmpdir(), 'promptrig-install-'));
  try {
    const what = ['--install-extension', vsix, '--extensions-dir', into];
    if (kind === 'desktop') {
      await runCommand(resolveCliPathFromVSCodeExecutablePath(executable), [...what, '--user-data-dir', data]);
      return;
    }
    const { node, main } = await ensureServer();
    await runCommand(node, [main, ...what, '--server-data-dir', data, '--accept-server-license-terms']);
  } finally {
    await rm(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}
