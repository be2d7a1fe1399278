import * as vscode from 'vscode';
import { PICTURE_PALETTES } from './distribution-svg';
import { HOVER_COMMANDS, type LinkContext } from './hover-links';
import { parts } from '../parts/load';
import type { DocumentStatusModel } from './statuses';

/** What the format says about a word; see `features/documentation`. */
export interface WordDocumentation {
  at(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): { markdown: vscode.MarkdownString; range: vscode.Range } | undefined;
}

/**
 * The questions behind a line's end: value, limit, interval, sample, distribution, definition, answer. What the format says about
 * the word under the pointer follows: of two hovers the editor would decide which comes first.
 */
export class ResultHover implements vscode.HoverProvider {
  constructor(
    private readonly model: DocumentStatusModel,
    private readonly documentation: WordDocumentation,
    private readonly links: (uri: vscode.Uri) => LinkContext,
  ) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const documented = this.documentation.at(document, position);
    const results = this.results(document, position, documented?.markdown.value ?? '');
    if (documented === undefined) {
      return results === undefined ? undefined : new vscode.Hover(results, document.lineAt(position.line).range);
    }
    const contents = results === undefined ? [documented.markdown] : [results, documented.markdown];
    return new vscode.Hover(contents, documented.range);
  }

  private results(
    document: vscode.TextDocument,
    position: vscode.Position,
    explained: string,
  ): vscode.MarkdownString | undefined {
    const known = this.model.get(document.uri);
    if (known === undefined || known.parsed.version !== document.version) return undefined;
    const statuses = known.statuses.filter((status) => status.node.anchor.start.line === position.line);
    if (statuses.length === 0) return undefined;
    const palette = paletteOf(vscode.window.activeColorTheme.kind);
    const context = { links: this.links(document.uri), palette, explained };
    const text = statuses.map((status) => parts().hoverMarkdown(status, context)).join('\n\n---\n\n');
    const markdown = new vscode.MarkdownString(text, true);
    // Our own links and no others; no HTML, since answers of a model are part of it.
    markdown.isTrusted = { enabledCommands: HOVER_COMMANDS };
    return markdown;
  }
}

function paletteOf(kind: vscode.ColorThemeKind): (typeof PICTURE_PALETTES)[keyof typeof PICTURE_PALETTES] {
  switch (kind) {
    case vscode.ColorThemeKind.Light:
      return PICTURE_PALETTES.light;
    case vscode.ColorThemeKind.Dark:
      return PICTURE_PALETTES.dark;
    case vscode.ColorThemeKind.HighContrast:
      return PICTURE_PALETTES['high-contrast'];
    case vscode.ColorThemeKind.HighContrastLight:
      return PICTURE_PALETTES['high-contrast-light'];
  }
}
