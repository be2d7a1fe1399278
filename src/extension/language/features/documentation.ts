import * as vscode from 'vscode';
import { languageBundle } from '../../spec/load';
import { toRange } from '../convert';
import { isEvalDocument } from '../documents';
import type { LanguageTexts } from './language-texts';
import type { SchemaNeighbour } from './schema-neighbour';
import type { Surroundings } from './surroundings';

/** What the format says about the word under the pointer; part of the hover that shows results. */
export class Documentation {
  constructor(
    private readonly texts: LanguageTexts,
    private readonly surroundings: Surroundings,
    private readonly neighbour: SchemaNeighbour,
  ) {}

  at(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): { markdown: vscode.MarkdownString; range: vscode.Range } | undefined {
    if (!isEvalDocument(document)) return undefined;
    const found = languageBundle().hoverAt(
      this.texts.get(document),
      document.offsetAt(position),
      this.surroundings.of(document.uri),
    );
    if (found === undefined || (found.source === 'schema' && this.neighbour.isActive)) return undefined;
    return { markdown: new vscode.MarkdownString(found.markdown), range: toRange(found.range) };
  }
}
