import tseslint from 'typescript-eslint';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';

/** The one direction in which folders may import each other; see CONTRIBUTING.md, "Layout". */
const zones = [
  { target: './src/core', from: ['./src/extension', './src/cli', './src/engine', './webview', './test'] },
  { target: './src/protocol', from: ['./src/extension', './src/cli', './src/engine', './webview', './test'] },
  { target: './src/engine', from: ['./src/extension', './src/cli', './webview', './test'] },
  { target: './src/cli', from: ['./src/extension', './webview', './test'] },
  { target: './src/extension', from: ['./src/cli', './webview', './test'] },
  { target: './webview', from: ['./src/extension', './src/cli', './src/engine', './src/core', './test'] },
];

const projects = [
  './tsconfig.json',
  './webview/tsconfig.json',
  './test/webview/tsconfig.json',
  './test/ui/tsconfig.json',
];

/** Modules that have one home; what lies below them (`chart.js/auto`) as well. */
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });
const vscode = { regex: '^vscode$', message: 'Only src/extension may import vscode.' };
const chart = { regex: '^chart\\.js(/|$)', message: 'Only webview/charts may import chart.js.' };
const toolkit = {
  regex: '^@vscode/webview-ui-toolkit(/|$)',
  message: 'Only webview/ui may import the toolkit.',
};

export default tseslint.config(
  { ignores: ['dist/**', 'out/**', 'node_modules/**', '.vscode-test/**', '.cache/**', 'screenshots/**'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { project: projects, tsconfigRootDir: import.meta.dirname },
    },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.mjs', '.cjs', '.js', '.json'] })],
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': ['error', { zones }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/protocol/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Core never ends its host process.' },
      ],
    },
  },
  {
    files: ['src/core/**/*.ts', 'src/protocol/**/*.ts', 'src/engine/**/*.ts', 'src/cli/**/*.ts'],
    rules: restrict(vscode, chart, toolkit),
  },
  { files: ['webview/**/*.ts'], rules: restrict(vscode, chart, toolkit) },
  { files: ['webview/charts/**/*.ts'], rules: restrict(vscode, toolkit) },
  { files: ['webview/ui/**/*.ts'], rules: restrict(vscode, chart) },
  { files: ['src/extension/**/*.ts'], rules: restrict(chart, toolkit) },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-unused-expressions': 'off' },
  },
);
