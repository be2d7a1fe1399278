import * as vscode from 'vscode';
import type { DocumentSymbol, SymbolKind } from '../../../core/language/types';
import { languageBundle } from '../../spec/load';
import { toRange } from '../convert';
import { isEvalDocument } from '../documents';
import type { LanguageTexts } from './language-texts';
import type { SchemaNeighbour } from './schema-neighbour';
import { uriOf, type Surroundings } from './surroundings';

export class EvalDefinitions implements vscode.DefinitionProvider {
  constructor(
    private readonly texts: LanguageTexts,
    private readonly surroundings: Surroundings,
    private readonly neighbour: SchemaNeighbour,
  ) {}

  provideDefinition(document: vscode.TextDocument, position: vscode.Position): vscode.LocationLink[] {
    if (!isEvalDocument(document)) return [];
    const found = languageBundle().definitionAt(
      this.texts.get(document),
      document.offsetAt(position),
      this.surroundings.of(document.uri),
    );
    return found
      .filter(({ origin, path }) => !this.isTheirs(document, toRange(origin), path))
      .map(({ path, range, origin }) => ({
        targetUri: path === document.uri.fsPath ? document.uri : uriOf(document.uri, path),
        targetRange: toRange(range),
        originSelectionRange: toRange(origin),
      }));
  }

  /** Aliases are a matter of YAML, which another extension may know as well. */
  private isTheirs(document: vscode.TextDocument, origin: vscode.Range, path: string): boolean {
    const isAlias = document.getText(origin).startsWith('*') && path === document.uri.fsPath;
    return isAlias && this.neighbour.isActive;
  }
}

export class EvalLinks implements vscode.DocumentLinkProvider {
  constructor(private readonly texts: LanguageTexts) {}

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    if (!isEvalDocument(document)) return [];
    return languageBundle()
      .linksOf(this.texts.get(document))
      .map(({ range, path }) => {
        const link = new vscode.DocumentLink(toRange(range), uriOf(document.uri, path));
        link.tooltip = vscode.l10n.t('Open the file');
        return link;
      });
  }
}

const SYMBOLS: Readonly<Record<SymbolKind, vscode.SymbolKind>> = {
  section: vscode.SymbolKind.Namespace,
  prompt: vscode.SymbolKind.String,
  endpoint: vscode.SymbolKind.Interface,
  case: vscode.SymbolKind.Method,
  turn: vscode.SymbolKind.Event,
  assertion: vscode.SymbolKind.Boolean,
  stage: vscode.SymbolKind.Function,
  slo: vscode.SymbolKind.Constant,
  variable: vscode.SymbolKind.Variable,
};

export class EvalSymbols implements vscode.DocumentSymbolProvider {
  constructor(
    private readonly texts: LanguageTexts,
    private readonly neighbour: SchemaNeighbour,
  ) {}

  provideDocumentSymbols(document: vscode.TextDocument): vscode.DocumentSymbol[] {
    if (!isEvalDocument(document) || this.neighbour.isActive) return [];
    return languageBundle().symbolsOf(this.texts.get(document)).map(toSymbol);
  }
}

function toSymbol({ name, detail, kind, range, selection, children }: DocumentSymbol): vscode.DocumentSymbol {
  const symbol = new vscode.DocumentSymbol(name, detail, SYMBOLS[kind], toRange(range), toRange(selection));
  symbol.children = children.map(toSymbol);
  return symbol;
}

export class EvalFolding implements vscode.FoldingRangeProvider {
  constructor(
    private readonly texts: LanguageTexts,
    private readonly neighbour: SchemaNeighbour,
  ) {}

  provideFoldingRanges(document: vscode.TextDocument): vscode.FoldingRange[] | undefined {
    if (!isEvalDocument(document) || this.neighbour.isActive) return undefined;
    return languageBundle()
      .foldingOf(this.texts.get(document))
      .map(({ startLine, endLine, isComment }) =>
        isComment
          ? new vscode.FoldingRange(startLine, endLine, vscode.FoldingRangeKind.Comment)
          : new vscode.FoldingRange(startLine, endLine),
      );
  }
}
