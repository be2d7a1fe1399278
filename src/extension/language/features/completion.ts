import * as vscode from 'vscode';
import type { Completion, CompletionKind } from '../../../core/language/types';
import { languageBundle } from '../../spec/load';
import { toRange } from '../convert';
import { isEvalDocument } from '../documents';
import type { LanguageTexts } from './language-texts';
import type { SchemaNeighbour } from './schema-neighbour';
import type { Surroundings } from './surroundings';

const KINDS: Readonly<Record<CompletionKind, vscode.CompletionItemKind>> = {
  key: vscode.CompletionItemKind.Property,
  value: vscode.CompletionItemKind.EnumMember,
  endpoint: vscode.CompletionItemKind.Reference,
  model: vscode.CompletionItemKind.Value,
  preset: vscode.CompletionItemKind.Constant,
  metric: vscode.CompletionItemKind.Unit,
  assertion: vscode.CompletionItemKind.Function,
  variable: vscode.CompletionItemKind.Variable,
  filter: vscode.CompletionItemKind.Method,
  tag: vscode.CompletionItemKind.Keyword,
  column: vscode.CompletionItemKind.Field,
  file: vscode.CompletionItemKind.File,
  folder: vscode.CompletionItemKind.Folder,
  alias: vscode.CompletionItemKind.Reference,
};

/** Goes on where an insertion ends, as the next thing to choose is known. */
const AGAIN: vscode.Command = { title: vscode.l10n.t('Suggest'), command: 'editor.action.triggerSuggest' };

export class EvalCompletion implements vscode.CompletionItemProvider {
  /**
   * YAML counts as text, in which VS Code suggests nothing by itself while one types; letters are asked for one by one instead of
   * changing that setting for every YAML file of the person.
   */
  static readonly triggers = [...'abcdefghijklmnopqrstuvwxyz', ' ', '{', '.', '/', '"', "'", '*', '['];

  constructor(
    private readonly texts: LanguageTexts,
    private readonly surroundings: Surroundings,
    private readonly neighbour: SchemaNeighbour,
  ) {}

  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    if (!isEvalDocument(document)) return [];
    const found = await languageBundle().completionsAt(
      this.texts.get(document),
      document.offsetAt(position),
      this.surroundings.of(document.uri),
    );
    // What the schema says is offered by the extension that it is contributed to.
    const own = this.neighbour.isActive ? found.filter(({ source }) => source === 'context') : found;
    return own.map(toItem);
  }
}

function toItem(completion: Completion): vscode.CompletionItem {
  const { label, kind, detail, documentation, snippet, range, filterText, sortText, retrigger } = completion;
  const item = new vscode.CompletionItem(detail === undefined ? label : { label, description: detail }, KINDS[kind]);
  item.insertText = new vscode.SnippetString(snippet);
  item.range = toRange(range);
  item.sortText = sortText;
  if (filterText !== undefined) item.filterText = filterText;
  // Plain: names and values of the file are part of it.
  if (documentation !== undefined) item.documentation = new vscode.MarkdownString(documentation);
  if (retrigger) item.command = AGAIN;
  return item;
}
