import { runCommand } from './command';
import type { Vscode } from './ensure-vscode';

/** Set in the process that has been started again under xvfb-run. */
const displayVariable = 'PROMPTRIG_UNDER_XVFB';

/** Starts this program again where VS Code needs a display that is not there. @returns whether that has done its work */
export async function underDisplay({ prefix }: Vscode): Promise<boolean> {
  if (prefix.length === 0 || process.env[displayVariable]) return false;
  const [program = '', ...args] = [...prefix, process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  await runCommand(program, args, { output: 'inherit', env: { ...process.env, [displayVariable]: '1' } });
  return true;
}
