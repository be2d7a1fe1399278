/** Keeps the last self-check of this user's machine, so that later runs can be warned. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { PromptrigError, messageOf } from '../util/errors';
import type { DoctorReport } from './report';

type Env = Readonly<Record<string, string | undefined>>;

/** The user's cache folder as each platform has it, and below it `promptrig/doctor.json`. */
export function doctorFile(env: Env, platform: NodeJS.Platform = process.platform): string {
  return path.join(cacheFolder(env, platform), 'promptrig', 'doctor.json');
}

function cacheFolder({ XDG_CACHE_HOME, LOCALAPPDATA }: Env, platform: NodeJS.Platform): string {
  // The specification wants relative paths ignored: they would mean another folder in every directory.
  if (XDG_CACHE_HOME !== undefined && path.isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  if (platform === 'win32') return LOCALAPPDATA ?? path.join(os.homedir(), 'AppData', 'Local');
  return platform === 'darwin' ? path.join(os.homedir(), 'Library', 'Caches') : path.join(os.homedir(), '.cache');
}

/** @throws PromptrigError `results_write` where it cannot be stored */
export async function storeDoctor(file: string, report: DoctorReport): Promise<void> {
  try {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await replaceFile(file, `${JSON.stringify(report, null, 2)}\n`);
  } catch (error) {
    throw new PromptrigError('results_write', `The result could not be stored in ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** In one step: a run that reads meanwhile must not find half a file. */
async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await fs.writeFile(draft, text);
    await fs.rename(draft, file);
  } catch (error) {
    await fs.rm(draft, { force: true });
    throw error;
  }
}

/** The stored self-check; null where there is none that can be used: it only serves a warning, and can be made again. */
export async function readDoctor(file: string): Promise<DoctorReport | null> {
  try {
    const content = JSON.parse(await fs.readFile(file, 'utf8')) as unknown;
    return isReport(content) ? content : null;
  } catch {
    return null;
  }
}

function isReport(content: unknown): content is DoctorReport {
  if (content === null || typeof content !== 'object') return false;
  const { schema, date, machine, ceiling } = content as Partial<Record<keyof DoctorReport, unknown>>;
  const isMap = (value: unknown) => value !== null && typeof value === 'object';
  return schema === 'promptrig.doctor/1' && typeof date === 'string' && isMap(machine) && isMap(ceiling);
}
