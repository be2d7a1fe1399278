import assert from 'node:assert/strict';
import { SQL_DIALECTS, sqlDialect } from '../../../src/core/quality/sql-dialects';
import { answer, assertion } from './helpers';
import { evaluateOne, testRows } from './rows';

const users = { databaseType: 'MySQL', allowedTables: ['(select|insert)::(.*)::users'] };

describe('is-sql', () => {
  testRows([
    { type: 'is-sql', text: 'SELECT id, name FROM users WHERE id = 1', outcome: 'passed', says: /is valid MySQL SQL$/ },
    { type: 'is-sql', text: '\n SELECT 1; SELECT 2;\n', outcome: 'passed' },
    {
      type: 'is-sql',
      text: 'SELEC * FROM users',
      outcome: 'failed',
      says: /line 1, column 7: unexpected "\* FROM users"/,
    },
    {
      type: 'is-sql',
      text: '\n\n  SELECT *\n  FRM users',
      outcome: 'failed',
      says: /line 4, column 3: unexpected "FRM users"/,
    },
    { type: 'is-sql', text: 'SELECT * FROM', outcome: 'failed', says: /ends too early/ },
    {
      type: 'is-sql',
      text: 'SELECT first last FROM t',
      outcome: 'failed',
      says: /"first last" lacks a comma.*AS last/,
    },
    { type: 'is-sql', text: 'SELECT first AS last FROM t', outcome: 'passed' },
    { type: 'is-sql', text: 'SELECT DISTINCT first FROM t', outcome: 'passed' },
    { type: 'is-sql', text: "SELECT 'select a b from c' FROM t -- select a b from c", outcome: 'passed' },
    { type: 'is-sql', text: 'SELECT generate_series(1, 2)', outcome: 'failed', says: /no generate_series/ },
    { type: 'is-sql', value: { databaseType: 'PostgreSQL' }, text: 'SELECT generate_series(1, 2)', outcome: 'passed' },
    { type: 'is-sql', text: 'hello world', outcome: 'failed' },
    { type: 'is-sql', text: '', outcome: 'failed', says: /is empty/ },
    { type: 'is-sql', text: '```sql\nSELECT 1\n```', outcome: 'failed', says: /code fence.*contains-sql/ },
    {
      type: 'is-sql',
      value: { databaseType: 'postgres' },
      text: "SELECT a::text FROM t WHERE b ILIKE 'x%'",
      outcome: 'passed',
      says: /PostgreSQL/,
    },
    { type: 'is-sql', text: "SELECT a::text FROM t WHERE b ILIKE 'x%'", outcome: 'failed' },
    {
      type: 'is-sql',
      value: { databaseType: 'BigQuery' },
      text: 'SELECT * FROM `project.set.table`',
      outcome: 'passed',
    },
    {
      type: 'is-sql',
      value: { databaseType: 'TransactSQL' },
      text: 'SELECT TOP 5 [id] FROM [users]',
      outcome: 'passed',
    },
    { type: 'is-sql', value: users, text: 'SELECT id FROM users', outcome: 'passed', says: /only what is allowed/ },
    {
      type: 'is-sql',
      value: users,
      text: 'DELETE FROM users',
      outcome: 'failed',
      says: /uses "delete::null::users", which is not among the allowed \(select/,
    },
    {
      type: 'is-sql',
      value: users,
      text: 'SELECT * FROM users JOIN orders',
      outcome: 'failed',
      says: /select::null::orders/,
    },
    {
      type: 'is-sql',
      value: { allowedColumns: ['select::users::id'] },
      text: 'SELECT id FROM users',
      outcome: 'passed',
    },
    {
      type: 'is-sql',
      value: { allowedColumns: ['select::users::id'] },
      text: 'SELECT users.name FROM users',
      outcome: 'failed',
      says: /select::users::name/,
    },
    {
      type: 'is-sql',
      value: { databaseType: 'Oracle' },
      text: 'SELECT 1',
      outcome: 'error',
      says: /"Oracle" is not known; it is one of MySQL,/,
    },
    { type: 'is-sql', value: { allowedTables: 'users' }, text: 'SELECT 1', outcome: 'error', says: /list of texts/ },
    { type: 'is-sql', value: { allowedTables: ['('] }, text: 'SELECT 1', outcome: 'error', says: /does not compile/ },
    { type: 'is-sql', value: 'MySQL', text: 'SELECT 1', outcome: 'error', says: /databaseType/ },
  ]);

  it('ends on a grammar that backtracks, and on nesting that overflows the stack', async () => {
    for (const depth of [100, 200_000]) {
      const text = `SELECT ${'('.repeat(depth)}1`;
      const result = await evaluateOne(assertion('is-sql'), answer(text));
      assert.ok(['failed', 'error'].includes(result.outcome), result.reason);
      if (result.outcome === 'error') assert.match(result.reason, /too deeply|stopped after 1000 ms/);
    }
  });

  it('has a grammar for every dialect', async () => {
    for (const dialect of SQL_DIALECTS) {
      const plan = assertion('is-sql', { databaseType: dialect });
      assert.equal((await evaluateOne(plan, answer('SELECT a FROM t'))).outcome, 'passed', dialect);
      assert.equal((await evaluateOne(plan, answer('SELECT FROM WHERE'))).outcome, 'failed', dialect);
    }
    assert.equal(sqlDialect('PGSQL'), undefined);
    assert.equal(sqlDialect(' mssql '), 'TransactSQL');
  });
});

describe('contains-sql', () => {
  testRows([
    {
      type: 'contains-sql',
      text: 'Here:\n```sql\nSELECT 1\n```\nDone.',
      outcome: 'passed',
      says: /at line 3/,
      marks: ['SELECT 1'],
    },
    { type: 'contains-sql', text: '~~~\nSELECT 1\n~~~', outcome: 'passed', marks: ['SELECT 1'] },
    { type: 'contains-sql', text: '```sql\nSELEC\n```\n```sql\nSELECT 1\n```', outcome: 'passed', marks: ['SELECT 1'] },
    { type: 'contains-sql', text: 'SELECT 1', outcome: 'passed' },
    { type: 'contains-sql', text: '```python\nSELECT 1\n```', outcome: 'failed' },
    {
      type: 'contains-sql',
      text: '```sql\nSELEC 1\n```',
      outcome: 'failed',
      says: /the code block at line 2, column 1 is not valid MySQL SQL/,
    },
    { type: 'contains-sql', text: '```sql\nSELECT 1', outcome: 'failed' },
    { type: 'contains-sql', text: '```sql\n```', outcome: 'failed' },
    { type: 'contains-sql', text: 'prose', outcome: 'failed' },
    { type: 'contains-sql', value: users, text: '```sql\nDROP TABLE users\n```', outcome: 'failed' },
    { type: 'contains-sql', value: { databaseType: 1 }, text: 'SELECT 1', outcome: 'error' },
  ]);
});
