// Builds every bundle into dist/. `--watch` rebuilds on change, `--dev` keeps names and adds source maps.
import { build, context } from 'esbuild';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';

const watch = process.argv.includes('--watch');
const dev = watch || process.argv.includes('--dev');

/** @type {import('esbuild').BuildOptions} */
const shared = {
  bundle: true,
  minify: !dev,
  keepNames: dev,
  sourcemap: dev ? 'linked' : false,
  // The editor's task waits for the words "build finished", which are an info.
  logLevel: watch ? 'info' : 'warning',
  legalComments: 'none',
};

/** Node bundles: VS Code loads the extension as CommonJS, the others are forked by it or by the command line. */
const node = {
  ...shared,
  platform: 'node',
  target: 'node20.18',
  format: 'cjs',
  external: ['vscode'],
  mainFields: ['module', 'main'],
};

/** @type {import('esbuild').BuildOptions[]} */
const bundles = [
  { ...node, entryPoints: { extension: 'src/extension/extension.ts' } },
  // Loaded by the extension with the first eval file; see src/extension/spec/load.ts.
  { ...node, entryPoints: { spec: 'src/extension/spec/main.ts' } },
  // Loaded by the extension part by part, with their first use; see src/extension/parts/load.ts.
  { ...node, entryPoints: { parts: 'src/extension/parts/main.ts' } },
  // Loaded when somebody types or points in an eval file.
  { ...node, entryPoints: { language: 'src/extension/spec/language.ts' } },
  { ...node, entryPoints: { engine: 'src/engine/main.ts' } },
  { ...node, entryPoints: { worker: 'src/engine/worker.ts' } },
  { ...node, entryPoints: { sim: 'src/engine/sim.ts' } },
  // Runs user code, so nothing that the engine holds may be in it.
  { ...node, entryPoints: { sandbox: 'src/engine/sandbox.ts' } },
  // What asks a model over HTTP, which most runs do without.
  { ...node, entryPoints: { judges: 'src/engine/judges.ts' } },
  // Its vocabulary is larger than all the rest, and most runs do without it.
  { ...node, entryPoints: { tokenizer: 'src/engine/tokenizer.ts' } },
  // The grammars of SQL dialects, and the parsers of XML and HTML, which most runs do without.
  { ...node, entryPoints: { parsers: 'src/engine/parsers.ts' } },
  {
    ...node,
    entryPoints: { cli: 'src/cli/main.ts' },
    // A dependency of the file search makes a `require` from `import.meta.url`, which CommonJS does not have.
    define: { 'import.meta.url': 'bundleUrl' },
    banner: { js: "#!/usr/bin/env node\nconst bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
  },
  {
    ...shared,
    platform: 'browser',
    target: 'chrome128',
    format: 'iife',
    entryPoints: { run: 'webview/run/main.ts' },
  },
].map((bundle) => ({ ...bundle, outdir: bundle.platform === 'browser' ? 'dist/webview' : 'dist' }));

// Taken away first and written last: scripts/ensure-built.ts takes a build that broke off for none.
await rm('dist/.built', { force: true });
await mkdir('dist/webview', { recursive: true });
await copyFile('node_modules/@vscode/codicons/dist/codicon.css', 'dist/webview/codicon.css');
await copyFile('node_modules/@vscode/codicons/dist/codicon.ttf', 'dist/webview/codicon.ttf');

if (watch) {
  await Promise.all(bundles.map(async (bundle) => (await context(bundle)).watch()));
} else {
  await Promise.all(bundles.map((bundle) => build(bundle)));
  await writeFile('dist/.built', '');
}
