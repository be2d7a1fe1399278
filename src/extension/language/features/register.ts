import * as vscode from 'vscode';
import { DisposableStore } from '../../../core/util/disposable';
import type { EvalDocuments } from '../documents';
import type { WorkspaceFiles } from '../workspace-files';
import { EvalCompletion } from './completion';
import { Documentation } from './documentation';
import { LanguageTexts } from './language-texts';
import { EvalDefinitions, EvalFolding, EvalLinks, EvalSymbols } from './navigation';
import { SchemaNeighbour } from './schema-neighbour';
import { Surroundings } from './surroundings';
import { EvalVariables } from './variables';

/** Native files. Completion is asked for with every letter, and must not be in other YAML files. */
const NATIVE: readonly vscode.DocumentFilter[] = [
  { language: 'yaml', pattern: '**/*.{eval,workload}.{yaml,yml}' },
  { language: 'yaml', pattern: '**/promptrig.yaml' },
];

/** Files of other tools, which are read and never written. */
const IMPORTED: readonly vscode.DocumentFilter[] = [
  { language: 'yaml', pattern: '**/{,*.}promptfooconfig.{yaml,yml}' },
  { language: 'yaml', pattern: '**/*.promptfoo.{yaml,yml}' },
  { language: 'yaml', pattern: '**/*.prompt.{yaml,yml}' },
];

const SELECTOR: vscode.DocumentSelector = [...NATIVE, ...IMPORTED];

/** The language features of eval files, apart from what results add to them. */
export class LanguageFeatures implements vscode.Disposable {
  private readonly store = new DisposableStore();
  readonly neighbour = this.store.add(new SchemaNeighbour());
  readonly texts = this.store.add(new LanguageTexts());
  readonly surroundings: Surroundings;
  readonly documentation: Documentation;

  constructor(documents: EvalDocuments, workspaceFiles: WorkspaceFiles) {
    const { store, texts, neighbour } = this;
    const surroundings = new Surroundings(documents, workspaceFiles);
    this.surroundings = surroundings;
    this.documentation = new Documentation(texts, surroundings, neighbour);
    const { languages } = vscode;
    const completion = new EvalCompletion(texts, surroundings, neighbour);
    store.add(languages.registerCompletionItemProvider(NATIVE, completion, ...EvalCompletion.triggers));
    const definitions = new EvalDefinitions(texts, surroundings, neighbour);
    store.add(languages.registerDefinitionProvider(SELECTOR, definitions));
    store.add(languages.registerDocumentLinkProvider(SELECTOR, new EvalLinks(texts)));
    store.add(languages.registerDocumentSymbolProvider(SELECTOR, new EvalSymbols(texts, neighbour)));
    store.add(languages.registerFoldingRangeProvider(SELECTOR, new EvalFolding(texts, neighbour)));
    const variables = new EvalVariables(documents, texts, surroundings);
    store.add(languages.registerReferenceProvider(SELECTOR, variables));
    store.add(languages.registerRenameProvider(SELECTOR, variables));
  }

  dispose(): void {
    this.store.dispose();
  }
}
