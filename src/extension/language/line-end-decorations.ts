import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import { affects, inlineResults } from '../config';
import { asImageUri } from './distribution-svg';
import { gutterSvg } from './gutter-icons';
import { NOT_PASSED, STATES, type ItemState } from './item-state';
import { lineEnds, type LineEnd } from './line-ends';
import type { DocumentStatuses, DocumentStatusModel } from './statuses';

/** Of text: the colours of icons of tests are the same in every theme, and hardly legible as letters on white. */
const COLOR: Record<ItemState, string> = {
  passed: 'charts.green',
  failed: 'editorError.foreground',
  error: 'editorError.foreground',
  warning: 'editorWarning.foreground',
  inconclusive: 'editorWarning.foreground',
  running: 'descriptionForeground',
  skipped: 'disabledForeground',
  stale: 'disabledForeground',
  noted: 'descriptionForeground',
};

/** From here on only what is in view is drawn, and some lines around it: each line is work for the window. */
const MANY_LINES = 500;
const AROUND_VIEW = 150;

/** Between the end of a line and what is said behind it. */
const GAP = '3ch';
/** VS Code leaves this much before a mark of its own, in px. */
const MARK_GAP_PX = 20;

/** What VS Code itself draws behind the ends of lines; see `testing/test-marks`. */
export interface Marks {
  widthPx(file: string, line: number, pointers: readonly string[]): number;
}

interface StateTypes {
  text: vscode.TextEditorDecorationType;
  gutter: vscode.TextEditorDecorationType;
}

/** Draws the line ends, and the icons beside the line numbers, in every visible editor of an eval file; only what has changed. */
export class LineEndDecorations implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly types: Record<ItemState, StateTypes>;
  /** What each editor shows, as text, so that it is not drawn again. */
  private readonly drawn = new WeakMap<vscode.TextEditor, string>();
  /** The lines of statuses, which are asked for again with every scroll. */
  private readonly lines = new WeakMap<DocumentStatuses, LineEnd[]>();

  constructor(
    private readonly model: DocumentStatusModel,
    private readonly marks: Marks,
  ) {
    this.types = Object.fromEntries(STATES.map((state) => [state, this.typesOf(state)])) as Record<
      ItemState,
      StateTypes
    >;
    this.store.add(model.onDidChange(({ parsed }) => this.redraw(parsed.uri.toString())));
    this.store.add(
      vscode.window.onDidChangeVisibleTextEditors((editors) => {
        for (const editor of editors) this.drawEditor(editor);
      }),
    );
    this.store.add(vscode.window.onDidChangeTextEditorVisibleRanges(({ textEditor }) => this.drawEditor(textEditor)));
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (!affects(event, 'inlineResults')) return;
        for (const editor of vscode.window.visibleTextEditors) this.drawEditor(editor);
      }),
    );
  }

  /** The line ends of a file as they are shown, whether or not it is visible. */
  linesOf(uri: vscode.Uri): LineEnd[] {
    const known = this.model.get(uri);
    return known === undefined ? [] : this.shownLines(known);
  }

  dispose(): void {
    this.store.dispose();
  }

  private typesOf(state: ItemState): StateTypes {
    const icon = (theme: 'light' | 'dark'): vscode.ThemableDecorationRenderOptions => ({
      gutterIconPath: vscode.Uri.parse(asImageUri(gutterSvg(state, theme)), true),
    });
    return {
      text: this.store.add(
        vscode.window.createTextEditorDecorationType({
          rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
          after: { color: new vscode.ThemeColor(COLOR[state]), margin: `0 0 0 ${GAP}` },
        }),
      ),
      gutter: this.store.add(
        vscode.window.createTextEditorDecorationType({
          rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed,
          gutterIconSize: '75%',
          light: icon('light'),
          dark: icon('dark'),
        }),
      ),
    };
  }

  private shownLines(statuses: DocumentStatuses): LineEnd[] {
    const mode = inlineResults();
    if (mode === 'off') return [];
    let lines = this.lines.get(statuses);
    if (lines === undefined) {
      lines = lineEnds(statuses.statuses);
      this.lines.set(statuses, lines);
    }
    return mode === 'all' ? lines : lines.filter(({ state }) => NOT_PASSED.has(state));
  }

  /** Draws what has changed of a file (a URI). */
  redraw(file: string): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (editor.document.uri.toString() === file) this.drawEditor(editor);
    }
  }

  private drawEditor(editor: vscode.TextEditor): void {
    const { document } = editor;
    const known = this.model.get(document.uri);
    if (known === undefined) return;
    // Lines of an older text would be somebody else's; the parse that is on its way draws again.
    if (known.parsed.version !== document.version) return;
    const lines = inView(this.shownLines(known), editor.visibleRanges).filter(({ line }) => line < document.lineCount);
    const file = document.uri.toString();
    const hasMarks = vscode.workspace.getConfiguration('testing').get('gutterEnabled') !== false;
    // An edit takes the mark of a result away, as it makes the result stale.
    const markPx = ({ line, state, statuses }: LineEnd): number =>
      hasMarks && state !== 'stale'
        ? this.marks.widthPx(
            file,
            line,
            statuses.map(({ node }) => node.pointer),
          )
        : 0;
    const picture = JSON.stringify([
      known.parsed.version,
      lines.map((item) => [item.line, item.state, item.text, markPx(item)]),
    ]);
    if (this.drawn.get(editor) === picture) return;
    this.drawn.set(editor, picture);
    for (const state of STATES) {
      const own = lines.filter((item) => item.state === state);
      editor.setDecorations(
        this.types[state].text,
        own.map((item): vscode.DecorationOptions => {
          const { end } = document.lineAt(item.line).range;
          const px = markPx(item);
          const margin = px === 0 ? {} : { margin: `0 0 0 calc(${MARK_GAP_PX + px}px + ${GAP})` };
          return { range: new vscode.Range(end, end), renderOptions: { after: { contentText: item.text, ...margin } } };
        }),
      );
      editor.setDecorations(
        this.types[state].gutter,
        own.filter(hasGutterIcon).map(({ line }) => new vscode.Range(line, 0, line, 0)),
      );
    }
  }
}

/** Cases and stages are tests, whose icons the editor draws itself: a second one would hide the first. */
function hasGutterIcon({ statuses, state }: LineEnd): boolean {
  return state !== 'noted' && !statuses.some(({ node }) => node.kind === 'case' || node.kind === 'stage');
}

function inView(lines: LineEnd[], ranges: readonly vscode.Range[]): LineEnd[] {
  if (lines.length <= MANY_LINES) return lines;
  return lines.filter(({ line }) =>
    ranges.some(({ start, end }) => line >= start.line - AROUND_VIEW && line <= end.line + AROUND_VIEW),
  );
}
