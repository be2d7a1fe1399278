import { CliError } from './exit-code';
import { nearest } from '../core/metrics/nearest';
import { DOCUMENTS, isDocumentFormat, type DocumentFormat } from '../core/report/documents';

export type OutputFormat = 'table' | DocumentFormat;

export interface OutputTarget<Format extends string = OutputFormat> {
  format: Format;
  /** Path to write to; null for the standard output. */
  file: string | null;
}

export const FORMATS: readonly OutputFormat[] = ['table', ...Object.keys(DOCUMENTS).filter(isDocumentFormat)];

/**
 * Reads the values of `--format`, each `NAME` or `NAME=FILE`; none means a table. Throws CliError for an unknown format, one that the
 * command does not write, and two formats that would be mixed on the standard output. Commands of GitHub go well with a table: they
 * are read by the job's log, in which both end up.
 * @param allowed what the command writes
 */
export function parseFormats(values: readonly string[]): OutputTarget[];
export function parseFormats<Format extends OutputFormat>(
  values: readonly string[],
  allowed: readonly Format[],
): OutputTarget<Format>[];
export function parseFormats(values: readonly string[], allowed: readonly OutputFormat[] = FORMATS): OutputTarget[] {
  if (values.length === 0) return [{ format: 'table', file: null }];
  const targets = values.map((value) => parseFormat(value, allowed));
  const toStdout = targets.filter((target) => target.file === null);
  const withCommands = toStdout.length === 2 && new Set(toStdout.map(({ format }) => format)).size === 2;
  if (
    toStdout.length > 1 &&
    !(withCommands && toStdout.every(({ format }) => format === 'table' || format === 'github'))
  ) {
    const names = toStdout.map((target) => target.format).join(' and ');
    const [first] = toStdout;
    throw new CliError(
      `--format ${names} cannot both go to the standard output. Write one to a file: --format ${first?.format === 'table' ? (toStdout[1]?.format ?? 'json') : first?.format}=FILE.`,
    );
  }
  const files = targets.flatMap((target) => (target.file === null ? [] : [target.file]));
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) throw new CliError(`Two formats cannot be written to the same file ${twice}.`);
  return targets;
}

function parseFormat(value: string, allowed: readonly OutputFormat[]): OutputTarget {
  const at = value.indexOf('=');
  const name = at < 0 ? value : value.slice(0, at);
  const file = at < 0 ? null : value.slice(at + 1);
  const format = allowed.find((known) => known === name);
  if (format === undefined) {
    const known = `${allowed.slice(0, -1).join(', ')} and ${allowed[allowed.length - 1]}`;
    if ((FORMATS as readonly string[]).includes(name)) {
      throw new CliError(`--format ${name} is not written by this command; it writes ${known}.`);
    }
    const near = nearest(name, allowed)[0];
    const hint = near === undefined ? `This command writes ${known}.` : `Did you mean ${near}?`;
    throw new CliError(`--format ${name} is unknown. ${hint}`);
  }
  if (file === '') throw new CliError(`--format ${name}= needs a file name after the equals sign.`);
  return { format, file };
}
