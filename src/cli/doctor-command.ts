import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { doctorFile, storeDoctor } from '../core/doctor/cache';
import { runDoctor } from '../core/doctor/doctor';
import type { DoctorReport } from '../core/doctor/report';
import { plain, plainJson } from '../core/report/plain';
import { painter } from '../core/report/style';
import { renderDoctor } from '../core/report/table-doctor';
import { PromptrigError, messageOf } from '../core/util/errors';
import { EXIT } from './exit-code';
import type { OutputTarget } from './format-option';
import { Interrupts } from './interrupts';
import { wantsColour, type CliIo } from './io';

const FILE_WIDTH = 120;

/**
 * `promptrig doctor`: measures what this machine can measure, prints it, and keeps it for the warnings of later runs.
 * @returns 0, or 3 where even the lowest step was too much because the machine is busy. @throws PromptrigError
 */
export async function doctorCommand(
  io: CliIo,
  options: { quick: boolean; formats: readonly OutputTarget<'table' | 'json'>[] },
): Promise<number> {
  const say = (line: string): void => io.stderr.write(`${plain(line)}\n`);
  const interrupts = new Interrupts(
    io,
    () => say('Stopping; Ctrl+C again ends at once.'),
    () => undefined,
  );
  let report: DoctorReport;
  try {
    report = await runDoctor({
      engineEntry: io.engineEntry,
      promptrigVersion: io.version,
      quick: options.quick,
      signal: interrupts.signal,
      onProgress: say,
    });
  } catch (error) {
    if (interrupts.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    interrupts.dispose();
  }
  await print(io, report, options.formats);
  try {
    await storeDoctor(doctorFile(io.env), report);
  } catch (error) {
    // What was found is printed: that a later run cannot be warned by it does not make it wrong.
    io.stderr.write(`${painter(wantsColour(io.stderr, io.env))('unsure', 'warning:')} ${plain(messageOf(error))}\n`);
  }
  return report.status === 'fine' ? EXIT.pass : EXIT.inconclusive;
}

async function print(
  io: CliIo,
  report: DoctorReport,
  formats: readonly OutputTarget<'table' | 'json'>[],
): Promise<void> {
  for (const { format, file } of formats) {
    const terminal = file === null && io.stdout.isTTY;
    const colour = file === null && wantsColour(io.stdout, io.env);
    const text =
      format === 'json'
        ? `${plainJson(JSON.stringify(report, null, 2))}\n`
        : renderDoctor(report, { colour, width: terminal ? io.stdout.columns : FILE_WIDTH });
    if (file === null) io.stdout.write(text);
    else await write(path.resolve(io.cwd, file), text);
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, text);
  } catch (error) {
    throw new PromptrigError('results_write', `The report could not be written to ${file}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
