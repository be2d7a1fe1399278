import { CliError } from './exit-code';
import { nearest } from '../core/metrics/nearest';

export type OutputFormat = 'table' | 'json';

export interface OutputTarget {
  format: OutputFormat;
  /** Path to write to; null for the standard output. */
  file: string | null;
}

const FORMATS: readonly OutputFormat[] = ['table', 'json'];
const LATER = ['junit', 'markdown', 'sarif', 'csv', 'github'];

/**
 * Reads the values of `--format`, each `NAME` or `NAME=FILE`; none means a table. Throws CliError for an unknown format, one of a
 * later version, and two formats that would be mixed on the standard output.
 */
export function parseFormats(values: readonly string[]): OutputTarget[] {
  if (values.length === 0) return [{ format: 'table', file: null }];
  const targets = values.map(parseFormat);
  const toStdout = targets.filter((target) => target.file === null);
  if (toStdout.length > 1) {
    const names = toStdout.map((target) => target.format).join(' and ');
    throw new CliError(
      `--format ${names} cannot both go to the standard output. Write one to a file: --format json=FILE.`,
    );
  }
  const files = targets.flatMap((target) => (target.file === null ? [] : [target.file]));
  const twice = files.find((file, index) => files.indexOf(file) !== index);
  if (twice !== undefined) throw new CliError(`Two formats cannot be written to the same file ${twice}.`);
  return targets;
}

function parseFormat(value: string): OutputTarget {
  const at = value.indexOf('=');
  const name = at < 0 ? value : value.slice(0, at);
  const file = at < 0 ? null : value.slice(at + 1);
  if (LATER.includes(name)) {
    throw new CliError(`--format ${name} is not supported yet; this version writes ${FORMATS.join(' and ')}.`);
  }
  const format = FORMATS.find((known) => known === name);
  if (format === undefined) {
    const near = nearest(name, FORMATS)[0];
    const hint = near === undefined ? `This version writes ${FORMATS.join(' and ')}.` : `Did you mean ${near}?`;
    throw new CliError(`--format ${name} is unknown. ${hint}`);
  }
  if (file === '') throw new CliError(`--format ${name}= needs a file name after the equals sign.`);
  return { format, file };
}
