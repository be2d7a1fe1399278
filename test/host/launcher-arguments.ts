import { resolve } from 'node:path';

export interface LauncherArguments {
  extension: string | undefined;
  testsPath: string;
  folder: string | undefined;
  userDataDir: string | undefined;
  /** Whose folders are extensions to have installed beside the one under test. */
  extensionsDir: string | undefined;
  /** Whether folders have to be trusted, as they have to be in desktop VS Code without `--disable-workspace-trust`. */
  workspaceTrust: boolean;
}

/**
 * Reads desktop VS Code's command line. Arguments that mean nothing here (`--no-sandbox`, `--disable-updates`, …) are
 * ignored, since test-electron passes the same ones to whatever it starts.
 * @throws Error when there is no suite to run or more than one folder or extension to open.
 */
export function parseLauncherArguments(args: readonly string[]): LauncherArguments {
  const values = new Map<string, string[]>();
  const folders: string[] = [];
  for (const arg of args) {
    const option = /^--([^=]+)(?:=(.*))?$/s.exec(arg);
    if (option?.[1]) values.set(option[1], [...(values.get(option[1]) ?? []), option[2] ?? '']);
    else folders.push(resolve(arg));
  }
  const paths = (name: string): string[] => (values.get(name) ?? []).filter((value) => value !== '').map(fromUri);
  const [testsPath] = paths('extensionTestsPath');
  if (!testsPath) throw new Error('The launcher runs a suite: --extensionTestsPath=PATH is missing.');
  const extensions = paths('extensionDevelopmentPath');
  if (extensions.length > 1) {
    throw new Error(`The launcher loads one extension from its sources, not ${extensions.length}.`);
  }
  if (folders.length > 1)
    throw new Error(`The launcher opens one folder, not ${folders.length}: ${folders.join(', ')}.`);
  return {
    extension: extensions[0],
    testsPath,
    folder: folders[0],
    userDataDir: paths('user-data-dir')[0],
    extensionsDir: paths('extensions-dir')[0],
    workspaceTrust: !values.has('disable-workspace-trust'),
  };
}

function fromUri(value: string): string {
  return value.startsWith('file://') ? decodeURI(value.slice('file://'.length)) : resolve(value);
}
