// Bundles the suites of test/vscode into out/vscode: the extension host runs no TypeScript. Mocha stays outside, since it
// loads its own files by name, and `vscode` is there only at run time.
import { build } from 'esbuild';
import { rm } from 'node:fs/promises';

await rm('out/vscode', { recursive: true, force: true });
await build({
  entryPoints: ['test/vscode/index.ts', 'test/vscode/*.test.ts'],
  outdir: 'out/vscode',
  bundle: true,
  platform: 'node',
  target: 'node20.18',
  format: 'cjs',
  sourcemap: 'inline',
  external: ['vscode', 'mocha'],
  mainFields: ['module', 'main'],
  logLevel: 'warning',
});
