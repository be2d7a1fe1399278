// Runs in the extension host of a test window and does what the test asks for over a local socket, one JSON line per
// request and per answer. The browser cannot do it: VS Code on the web does not notice a settings file that changed on disk.
'use strict';
const { connect } = require('node:net');
const { createInterface } = require('node:readline');
const vscode = require('vscode');

const methods = {
  executeCommand: (id, ...args) => vscode.commands.executeCommand(id, ...args),
  updateSetting: (name, value) =>
    vscode.workspace.getConfiguration().update(name, value ?? undefined, vscode.ConfigurationTarget.Global),
  openFile: async (path, line) => {
    const position = new vscode.Position(line, 0);
    const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
    await vscode.window.showTextDocument(document, { preview: false, selection: new vscode.Range(position, position) });
  },
};

exports.activate = function activate(context) {
  const path = process.env.PROMPTRIG_DRIVER_SOCKET;
  if (!path) throw new Error('PROMPTRIG_DRIVER_SOCKET is set by the test that opens the window; it is missing.');
  const socket = connect(path);
  context.subscriptions.push({ dispose: () => socket.destroy() });
  createInterface({ input: socket }).on('line', (line) => {
    const { id, method, args } = JSON.parse(line);
    const answer = (result) => socket.write(`${JSON.stringify({ id, ...result })}\n`);
    Promise.resolve()
      .then(() => methods[method](...args))
      .then(
        () => answer({}),
        (error) => answer({ error: String(error) }),
      );
  });
};
