import { realpathSync } from 'node:fs';

export interface LaunchOptions {
  /** Path of the bundled process entry, `dist/sandbox.js`. */
  entry: string;
  /** Heap of the process in MB. */
  heapMb: number;
}

/**
 * Arguments of the process, from the strictest on. A runtime that does not know an option ends at once, and the next list is tried.
 * The permission model is `--permission` since Node 22.13 and `--experimental-permission` before; it grants nothing here but reading
 * the entry itself. A runtime without it (none is known among the supported ones) is left with what `lockDown` takes away.
 */
export function launchArguments({ entry, heapMb }: LaunchOptions): string[][] {
  // The permission model compares real paths.
  const file = realpathSync(entry);
  const common = [
    '--no-warnings',
    // Promises that user code abandons are its own business and must not end the process.
    '--unhandled-rejections=none',
    // Outside of the code's context nothing is compiled from text, and the language's objects cannot be changed.
    '--disallow-code-generation-from-strings',
    '--frozen-intrinsics',
    // ES modules in a context.
    '--experimental-vm-modules',
    `--max-old-space-size=${heapMb}`,
    // A young generation of its default size, whatever the machine's memory: it comes on top of the limit.
    '--max-semi-space-size=16',
    file,
  ];
  const permissions = ['--permission', '--experimental-permission'];
  return [...permissions.map((permission) => [permission, `--allow-fs-read=${file}`, ...common]), common];
}

/** Nothing of this process's environment: API keys are in it. On Windows, Node does not start without the system's folder. */
export function launchEnvironment(): NodeJS.ProcessEnv {
  const { SystemRoot } = process.env;
  return {
    // Of no meaning to Node; VS Code's own program is one only with it.
    ELECTRON_RUN_AS_NODE: '1',
    ...(process.platform === 'win32' && SystemRoot !== undefined ? { SystemRoot } : {}),
  };
}
