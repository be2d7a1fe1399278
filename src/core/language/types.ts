/** What the language features are asked with and answer. Plain data: the editor's types are made of it by its adapters. */
import type { ApiKind } from '../../protocol/plan';
import type { TextEdit, TextRange } from '../spec/document';
import type { EvalDocument } from '../spec/parse';

export type Awaitable<T> = T | Promise<T>;

/** An endpoint that a file can name. */
export interface KnownEndpoint {
  name: string;
  api?: ApiKind;
  url?: string;
  model?: string;
}

export interface FolderEntry {
  name: string;
  isFolder: boolean;
}

/** What a file refers to beyond itself; each part may be missing, and what depends on it is then not offered. */
export interface LanguageContext {
  /** `promptrig.yaml`. */
  workspace?: EvalDocument;
  /** Endpoints of the user's settings. */
  userEndpoints?: readonly KnownEndpoint[];
  /** Models that an endpoint is known to serve. */
  models?(endpoint: Omit<KnownEndpoint, 'model'>): Awaitable<readonly string[]>;
  /** Content of a folder, by its absolute path; undefined where it cannot be read. */
  listFolder?(path: string): Awaitable<readonly FolderEntry[] | undefined>;
  /** Names of the columns of a dataset, by its absolute path; undefined where they are not known. */
  datasetColumns?(path: string): Awaitable<readonly string[] | undefined>;
  /** Text of a file, by its absolute path; undefined where it cannot be read. */
  readText?(path: string): Awaitable<string | undefined>;
}

export type CompletionKind =
  | 'key'
  | 'value'
  | 'endpoint'
  | 'model'
  | 'preset'
  | 'metric'
  | 'assertion'
  | 'variable'
  | 'filter'
  | 'tag'
  | 'column'
  | 'file'
  | 'folder'
  | 'alias';

export interface Completion {
  label: string;
  kind: CompletionKind;
  /** A few words beside the label. */
  detail?: string;
  /** Markdown. */
  documentation?: string;
  /**
   * A snippet in the syntax of VS Code. Lines behind the first are indented against the blanks at the start of the line that
   * it is inserted in.
   */
  snippet: string;
  /** Is replaced by it; on one line, and the cursor in it. */
  range: TextRange;
  /** What the typed text is matched with, where that is not the label. */
  filterText?: string;
  /** Items are shown in the order of these. */
  sortText: string;
  /** Completion goes on where the insertion ends. */
  retrigger: boolean;
  /** `schema`: an editor that knows the JSON Schema offers it, too. */
  source: 'schema' | 'context';
}

export interface HoverText {
  /** Markdown. */
  markdown: string;
  range: TextRange;
  source: 'schema' | 'context';
}

/** A place in a file. */
export interface FileLocation {
  path: string;
  range: TextRange;
}

export interface Definition extends FileLocation {
  /** What was asked about, in the file that was asked. */
  origin: TextRange;
}

export interface FileLink {
  range: TextRange;
  /** Absolute. */
  path: string;
}

export interface FileEdits {
  path: string;
  edits: TextEdit[];
}

export type SymbolKind =
  'section' | 'prompt' | 'endpoint' | 'case' | 'turn' | 'assertion' | 'stage' | 'slo' | 'variable';

export interface DocumentSymbol {
  name: string;
  /** A few words beside the name. */
  detail: string;
  kind: SymbolKind;
  range: TextRange;
  /** Lies within `range`. */
  selection: TextRange;
  children: DocumentSymbol[];
}

export interface Fold {
  startLine: number;
  endLine: number;
  isComment: boolean;
}
