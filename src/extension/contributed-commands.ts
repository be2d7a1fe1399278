/** Which commands package.json contributes: a surface links to those of another one only where they are there. */
export function contributedCommands(packageJson: unknown): (id: string) => boolean {
  const { contributes } = (packageJson ?? {}) as { contributes?: { commands?: { command?: unknown }[] } };
  const ids = new Set((contributes?.commands ?? []).map(({ command }) => command));
  return (id) => ids.has(id);
}
