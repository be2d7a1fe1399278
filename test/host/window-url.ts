export interface WindowOptions {
  authority: string;
  /** Absolute path of the workspace folder. */
  folder?: string;
  /** Absolute path of the extension to load from its sources. VS Code on the web takes one. */
  extension?: string;
  /** Absolute path of the module whose `run()` is executed in the extension host. */
  testsPath?: string;
}

/** The address of a VS Code window of a server, with the extension under development in its payload. */
export function windowUrl({ authority, folder, extension, testsPath }: WindowOptions): string {
  const remote = (path: string): string => `vscode-remote://${authority}${encodeURI(path)}`;
  const payload: [string, string][] = [
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  if (extension) payload.push(['extensionDevelopmentPath', remote(extension)]);
  if (testsPath) payload.push(['extensionTestsPath', remote(testsPath)]);
  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (folder) query.set('folder', folder);
  else query.set('ew', 'true');
  return `http://${authority}/?${query.toString()}`;
}
