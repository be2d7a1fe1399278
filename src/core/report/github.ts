/**
 * Workflow commands of GitHub Actions: an annotation at the YAML line of each finding.
 * Source of the syntax and its escapes: "Workflow commands for GitHub Actions" and actions/toolkit.
 */
import { findingsOf, type Finding, type FindingLevel } from './finding';
import { plain } from './plain';
import { nearestPlace, type ReportFile, type ReportSet } from './report-file';

/** GitHub shows so many annotations of each level a step, and drops the rest without a word. */
export const MOST_PER_LEVEL = 10;
/** Bytes that a step's summary may have. */
export const SUMMARY_BYTES = 1024 * 1024;

const COMMANDS: Record<FindingLevel, string> = { error: 'error', warning: 'warning', note: 'notice' };

/** One command a line; at most `MOST_PER_LEVEL` of a level, the last of which says how many there are more. */
export function renderGithub({ files }: ReportSet): string {
  const all = files.flatMap((file) => findingsOf(file).map((finding) => ({ file, finding })));
  const lines: string[] = [];
  for (const level of ['error', 'warning', 'note'] as const) {
    const found = all.filter(({ finding }) => finding.level === level);
    const shown = found.length > MOST_PER_LEVEL ? found.slice(0, MOST_PER_LEVEL - 1) : found;
    for (const { file, finding } of shown) lines.push(annotation(file, finding));
    const more = found.length - shown.length;
    if (more > 0) {
      const words = { error: 'failures', warning: 'warnings', note: 'notes' };
      lines.push(
        command(COMMANDS[level], { title: 'Promptrig' }, `and ${more} more ${words[level]}, in the job's summary`),
      );
    }
  }
  return lines.map((line) => `${line}\n`).join('');
}

function annotation(file: ReportFile, { level, pointer, title, message, answers, target }: Finding): string {
  const place = nearestPlace(file, pointer);
  const share = answers === undefined ? '' : ` (${answers.count} of ${answers.of} answers)`;
  const many = file.run.targets.length > 1 ? ` [${target}]` : '';
  return command(
    COMMANDS[level],
    {
      file: file.path,
      line: String(place.line),
      endLine: String(place.endLine),
      col: String(place.column),
      // GitHub refuses an end column beside an end line that is another one.
      ...(place.endLine === place.line ? { endColumn: String(place.endColumn) } : {}),
      title: `${title}${share}`,
    },
    `${message}${many}`,
  );
}

function command(name: string, properties: Record<string, string>, message: string): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(plain(value))}`);
  return `::${name} ${list.join(',')}::${escapeData(plain(message))}`;
}

function escapeData(text: string): string {
  return withoutCommands(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** A zero-width space: the line looks the same and is no command any more. */
const BREAK = '\u200b';

/**
 * Takes the power of commands from text that goes to a job's log: an answer of a model that starts a line with `::` (spaces before
 * it do not matter) or holds `##[` anywhere would be obeyed by the runner. The start of `text` counts as the start of a line, since
 * two streams end up in one log.
 */
export function withoutCommands(text: string): string {
  return text.replace(/^([^\S\r\n]*)::/gm, `$1${BREAK}::`).replaceAll('##[', `##${BREAK}[`);
}
