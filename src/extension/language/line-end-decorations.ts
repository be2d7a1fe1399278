import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { affects, setting } from '../config';
import { lineEnds, type ItemState, type LineEnd } from './line-ends';
import type { DocumentStatusModel } from './statuses';

const COLOR: Record<ItemState, string> = {
  passed: 'testing.iconPassed',
  failed: 'testing.iconFailed',
  error: 'testing.iconErrored',
  warning: 'editorWarning.foreground',
  inconclusive: 'editorWarning.foreground',
  running: 'descriptionForeground',
  skipped: 'disabledForeground',
  stale: 'disabledForeground',
  noted: 'disabledForeground',
};

const STATES = Object.keys(COLOR) as ItemState[];

/** Draws the line ends in every visible editor of an eval file, and only what has changed. */
export class LineEndDecorations implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly types: Record<ItemState, vscode.TextEditorDecorationType>;
  /** What each editor shows, as text, so that it is not drawn again. */
  private readonly drawn = new WeakMap<vscode.TextEditor, string>();

  constructor(private readonly model: DocumentStatusModel) {
    this.types = Object.fromEntries(
      STATES.map((state) => [
        state,
        this.store.add(
          vscode.window.createTextEditorDecorationType({
            rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
            after: { color: new vscode.ThemeColor(COLOR[state]), margin: '0 0 0 3ch' },
          }),
        ),
      ]),
    ) as Record<ItemState, vscode.TextEditorDecorationType>;
    this.store.add(model.onDidChange(({ parsed }) => this.draw(parsed.uri)));
    this.store.add(
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) this.drawEditor(editor);
      }),
    );
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!affects(event, 'inlineResults')) return;
        for (const editor of vscode.window.visibleTextEditors) this.drawEditor(editor);
      }),
    );
  }

  /** The line ends of a file, whether or not it is visible. */
  linesOf(uri: vscode.Uri): LineEnd[] {
    return lineEnds(this.model.get(uri)?.statuses ?? []);
  }

  dispose(): void {
    this.store.dispose();
  }

  private draw(uri: vscode.Uri): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === uri.toString()) this.drawEditor(editor);
    }
  }

  private drawEditor(editor: vscode.TextEditor): void {
    const known = this.model.get(editor.document.uri);
    if (known === undefined) return;
    // Lines of an older text would be somebody else's; the parse that is on its way draws again.
    if (known.parsed.version !== editor.document.version) return;
    const lines = setting('inlineResults') ? lineEnds(known.statuses) : [];
    const picture = JSON.stringify([known.parsed.version, lines.map(({ line, state, text }) => [line, state, text])]);
    if (this.drawn.get(editor) === picture) return;
    this.drawn.set(editor, picture);
    for (const state of STATES) {
      const options = lines
        .filter((item) => item.state === state && item.line < editor.document.lineCount)
        .map((item): vscode.DecorationOptions => {
          const { end } = editor.document.lineAt(item.line).range;
          return { range: new vscode.Range(end, end), renderOptions: { after: { contentText: item.text } } };
        });
      editor.setDecorations(this.types[state], options);
    }
  }
}
