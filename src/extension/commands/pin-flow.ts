/** Pinning a run as the baseline of its eval: what is asked before, what is said after. Knows no editor. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { pinBaselines, pinObjections } from '../../core/compare/pin-baselines';
import { pinChanges, type PinChange } from '../../core/compare/pin-change';
import { headsOf } from '../../core/compare/pinned-heads';
import { pinnedEval, pinnedFile, pinnedFolder } from '../../core/compare/pinned-path';
import { readPinned } from '../../core/compare/pinned-reader';
import { repinBaselines, unpinBaselines } from '../../core/compare/unpin-baselines';
import { readRun } from '../../core/results/store';
import { messageOf, PromptrigError } from '../../core/util/errors';
import type { BaselineFile } from '../../protocol/baseline';
import { formatValue } from '../../protocol/format';
import type { RunJson } from '../../protocol/run-json';
import { l10n } from '../l10n';
import type { Tell } from '../messages';

export interface PinFlowParts {
  tell: Tell;
  /** Asks before something is done that cannot be taken back; false where the person does not want it. */
  confirm: (question: string, detail: string, yes: string) => Promise<boolean>;
  showFiles: (files: string[]) => unknown;
  /** The workspace folder that a run, by its folder, belongs to; null outside of all. */
  rootOf: (dir: string) => string | null;
  /** Something is known of a run that was not before. */
  changed: (dir: string) => void;
}

/** A baseline that the run would take the place of. */
interface Earlier {
  target: string;
  /** Null where the file cannot be used as one. */
  file: BaselineFile | null;
  conflict: boolean;
  runs: string[];
  path: string;
}

const MOST_LINES = 8;

export class PinFlow {
  constructor(private readonly parts: PinFlowParts) {}

  /** Never rejects for what is wrong with the run, the baseline or the disk: the person is told. */
  async pin(dir: string): Promise<void> {
    const { tell, confirm, changed } = this.parts;
    const root = this.root(dir);
    if (root === null) return;
    try {
      const run = await readRun(dir);
      const objections = pinObjections(run);
      // Nothing but a run that goes on will be better in a while.
      if (run.status === 'running') throw new PromptrigError('unsupported', objections.join(' '));
      const earlier = await earlierOf(root, run);
      const made = earlier.filter(({ runs, conflict }) => !conflict && runs[0] === run.id);
      if (made.length > 0 && made.length === run.targets.length) {
        tell('info', l10n.t('"{0}" is the baseline of {1} already.', run.name, pinnedEval(root, run.source.path)), {
          [l10n.t('Show File')]: () => this.parts.showFiles(made.map((one) => one.path)),
        });
        return;
      }
      if (objections.length > 0) {
        const isMeant = await confirm(
          l10n.t('Pin "{0}" all the same? Later runs would be held against it.', run.name),
          objections.join('\n'),
          l10n.t('Pin Anyway'),
        );
        if (!isMeant) return;
      }
      if (earlier.length > 0) {
        const isMeant = await confirm(
          l10n.t('Replace the baseline of {0} by "{1}"?', pinnedEval(root, run.source.path), run.name),
          replacedText(earlier, run),
          l10n.t('Replace'),
        );
        if (!isMeant) return;
      }
      const { files, warnings } = await pinBaselines(dir, root, { force: objections.length > 0 });
      changed(dir);
      const said = l10n.t('"{0}" is the baseline of {1} now.', run.name, pinnedEval(root, run.source.path));
      const others = warnings.filter((warning) => !objections.includes(warning));
      tell(others.length > 0 ? 'warning' : 'info', [said, ...others].join(' '), {
        [l10n.t('Show File')]: () => this.parts.showFiles(files.map((file) => file.path)),
      });
    } catch (error) {
      if (!(error instanceof PromptrigError)) throw error;
      tell('error', l10n.t('The run was not pinned: {0}', adviceOf(error, root)));
    }
  }

