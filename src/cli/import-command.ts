import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { painter } from '../core/report/style';
import { globFiles } from '../core/spec/foreign/glob-files';
import { importFile, type ImportedFile } from '../core/spec/foreign/import/import-file';
import { withoutBom } from '../core/spec/lines';
import { PromptrigError, messageOf } from '../core/util/errors';
import { CliError, EXIT } from './exit-code';
import { wantsColour, type CliIo } from './io';
import { printDiagnostics } from './print-diagnostics';
import { shownPath } from './workspace-root';

export interface ImportOptions {
  /** `-` writes to the standard output. */
  out?: string;
  /** Overwrites a file that is there. */
  force: boolean;
}

/**
 * `promptrig import FILE`: writes the native file that a promptfoo configuration or a GitHub Models prompt file amounts to.
 * What has no counterpart is said with its line, and stands as a comment in what is written.
 * @returns 0, or 2 where the file is unusable. @throws CliError or PromptrigError for what cannot be read or written.
 */
export async function importCommand(io: CliIo, file: string, options: ImportOptions): Promise<number> {
  const source = path.resolve(io.cwd, file);
  const text = await readText(source);
  const toStdout = options.out === '-';
  const target = options.out === undefined || toStdout ? besides(source) : path.resolve(io.cwd, options.out);
  if (target === source)
    throw new CliError(`${shownPath(source, io.cwd)} would overwrite itself; choose another --out.`);
  if (!toStdout && !options.force && (await exists(target)))
    throw new CliError(
      `${shownPath(target, io.cwd)} is there already. Choose another --out, or overwrite it with --force.`,
    );
  const result = await importFile(text, source, target, {
    readFile: (name) => fs.readFile(name),
    glob: globFiles,
    env: io.env,
  });
  if (result.kind === null && result.diagnostics.length === 0) {
    const name = shownPath(source, io.cwd);
    throw new CliError(`${name} is neither a promptfoo configuration nor a GitHub Models prompt file.`);
  }
  const paint = painter(wantsColour(io.stderr, io.env));
  const texts = new Map([[source, text]]);
  printDiagnostics(io.stderr, result.diagnostics, texts, { paint, cwd: io.cwd, errorsOnly: false });
  if (result.text === null) {
    io.stderr.write(
      `${paint('bad', '✗')} ${shownPath(source, io.cwd)} was not imported: mend the errors above first.\n`,
    );
    return EXIT.usage;
  }
  if (toStdout) io.stdout.write(result.text);
  else await write(target, result.text);
  const where = toStdout ? '' : `${shownPath(target, io.cwd)}: `;
  io.stderr.write(`${paint('good', '✓')} ${where}${summary(result)}\n`);
  return EXIT.pass;
}

function summary({ cases, skippedCases, assertions, skippedAssertions }: ImportedFile): string {
  const parts = [
    count(cases, 'case') + (skippedCases > 0 ? ` (${skippedCases} marked as skipped)` : ''),
    count(assertions, 'assertion'),
    ...(skippedAssertions > 0 ? [`${count(skippedAssertions, 'assertion')} without a counterpart`] : []),
  ];
  return parts.join(', ');
}

function count(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}

/** `evals/promptfooconfig.yaml` becomes `evals/promptfooconfig.eval.yaml`, `greet.prompt.yml` `greet.eval.yaml`. */
function besides(source: string): string {
  const name = path
    .basename(source)
    .replace(/\.ya?ml$/i, '')
    .replace(/\.(?:promptfoo|prompt)$/i, '');
  return path.join(path.dirname(source), `${name}.eval.yaml`);
}

async function exists(file: string): Promise<boolean> {
  return fs.stat(file).then(
    () => true,
    () => false,
  );
}

async function readText(file: string): Promise<string> {
  try {
    return withoutBom(await fs.readFile(file, 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (missing) throw new CliError(`There is no file ${file}.`);
    throw new PromptrigError('unreadable', `${file} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await fs.writeFile(file, text);
  } catch (error) {
    throw new PromptrigError('results_write', `${file} could not be written: ${messageOf(error)}.`, { cause: error });
  }
}
