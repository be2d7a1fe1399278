/** SQL that the grammars accept although it is most likely, or certainly, wrong; as promptfoo judges it. */
import type { SqlDialect } from './sql-dialects';

const MYSQL_FAMILY: ReadonlySet<SqlDialect> = new Set(['MySQL', 'MariaDB']);
const BRACKET_NAMES: ReadonlySet<SqlDialect> = new Set(['TransactSQL', 'Sqlite']);

const MODIFIERS = 'all|distinct';
const MYSQL_MODIFIERS = `${MODIFIERS}|distinctrow|high_priority|straight_join|sql_\\w+`;

/**
 * `SELECT name city FROM …` is read as a column with another name, and almost always meant two: what a model forgets is the
 * comma, not the `AS`. Null where the text has no such place.
 */
export function commaIsMissing(text: string, dialect: SqlDialect): string | null {
  const modifiers = MYSQL_FAMILY.has(dialect) ? MYSQL_MODIFIERS : MODIFIERS;
  const name = '[a-z_]\\w*';
  const slip = new RegExp(
    `\\bselect\\s+(?:(?:${modifiers})\\s+)*(?!(?:${modifiers})\\b)(${name})\\s+(?!as\\b)(${name})\\s+from\\b`,
    'i',
  );
  const match = slip.exec(withoutQuoted(text, dialect));
  if (match === null) return null;
  const [, column = '', other = ''] = match;
  return `"${column} ${other}" lacks a comma (write "${column} AS ${other}" for another name)`;
}

/** Functions that a grammar takes for the user's own, and that the dialect does not have. */
export function notInDialect(text: string, dialect: SqlDialect): string | null {
  return dialect === 'MySQL' && /\bgenerate_series\s*\(/i.test(withoutQuoted(text, dialect))
    ? 'MySQL has no generate_series()'
    : null;
}

/** The text with strings, quoted names and comments replaced, so that words in them count for nothing. */
function withoutQuoted(text: string, dialect: SqlDialect): string {
  const brackets = BRACKET_NAMES.has(dialect) ? '|\\[(?:[^\\]]|\\]\\])*\\]?' : '';
  const quoted = new RegExp(
    `'(?:[^'\\\\]|\\\\[^]|'')*'?|"(?:[^"\\\\]|\\\\[^]|"")*"?|\`(?:[^\`]|\`\`)*\`?|--[^\\r\\n]*|#[^\\r\\n]*|/\\*[^]*?(?:\\*/|$)${brackets}`,
    'g',
  );
  return text.replace(quoted, ' ? ');
}
