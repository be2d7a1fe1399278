import * as vscode from 'vscode';
import { kindOf } from '../../core/spec/discover';
import type { EvalDocument } from '../../core/spec/parse';
import { systemClock } from '../../core/util/clock';
import { DisposableStore } from '../../core/util/disposable';
import { atOnce, type Work } from '../../core/util/work';
import type { UserEndpoints } from '../endpoints/user-endpoints';
import { specBundle } from '../spec/load';
import { NO_FILES, type FileInputs } from './file-inputs';
import { ParseQueue } from './parse-queue';
import type { ReferencedFiles } from './referenced-files';
import { surveyOf, type Survey } from './survey';
import { valueHashOf } from './value-hash';
import type { WorkspaceFiles } from './workspace-files';

/** A document as it was at one version. */
export interface ParsedDocument {
  uri: vscode.Uri;
  version: number;
  text: string;
  document: EvalDocument;
  survey: Survey;
}

const DEBOUNCE_MS = 150;
/** Large files are parsed less often: the extension host is shared with every other extension. */
const LARGE_DEBOUNCE_MS = 1_000;
const LARGE_CHARACTERS = 500_000;

/** Whether a document is one of ours, by its name. */
export function isEvalDocument(document: vscode.TextDocument): boolean {
  return document.uri.scheme !== 'git' && kindOf(document.uri.path) !== null;
}

/**
 * The open eval files, parsed once per version. Surfaces read `get`, which never parses, and redraw on `onDidParse`; what the
 * editor asks for after an edit waits with `latest`. Only what a person has set off (a run) calls `current`, which parses at
 * once: while somebody types, a long file is parsed in slices between which everything else has its turn.
 */
