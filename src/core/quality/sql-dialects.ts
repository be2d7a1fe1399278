/** SQL dialects by promptfoo's names of them (`databaseType`), which are the ones of its parser. */
const DIALECTS = [
  'MySQL',
  'MariaDB',
  'PostgreSQL',
  'Sqlite',
  'TransactSQL',
  'BigQuery',
  'Snowflake',
  'Redshift',
  'Hive',
  'Athena',
  'Trino',
  'DB2',
  'FlinkSQL',
  'NoQL',
] as const;

export type SqlDialect = (typeof DIALECTS)[number];

export const SQL_DIALECTS: readonly SqlDialect[] = DIALECTS;
export const DEFAULT_DIALECT: SqlDialect = 'MySQL';

const OTHER_NAMES: Readonly<Record<string, SqlDialect>> = {
  postgres: 'PostgreSQL',
  postgresql: 'PostgreSQL',
  'sql server': 'TransactSQL',
  sqlserver: 'TransactSQL',
  mssql: 'TransactSQL',
  tsql: 'TransactSQL',
  't-sql': 'TransactSQL',
  presto: 'Trino',
  flink: 'FlinkSQL',
};

/** The dialect of a name in any case, or of another common name of it; undefined for none that is known. */
export function sqlDialect(name: string): SqlDialect | undefined {
  const lower = name.trim().toLowerCase();
  return DIALECTS.find((dialect) => dialect.toLowerCase() === lower) ?? OTHER_NAMES[lower];
}
