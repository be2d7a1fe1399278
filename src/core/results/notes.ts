/** What a person has said of a run, kept beside its result: `run.json` stays as it was measured. */
import * as fs from 'node:fs/promises';
import { PromptrigError, messageOf } from '../util/errors';
import { runFile } from './files';

export interface RunNotes {
  /** Empty where there is none. */
  note: string;
  /** Retention leaves the run alone. */
  keep: boolean;
}

export const NOTES_SCHEMA = 'promptrig.notes/1';
/** Longer ones are a document of their own. */
export const MAX_NOTE_CHARACTERS = 2_000;

const NONE: RunNotes = { note: '', keep: false };

/** @throws PromptrigError `unreadable` where the file is there and is not one of ours */
export async function readNotes(dir: string): Promise<RunNotes> {
  const { note, keep } = await readRaw(dir);
  return {
    note: typeof note === 'string' ? note.slice(0, MAX_NOTE_CHARACTERS) : '',
    keep: keep === true,
  };
}

/**
 * Changes what is said of a run; what the file holds beyond that (of a later version) stays. A file that says nothing is removed.
 * @throws PromptrigError `unreadable` of a file that is not ours, which is then left as it is; `results_write` where it can't be written
 */
export async function writeNotes(dir: string, change: Partial<RunNotes>): Promise<RunNotes> {
  const others = Object.entries(await readRaw(dir)).filter(([key]) => !['schema', 'note', 'keep'].includes(key));
  const notes: RunNotes = { ...(await readNotes(dir)), ...change };
  notes.note = notes.note.trim().slice(0, MAX_NOTE_CHARACTERS);
  const said = {
    ...(notes.note === '' ? {} : { note: notes.note }),
    ...(notes.keep ? { keep: true } : {}),
    ...Object.fromEntries(others),
  };
  const file = runFile(dir, 'notes');
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    if (Object.keys(said).length === 0) {
      await fs.rm(file, { force: true });
      return NONE;
    }
    // Replaced as a whole, so that a reader never sees half of one.
    await fs.writeFile(temporary, `${JSON.stringify({ schema: NOTES_SCHEMA, ...said }, null, 2)}\n`);
    await fs.rename(temporary, file);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw new PromptrigError('results_write', `${file} could not be written: ${adviceOf(error)}`, {
      reason: messageOf(error),
      cause: error,
    });
  }
  return notes;
}

async function readRaw(dir: string): Promise<Record<string, unknown>> {
  const file = runFile(dir, 'notes');
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new PromptrigError('unreadable', `${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PromptrigError('unreadable', `${file} is not valid JSON: ${messageOf(error)}.`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PromptrigError('unreadable', `${file} holds no notes of Promptrig.`);
  return value as Record<string, unknown>;
}

function adviceOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the run is gone.';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'the folder of the run is read-only.';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'the disk is full.';
    default:
      return `${messageOf(error)}.`;
  }
}
