/**
 * Loads dist/extension.js as VS Code does, calls `activate` once and prints how long each took, in ms. VS Code's API is stood in
 * for by an object on which everything exists and does nothing: what is measured is our own code.
 */
const Module = require('node:module');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');

/** Anything: a namespace, a class, a function, a disposable. Not a promise, and nothing to iterate over. */
function anything() {
  const target = function () {};
  for (const own of ['name', 'length']) Object.defineProperty(target, own, { writable: true });
  return new Proxy(target, {
    get(of, key) {
      if (key === Symbol.toPrimitive) return () => '';
      if (key === Symbol.iterator) return () => [][Symbol.iterator]();
      if (key === 'then' || typeof key === 'symbol') return undefined;
      of[key] ??= key === 'prototype' ? {} : anything();
      return of[key];
    },
    apply: () => anything(),
    construct: () => anything(),
  });
}

const vscode = anything();
vscode.workspace.workspaceFolders = [];
vscode.workspace.textDocuments = [];
vscode.window.visibleTextEditors = [];
vscode.window.activeTextEditor = undefined;
vscode.workspace.getConfiguration = () => ({ get: (_key, fallback) => fallback, inspect: () => undefined });
vscode.extensions.getExtension = () => undefined;
vscode.extensions.all = [];
vscode.l10n.t = (message) => message;

// A bundle copies the names of a module and inherits the rest.
const vscodeModule = Object.create(vscode);

const load = Module._load;
Module._load = (request, ...rest) => (request === 'vscode' ? vscodeModule : load(request, ...rest));

const memento = { get: (_key, fallback) => fallback, update: () => Promise.resolve(), keys: () => [] };
const context = {
  subscriptions: [],
  secrets: anything(),
  workspaceState: memento,
  globalState: memento,
  extensionMode: 1,
  extension: { packageJSON: require(path.join(root, 'package.json')) },
  extensionUri: anything(),
  globalStorageUri: { fsPath: root },
  logUri: { fsPath: root },
  asAbsolutePath: (file) => path.join(root, file),
};

const startedMs = performance.now();
const { activate } = require(path.join(root, 'dist/extension.js'));
const loadedMs = performance.now();
activate(context);
const activatedMs = performance.now();
console.log(JSON.stringify({ loadMs: loadedMs - startedMs, activateMs: activatedMs - loadedMs }));
process.exit(0);
