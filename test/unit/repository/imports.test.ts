import assert from 'node:assert/strict';
import { join, relative, resolve } from 'node:path';
import { ESLint } from 'eslint';
import { globSync } from 'tinyglobby';
import tseslint from 'typescript-eslint';

const root = resolve(__dirname, '../../..');

/** The rules under test need no types; without them a file that exists only in this test can be linted, and fast. */
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parserOptions: { project: null, projectService: false } } },
    { files: ['**/*.ts'], ...(tseslint.configs.disableTypeChecked as object) },
  ],
});

/** The rules that a file at this path breaks by importing the module. */
async function broken(path: string, imported: string): Promise<string[]> {
  const source = `import * as it from '${imported}';\nexport const kept = it;\n`;
  const [result] = await eslint.lintText(source, { filePath: join(root, path) });
  assert.ok(result, `${path} is not linted at all`);
  const fatal = result.messages.filter((message) => message.fatal);
  assert.deepEqual(fatal, [], `${path} cannot be linted`);
  return [...new Set(result.messages.map((message) => message.ruleId ?? ''))];
}

/** A module of a folder, as a file in another folder would import it. */
function moduleOf(folder: string, fromFile: string): string {
  const [file] = globSync(`${folder}/**/*.ts`, { cwd: root, ignore: ['**/*.d.ts'] }).sort();
  assert.ok(file, `${folder} has no module to import`);
  const path = relative(join(root, fromFile, '..'), join(root, file)).replace(/\.ts$/, '');
  return path.startsWith('.') ? path : `./${path}`;
}

const forbidden: Record<string, string[]> = {
  'src/core': ['src/extension', 'src/cli', 'src/engine', 'webview', 'test'],
  'src/protocol': ['src/extension', 'src/cli', 'src/engine', 'webview', 'test'],
  'src/engine': ['src/extension', 'src/cli', 'webview', 'test'],
  'src/cli': ['src/extension', 'webview', 'test'],
  'src/extension': ['src/cli', 'webview', 'test'],
  webview: ['src/extension', 'src/cli', 'src/engine', 'src/core', 'test'],
};

const allowed: Record<string, string[]> = {
  'src/core': ['src/protocol', 'src/core'],
  'src/engine': ['src/core', 'src/protocol'],
  'src/cli': ['src/core', 'src/protocol'],
  'src/extension': ['src/core', 'src/protocol'],
  webview: ['src/protocol'],
};

describe('the direction of imports', () => {
  for (const [folder, targets] of Object.entries(forbidden)) {
    for (const target of targets) {
      it(`keeps ${folder} from importing ${target}`, async () => {
        const path = `${folder}/lint-probe.ts`;
        assert.deepEqual(await broken(path, moduleOf(target, path)), ['import-x/no-restricted-paths']);
      });
    }
  }

  for (const [folder, targets] of Object.entries(allowed)) {
    it(`lets ${folder} import ${targets.join(' and ')}`, async () => {
      const path = `${folder}/lint-probe.ts`;
      for (const target of targets) assert.deepEqual(await broken(path, moduleOf(target, path)), [], target);
    });
  }
});

describe('modules with one home', () => {
  const homes: [imported: string, home: string, elsewhere: string[]][] = [
    ['vscode', 'src/extension', ['src/core', 'src/protocol', 'src/engine', 'src/cli', 'webview/run', 'webview/ui']],
    ['chart.js', 'webview/charts', ['src/core', 'src/extension', 'webview/run', 'webview/ui', 'webview']],
    ['chart.js/auto', 'webview/charts', ['src/extension', 'webview/run']],
    ['@vscode/webview-ui-toolkit', 'webview/ui', ['src/core', 'src/extension', 'webview/run', 'webview/charts']],
    ['@vscode/webview-ui-toolkit/dist/button', 'webview/ui', ['webview/run', 'webview/charts']],
  ];
  for (const [imported, home, elsewhere] of homes) {
    it(`lets ${home} import ${imported}`, async () => {
      assert.deepEqual(await broken(`${home}/lint-probe.ts`, imported), []);
    });
    for (const folder of elsewhere) {
      it(`keeps ${folder} from importing ${imported}`, async () => {
        assert.deepEqual(await broken(`${folder}/lint-probe.ts`, imported), ['no-restricted-imports']);
      });
    }
  }
});

describe('rules of the core', () => {
  for (const [source, rule] of [
    ["console.log('x');\n", 'no-console'],
    ['process.exit(1);\n', 'no-restricted-properties'],
    ['export default 1;\n', 'import-x/no-default-export'],
    ['export const a: any = 1;\n', '@typescript-eslint/no-explicit-any'],
    ['try {\n  JSON.parse("");\n} catch {}\n', 'no-empty'],
  ] as const) {
    it(`include ${rule}`, async () => {
      const [result] = await eslint.lintText(source, { filePath: join(root, 'src/core/lint-probe.ts') });
      assert.ok(
        result?.messages.some((message) => message.ruleId === rule),
        JSON.stringify(result?.messages),
      );
    });
  }
});
