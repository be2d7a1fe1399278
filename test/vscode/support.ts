import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExtensionExports, TestApi } from '../../src/extension/test-api';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import type { LineEnd } from '../../src/extension/language/line-ends';

/** Waits at most this long for something to show: a busy machine is slow, not wrong. */
const PATIENCE_MS = 30_000;

export async function activated(): Promise<TestApi> {
  const extension = vscode.extensions.getExtension<ExtensionExports>('promptrig.promptrig');
  assert.ok(extension, 'the extension is not installed');
  const { testApi } = await extension.activate();
  assert.ok(testApi, 'the extension does not know that it is tested');
  return testApi;
}

export function workspaceFile(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'the test window has no folder');
  return vscode.Uri.joinPath(folder.uri, name);
}

/** Writes a file into the workspace and opens it in an editor. */
export async function openFile(name: string, text: string): Promise<vscode.TextEditor> {
  const uri = workspaceFile(name);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text));
  const document = await vscode.workspace.openTextDocument(uri);
  // An editor that was open on an older text of the same name follows the disk only after a while.
  await until('the editor shows the new text', () => document.getText() === text);
  return vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, preview: false });
}

/** Polls until `condition` holds or gives something; the last failure is the reason when it never does. */
export async function until<T>(what: string, condition: () => T | Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > endMs) throw new Error(`Waited ${patienceMs / 1000} s in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs a command that starts a run, and waits for its end. */
export async function runAndWait(command: string, ...args: unknown[]): Promise<RunEnd> {
  const end = await vscode.commands.executeCommand<RunEnd | undefined>(command, ...args);
  assert.ok(end, `${command} did not run anything`);
  return end;
}

export async function closeEverything(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** The end of the first line that contains `text`. */
export function lineEndOf(api: TestApi, document: vscode.TextDocument, text: string): LineEnd | undefined {
  const line = lineOf(document, text);
  return api.lineEnds(document.uri).find((item) => item.line === line);
}

export function lineOf(document: vscode.TextDocument, text: string): number {
  for (let line = 0; line < document.lineCount; line++) {
    if (document.lineAt(line).text.includes(text)) return line;
  }
  throw new Error(`No line contains ${text}.`);
}

export async function codeLenses(uri: vscode.Uri): Promise<vscode.CodeLens[]> {
  return vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri, 200);
}

/** A small file that runs in two seconds: one case passes, one fails, one SLO is met and one is missed by far. */
export const FAST = `name: Fast
endpoints:
  - name: fast
    api: sim
    sim:
      ttft: 60ms
      itl: 3ms
      jitter: 0
      answer: script
      script:
        - { match: return, answer: You have 30 days. }
        - { match: ship, answer: It arrives on Monday. }
prompt: "Question: {{ question }}"
cases:
  - name: returns
    vars: { question: How do I return it? }
    assert:
      - contains: 30 days
  - name: shipping
    vars: { question: When does it ship? }
    assert:
      - contains: Friday
load:
  - name: trickle
    pattern: constant
    rate: 10/s
    duration: 2s
slo:
  - quality.pass_rate >= 40%
  - ttft.p50 <= 2ms
`;
