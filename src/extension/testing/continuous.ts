/** Runs on save: the cases that a saved file has changed, of what a person has switched on, and nothing else. */
import type { CancellationToken, TestItem, TestRunProfile, TestRunRequest } from 'vscode';
import type { Clock } from '../../core/util/clock';
import { DisposableStore, type Disposable } from '../../core/util/disposable';
import type { RunEnd } from '../engine/run-controller';
import type { RunOptions } from '../engine/run-preparation';
import type { ParsedDocument } from '../language/documents';
import { dependsOn, fingerprintsOf, type Fingerprints } from './fingerprints';
import type { TestLeaf, TestTree } from './test-tree';

/** Several files are often saved at once. */
const DEBOUNCE_MS = 300;

export interface ContinuousParts {
  tree: TestTree;
  /** Resolves when nothing is run or prepared. */
  idle: () => Promise<void>;
  runLeaves: (
    request: TestRunRequest,
    token: CancellationToken,
    leaves: TestLeaf[],
    options: Pick<RunOptions, 'quiet' | 'confirm'>,
  ) => Promise<RunEnd[]>;
  request: (include: TestItem[], profile: TestRunProfile | undefined) => TestRunRequest;
  /** Asks, once a session, whether runs that cost money may start by themselves. */
  confirm: NonNullable<RunOptions['confirm']>;
  /** The file as it is on disk; null where it cannot be read. */
  saved: (file: string) => Promise<ParsedDocument | null>;
  /** The pointers at which a parsed file refers to another one, by its absolute path. */
  referencesTo: (parsed: ParsedDocument, path: string) => string[];
  /** Whether the path is that of the settings that the file shares with others. */
  isSharedBy: (path: string, file: string) => boolean;
  onError: (error: unknown) => void;
  clock: Clock;
}

interface Session {
  request: TestRunRequest;
  token: CancellationToken;
}

export class ContinuousRuns implements Disposable {
  private readonly store = new DisposableStore();
  private readonly sessions = new Set<Session>();
  /** What each file said when its cases were last run, or when runs on save were switched on. */
  private readonly known = new Map<string, Fingerprints>();
  /** Absolute paths that have been saved and not been looked at. */
  private saved = new Set<string>();
  private cancelTimer: (() => void) | null = null;
  private working: Promise<void> | null = null;

  constructor(private readonly parts: ContinuousParts) {}

  /** Switched on, until the token is cancelled. Nothing runs before something is saved. */
  async start(request: TestRunRequest, token: CancellationToken): Promise<void> {
    const session: Session = { request, token };
    this.sessions.add(session);
    const listener = this.store.add(
      token.onCancellationRequested(() => {
        listener.dispose();
        this.sessions.delete(session);
        if (this.sessions.size === 0) this.known.clear();
      }),
    );
    for (const file of this.parts.tree.uris) await this.remember(file);
  }

  /** @param path absolute path of a file that has been saved */
  onSaved(path: string): void {
    if (this.sessions.size === 0) return;
    this.saved.add(path);
    this.cancelTimer?.();
    const { clock, onError } = this.parts;
    this.cancelTimer = clock.at(clock.nowMs() + DEBOUNCE_MS, () => {
      this.cancelTimer = null;
      this.work().catch(onError);
    });
  }

  dispose(): void {
    this.cancelTimer?.();
    this.store.dispose();
    this.sessions.clear();
  }

  /** Takes what was saved, again and again until nothing is left: what is saved while a run lasts follows it. */
  private async work(): Promise<void> {
    if (this.working !== null) return;
    this.working = (async () => {
      while (this.saved.size > 0 && this.sessions.size > 0) {
        await this.parts.idle();
        const saved = this.saved;
        this.saved = new Set();
        await this.runFor([...saved]);
      }
    })();
    try {
      await this.working;
    } finally {
      this.working = null;
    }
  }

  private async runFor(paths: readonly string[]): Promise<void> {
    const { tree, runLeaves, request: make, confirm } = this.parts;
    const affected: TestLeaf[] = [];
    const ran = new Map<string, Fingerprints>();
    for (const file of tree.uris) {
      const { leaves, fingerprints } = this.affectedOf(file, paths);
      affected.push(...leaves);
      if (fingerprints !== null) ran.set(file, fingerprints);
    }
    const taken = new Set<TestItem>();
    for (const { request, token } of [...this.sessions]) {
      const own = affected.filter(({ item }) => !taken.has(item) && includes(request, item, tree.data));
      for (const { item } of own) taken.add(item);
      if (own.length === 0 || token.isCancellationRequested) continue;
      const again = make(
        own.map(({ item }) => item),
        request.profile,
      );
      const ends = await runLeaves(again, token, own, { quiet: true, confirm });
      // What was refused, by a slip in the file say, is due until it has run.
      for (const end of ends) if (end.outcome === 'refused') ran.delete(end.request.uri.toString());
    }
    for (const [file, fingerprints] of ran) this.known.set(file, fingerprints);
  }

  /** The cases of a file that the saved files change; load stages are never run by a save. */
  private affectedOf(
    file: string,
    paths: readonly string[],
  ): { leaves: TestLeaf[]; fingerprints: Fingerprints | null } {
    const { tree, referencesTo, isSharedBy } = this.parts;
    const known = tree.file(file);
    const root = tree.fileItem(file);
    const nothing = { leaves: [], fingerprints: null };
    if (known?.parsed == null || root === undefined) return nothing;
    const { parsed } = known;
    const isOwn = paths.includes(known.uri.fsPath);
    const isShared = paths.some((path) => isSharedBy(path, file));
    const pointers = paths.flatMap((path) => referencesTo(parsed, path));
    if (!isOwn && !isShared && pointers.length === 0) return nothing;
    // What is wrong with it is in Problems; it is run when it is saved without.
    if (parsed.document.diagnostics.some(({ severity }) => severity === 'error')) {
      if (isShared || pointers.length > 0) this.known.delete(file);
      return nothing;
    }
    const now = fingerprintsOf(parsed);
    const before = this.known.get(file);
    const leaves = tree.leaves(root).filter(({ subject }) => {
      if (subject.kind === 'stage' || subject.kind === 'slos') return false;
      if (isShared || pointers.some((pointer) => dependsOn(pointer, subject, parsed))) return true;
      return isOwn && before?.(subject) !== now(subject);
    });
    return { leaves, fingerprints: now };
  }

  private async remember(file: string): Promise<void> {
    try {
      // Unsaved changes are still to be saved: they count as changes then.
      const parsed = await this.parts.saved(file);
      if (parsed !== null) this.known.set(file, fingerprintsOf(parsed));
    } catch (error) {
      this.parts.onError(error);
    }
  }
}

/** Whether a request includes an item. By what they stand for: an item that was made anew is the same test. */
function includes({ include, exclude = [] }: TestRunRequest, item: TestItem, data: TestTree['data']): boolean {
  const chain = new Set<TestItem | string>();
  for (let at: TestItem | undefined = item; at !== undefined; at = at.parent) chain.add(at).add(nameOf(at, data));
  const has = (items: readonly TestItem[]): boolean =>
    items.some((one) => chain.has(one) || chain.has(nameOf(one, data)));
  return (include === undefined || has(include)) && !has(exclude);
}

function nameOf(item: TestItem, data: TestTree['data']): string {
  return JSON.stringify(data.get(item));
}
