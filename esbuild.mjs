// Builds every bundle into dist/. `--watch` rebuilds on change, `--dev` keeps names and adds source maps.
import { build, context } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';

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
    entryPoints: { run: 'webview/run/main.ts', compare: 'webview/compare/main.ts' },
  },
].map((bundle) => ({ ...bundle, outdir: bundle.platform === 'browser' ? 'dist/webview' : 'dist' }));

/** Half of what would be shipped, and most runs do without them: kept compressed, and unpacked in the process that asks for one. */
const packed = [
  // A vocabulary, for servers that do not count their tokens.
  { ...node, entryPoints: { tokenizer: 'src/engine/tokenizer.ts' } },
  // The grammars of SQL dialects, and the parsers of XML and HTML.
  { ...node, entryPoints: { parsers: 'src/engine/parsers.ts' } },
].map((bundle) => ({ ...bundle, outdir: 'dist', write: false }));

/**
 * Writes `NAME-HASH.br`, and `NAME.js`, which runs what is in it. Compressing takes seconds and the content hardly ever changes: a
 * file of the same content is kept.
 */
async function buildPacked(bundle) {
  const [name] = Object.keys(bundle.entryPoints);
  const { outputFiles } = await build(bundle);
  const content = outputFiles[0].contents;
  const file = `${name}-${createHash('sha256').update(content).digest('hex').slice(0, 8)}.br`;
  if (!existsSync(`dist/${file}`)) {
    const { BROTLI_PARAM_LGWIN: window, BROTLI_PARAM_SIZE_HINT: sizeHint } = constants;
    const params = { [window]: 24, [sizeHint]: content.length };
    await writeFile(`dist/${file}`, await promisify(brotliCompress)(content, { params }));
  }
  const stale = (await readdir('dist')).filter(
    (each) => each.startsWith(`${name}-`) && each.endsWith('.br') && each !== file,
  );
  await Promise.all(stale.map((each) => rm(`dist/${each}`)));
  const path = `require('node:path').join(__dirname, '${file}')`;
  const text = `require('node:zlib').brotliDecompressSync(require('node:fs').readFileSync(${path})).toString()`;
  // Compiled as a module of this name, so that it resolves and reports errors as the file itself would.
  await writeFile(`dist/${name}.js`, `module._compile(${text}, __filename);\n`);
}

// Taken away first and written last: scripts/ensure-built.ts takes a build that broke off for none.
await rm('dist/.built', { force: true });
await mkdir('dist/webview', { recursive: true });
await copyFile('node_modules/@vscode/codicons/dist/codicon.css', 'dist/webview/codicon.css');
await copyFile('node_modules/@vscode/codicons/dist/codicon.ttf', 'dist/webview/codicon.ttf');

if (watch) {
  await Promise.all([
    ...bundles.map(async (bundle) => (await context(bundle)).watch()),
    ...packed.map((bundle) => buildPacked(bundle)),
  ]);
} else {
  await Promise.all([...bundles.map((bundle) => build(bundle)), ...packed.map((bundle) => buildPacked(bundle))]);
  await writeFile('dist/.built', '');
}
