/** The last lines of a text. */
export function tail(text: string, lines: number): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * A log of VS Code without what every window of this installation logs: its native parts are not compiled, and each of
 * them complains with a page of paths and stack, under which the line that matters would be lost.
 */
export function withoutNoise(log: string): string {
  return log
    .split('\n')
    .filter((line) => !noise.test(line))
    .join('\n');
}

const noise = new RegExp(
  [
    'spdlog|native-watchdog|vsda|vscode-sqlite3',
    'Could not locate the bindings file|Require stack:|extensionHostProcess\\.js$',
    '^ → |^\\s+at .*(node:internal|lib/vscode/|workbench\\.js)',
    '^\\s*(tries: \\[|\\]|\\}|)$',
  ].join('|'),
);

/** Whether a console message of the extension host is such a complaint. */
export function isNoise(message: string): boolean {
  return /Could not locate the bindings file|Cannot find module '\.\/build\/Release\/watchdog'/.test(message);
}
