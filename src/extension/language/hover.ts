import * as vscode from 'vscode';
import { hoverMarkdown } from './hover-text';
import type { DocumentStatusModel } from './statuses';

/** The questions behind a line's end: value, limit, interval, sample, definition, answer. */
export class ResultHover implements vscode.HoverProvider {
  constructor(private readonly model: DocumentStatusModel) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const known = this.model.get(document.uri);
    if (known === undefined || known.parsed.version !== document.version) return undefined;
    const statuses = known.statuses.filter((status) => status.node.anchor.start.line === position.line);
    if (statuses.length === 0) return undefined;
    const text = statuses.map(hoverMarkdown).join('\n\n---\n\n');
    // Plain: no command links and no HTML, since answers of a model are part of it.
    const markdown = new vscode.MarkdownString(text, true);
    return new vscode.Hover(markdown, document.lineAt(position.line).range);
  }
}