export class EvalDocuments implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly parsed = new Map<string, ParsedDocument>();
  private readonly queue = new ParseQueue({
    clock: systemClock,
    rest: (callback) => {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    },
  });
  /** Documents whose text is the same, but not what it refers to. */
  private readonly outdated = new Set<string>();
  /** Documents that VS Code still keeps, though their files are gone and no editor shows them. */
  private readonly gone = new Set<string>();
  private readonly didParse = this.store.add(new vscode.EventEmitter<ParsedDocument>());
  private readonly didClose = this.store.add(new vscode.EventEmitter<vscode.Uri>());

  readonly onDidParse = this.didParse.event;
  readonly onDidClose = this.didClose.event;

  constructor(
    private readonly workspaceFiles: WorkspaceFiles,
    private readonly userEndpoints: UserEndpoints,
    private readonly referenced: ReferencedFiles,
  ) {
    const outdate = (folder?: vscode.WorkspaceFolder): void => {
      for (const document of vscode.workspace.textDocuments) {
        if (folder !== undefined && vscode.workspace.getWorkspaceFolder(document.uri) !== folder) continue;
        this.outdated.add(document.uri.toString());
        this.schedule(document, 0);
      }
    };
    this.store.add(workspaceFiles.onDidChange(outdate));
    this.store.add(userEndpoints.onDidChange(() => outdate()));
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => outdate()));
    this.store.add(
      referenced.onDidChange((uris) => {
        for (const document of vscode.workspace.textDocuments) {
          if (!uris.has(document.uri.toString())) continue;
          this.outdated.add(document.uri.toString());
          this.schedule(document, 0);
        }
      }),
    );
    this.store.add(vscode.workspace.onDidOpenTextDocument((document) => this.schedule(document, 0)));
    this.store.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        // A text that changes is read again from a file that is there again.
        this.gone.delete(document.uri.toString());
        const length = this.parsed.get(document.uri.toString())?.text.length ?? 0;
        this.schedule(document, length > LARGE_CHARACTERS ? LARGE_DEBOUNCE_MS : DEBOUNCE_MS);
      }),
    );
    this.store.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.gone.delete(uri.toString());
        this.close(uri);
      }),
    );
    // Off the activation path: parsing starts once `activate` has returned.
    for (const document of vscode.workspace.textDocuments) this.schedule(document, 0);
  }

  /** The last parse of an open document, which may be older than its text by the debounce. */
  get(uri: vscode.Uri): ParsedDocument | undefined {
    return this.parsed.get(uri.toString());
  }

  /** The document as it is now. */
  current(document: vscode.TextDocument): ParsedDocument {
    const key = document.uri.toString();
    this.gone.delete(key);
    const known = this.parsed.get(key);
    if (known !== undefined && known.version === document.version && !this.outdated.delete(key)) return known;
    this.queue.cancel(key);
    const parsed = atOnce(this.work(document));
    this.take(parsed);
    return parsed;
  }

  /**
   * The document as it is now, once it has been parsed by itself, which is soon. Undefined where it is changed or closed
   * meanwhile, or nobody waits any more.
   */
  latest(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<ParsedDocument | undefined> {
    const key = document.uri.toString();
    const { version } = document;
    const known = this.parsed.get(key);
    if (known?.version === version) return Promise.resolve(known);
    if (document.isClosed || token.isCancellationRequested) return Promise.resolve(undefined);
    this.gone.delete(key);
    if (!this.queue.has(key)) this.schedule(document, 0);
    return new Promise((resolve) => {
      const store = new DisposableStore();
      const end = (parsed: ParsedDocument | undefined): void => {
        store.dispose();
        resolve(parsed);
      };
      store.add(token.onCancellationRequested(() => end(undefined)));
      store.add(
        this.onDidParse((parsed) => {
          if (parsed.uri.toString() !== key || parsed.version < version) return;
          end(parsed.version === version ? parsed : undefined);
        }),
      );
      // Of a text that has never been parsed only the editor tells that it is closed.
      const closed = (uri: vscode.Uri): void => {
        if (uri.toString() === key) end(undefined);
      };
      store.add(this.onDidClose(closed));
      store.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => closed(uri)));
    });
  }

  /** The document as it is now, with what the files hold that it refers to. */
  async settled(document: vscode.TextDocument): Promise<ParsedDocument> {
    this.current(document);
    await this.referenced.settled(document.uri.toString());
    return this.current(document);
  }

  /**
   * A file, or a folder with its files, is gone. VS Code keeps a document for minutes after its last editor has closed, and would
   * have us show tests and problems of a file that is no more. What is still in a tab can be saved again, and stays.
   */
  deleted(uri: vscode.Uri): void {
    const key = uri.toString();
    const gone = [...this.parsed.values()].filter(({ uri: own }) => `${own.toString()}/`.startsWith(`${key}/`));
    if (gone.length === 0) return;
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const shown = new Set(
      tabs.flatMap(({ input }) => (input instanceof vscode.TabInputText ? [input.uri.toString()] : [])),
    );
    for (const { uri: own } of gone) {
      if (shown.has(own.toString())) continue;
      this.close(own);
      this.gone.add(own.toString());
    }
  }

  get all(): ParsedDocument[] {
    return [...this.parsed.values()];
  }

  dispose(): void {
    this.queue.dispose();
    this.store.dispose();
  }

  private schedule(document: vscode.TextDocument, delayMs: number): void {
    if (!isEvalDocument(document)) return;
    this.queue.later(document.uri.toString(), delayMs, () => this.parsing(document));
  }

  private *parsing(document: vscode.TextDocument): Work<void> {
    const key = document.uri.toString();
    if (document.isClosed || this.gone.has(key)) return;
    const known = this.parsed.get(key);
    if (known?.version === document.version && !this.outdated.has(key)) return;
    const parsed = yield* this.work(document);
    // Whoever redraws has a slice to do it in.
    yield 'long';
    this.take(parsed);
  }

  private work(document: vscode.TextDocument): Work<ParsedDocument> {
    const key = document.uri.toString();
    return parseWork(
      document.uri,
      document.getText(),
      document.version,
      this.workspaceFiles.known(document.uri),
      this.userEndpoints.usable,
      (result) => this.filesOf(key, result),
    );
  }

  private take(parsed: ParsedDocument): void {
    const key = parsed.uri.toString();
    this.outdated.delete(key);
    this.parsed.set(key, parsed);
    this.didParse.fire(parsed);
  }

  private close(uri: vscode.Uri): void {
    const key = uri.toString();
    this.queue.cancel(key);
    this.referenced.release(key);
    if (this.parsed.delete(key)) this.didClose.fire(uri);
  }

  /** Nothing is looked at that an untrusted file names: on some systems a path alone makes the machine log in somewhere. */
  private filesOf(key: string, document: EvalDocument): FileInputs {
    if (!vscode.workspace.isTrusted || !key.startsWith('file:')) return NO_FILES;
    return this.referenced.follow(key, specBundle().fileReferences(document));
  }
}

/** Parses text as the file at `uri`, at once, and without what other files say. */
export function parseText(uri: vscode.Uri, text: string, version: number): ParsedDocument {
  return atOnce(parseWork(uri, text, version, undefined, [], () => NO_FILES));
}

/**
 * Parses text as the file at `uri`, in steps.
 * @param shared the folder's shared settings; undefined where they are not known, and references are not checked
 * @param userEndpoints of the person's settings, which the file may name as well
 * @param filesOf what is known of the files that it refers to
 */
function* parseWork(
  uri: vscode.Uri,
  text: string,
  version: number,
  shared: { document: EvalDocument | undefined } | undefined,
  userEndpoints: readonly { name: string }[],
  filesOf: (document: EvalDocument) => FileInputs,
): Work<ParsedDocument> {
  const document = yield* specBundle().evalFileWork(
    text,
    uri.fsPath,
    shared === undefined ? undefined : { workspace: shared.document, userEndpoints },
  );
  yield 'short';
  const files = filesOf(document);
  yield 'long';
  return { uri, version, text, document, survey: surveyOf(document, valueHashOf(document), files) };
}