  async unpin(dir: string): Promise<void> {
    const { tell, changed } = this.parts;
    const root = this.root(dir);
    if (root === null) return;
    try {
      const removed = await unpinBaselines(root, await runIdOf(dir));
      if (removed.length === 0) {
        tell('info', l10n.t('The run is not pinned.'));
        return;
      }
      changed(dir);
      tell('info', l10n.t('The run is no baseline any more.'), {
        [l10n.t('Undo')]: async () => {
          try {
            await repinBaselines(removed);
          } catch (error) {
            if (!(error instanceof PromptrigError)) throw error;
            tell('error', error.message);
          }
          changed(dir);
        },
      });
    } catch (error) {
      if (!(error instanceof PromptrigError)) throw error;
      tell('error', l10n.t('The run was not unpinned: {0}', adviceOf(error, root)));
    }
  }

  private root(dir: string): string | null {
    const root = this.parts.rootOf(dir);
    if (root === null) {
      this.parts.tell(
        'error',
        l10n.t(
          'The run belongs to no folder of this window, and its baseline would have to lie in one. Open the folder of its eval, and run it there.',
        ),
      );
    }
    return root;
  }
}

async function earlierOf(root: string, run: RunJson): Promise<Earlier[]> {
  const found: Earlier[] = [];
  for (const { id: target } of run.targets) {
    const file = pinnedFile(root, run.source.path, target);
    let text: string;
    try {
      text = await fs.readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw new PromptrigError('unreadable', `${file} could not be read: ${messageOf(error)}.`, { cause: error });
    }
    const heads = headsOf(file, text);
    const runs = heads.map((head) => head.run);
    found.push({
      target,
      file: usable(text, file),
      conflict: heads.some(({ conflict }) => conflict),
      runs,
      path: file,
    });
  }
  return found;
}

function usable(text: string, file: string): BaselineFile | null {
  try {
    return readPinned(text, file);
  } catch (error) {
    // Pinning again is what a damaged one is mended with.
    if (error instanceof PromptrigError) return null;
    throw error;
  }
}

/** What is lost and what comes in its place, a line a target. */
function replacedText(earlier: readonly Earlier[], run: RunJson): string {
  const lines = earlier.map(({ target, file, conflict }) => {
    if (conflict) return l10n.t('{0}: the file holds both sides of a merge; this run takes the place of both.', target);
    if (file === null) return l10n.t('{0}: the file there is no baseline that can be used.', target);
    const { at, commit } = file.pinned;
    const when = new Date(at).toLocaleString();
    const from = commit === null ? l10n.t('pinned {0}', when) : l10n.t('pinned {0} at {1}', when, commit.slice(0, 10));
    const changes = pinChanges(file, run).map(changeText);
    return `${target} (${from}): ${changes.length === 0 ? l10n.t('nothing in common') : changes.join(' · ')}`;
  });
  const more = lines.length - MOST_LINES;
  return [...lines.slice(0, MOST_LINES), ...(more > 0 ? [l10n.t('… and {0} more', more)] : [])].join('\n');
}

function changeText({ what, unit, before, now }: PinChange): string {
  const place = what.stage === null ? '' : ` (${what.stage})`;
  const name = `${what.label}${what.stat === null ? '' : ` ${what.stat}`}${place}`;
  const text = (value: number | null): string => (value === null ? l10n.t('none') : formatValue(value, unit));
  return `${name} ${text(before)} → ${text(now)}`;
}

async function runIdOf(dir: string): Promise<string> {
  try {
    return (await readRun(dir)).id;
  } catch (error) {
    // A run that cannot be read any more was called like its folder.
    if (error instanceof PromptrigError) return path.basename(dir);
    throw error;
  }
}

/** The sentence for the person; of a folder that cannot be written, what to do about it. */
export function adviceOf(error: PromptrigError, root: string): string {
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (error.code !== 'results_write') return error.message;
  if (['EACCES', 'EPERM', 'EROFS'].includes(code ?? ''))
    return l10n.t(
      '{0} is read-only. Baselines lie there, so that version control has them: make it writable.',
      pinnedFolder(root),
    );
  if (['ENOSPC', 'EDQUOT'].includes(code ?? '')) return l10n.t('the disk is full.');
  return error.message;
}
