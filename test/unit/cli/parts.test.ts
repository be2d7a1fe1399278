import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { EndpointPlan } from '../../../src/protocol/plan';
import type { Diagnostic } from '../../../src/core/spec/document';
import { countDiagnostics, renderDiagnostic } from '../../../src/cli/diagnostics';
import { parseBudget } from '../../../src/cli/budget-option';
import { CliError, worstExit } from '../../../src/cli/exit-code';
import { parseFormats } from '../../../src/cli/format-option';
import { Interrupts } from '../../../src/cli/interrupts';
import { redacted, wantsColour } from '../../../src/cli/io';
import { metricsCommand } from '../../../src/cli/metrics-command';
import { collectSecrets } from '../../../src/cli/secrets';
import { runsFolder, shownPath, workspaceRoot } from '../../../src/cli/workspace-root';
import { METRICS } from '../../../src/core/metrics/definitions';
import { displayWidth } from '../../../src/core/report/layout';
import { painter } from '../../../src/core/report/style';
import { Redactor } from '../../../src/core/util/redact';
import { fakeIo, FakeSink } from './fake-io';

describe('renderDiagnostic', () => {
  const text = 'name: Chat\nprompts: 5 # 東京\n\ttab: x\r\nlast';
  const options = { paint: painter(false), width: 100, path: 'a.eval.yaml' };
  const at = (line: number, start: number, end: number, more: Partial<Diagnostic> = {}): Diagnostic => ({
    code: 'wrong-type',
    message: 'It must be a list.',
    path: '/abs/a.eval.yaml',
    range: { start: { line, character: start }, end: { line, character: end } },
    severity: 'error',
    suggestions: [],
    ...more,
  });

  it('names place, severity, message and code, and marks the place in its line', () => {
    const lines = renderDiagnostic(at(1, 9, 10), text, options).split('\n');
    assert.deepEqual(lines, [
      'a.eval.yaml:2:10 error It must be a list. (wrong-type)',
      '  2 | prompts: 5 # 東京',
      '    |          ^',
    ]);
  });

  it('adds what would fix it', () => {
    const fixed = at(1, 0, 7, { suggestions: [{ title: 'Change to "prompt"', edits: [] }] });
    assert.match(renderDiagnostic(fixed, text, options), /\n {4}fix: Change to "prompt"$/);
  });

  it('marks by columns of the terminal, not by characters', () => {
    const [, shown = '', carets = ''] = renderDiagnostic(at(1, 14, 15), text, options).split('\n');
    assert.equal(displayWidth(carets.slice(0, carets.indexOf('^'))), displayWidth(shown.slice(0, shown.indexOf('京'))));
  });

  it('survives tabs, CRLF, several lines, an empty range and a place outside the text', () => {
    assert.match(renderDiagnostic(at(2, 1, 4), text, options), /3 \| {2}tab: x\n {4}\| {2}\^\^\^$/);
    const long = { ...at(1, 0, 0), range: { start: { line: 1, character: 9 }, end: { line: 3, character: 2 } } };
    assert.match(renderDiagnostic(long, text, options), /\^{8,}$/);
    assert.match(renderDiagnostic(at(3, 4, 4), text, options), / {4}\| {5}\^$/);
    assert.doesNotMatch(renderDiagnostic(at(99, 0, 1), text, options), /\^/);
    assert.doesNotMatch(renderDiagnostic(at(0, 0, 1), undefined, options), /\^/);
  });

  it('keeps the marked place in sight on a line of 100,000 characters', () => {
    const longLine = `${'x'.repeat(50_000)}HERE${'y'.repeat(50_000)}`;
    const lines = renderDiagnostic(at(0, 50_000, 50_004), longLine, options).split('\n');
    for (const line of lines) assert.ok(displayWidth(line) <= 100);
    const column = lines[2]?.indexOf('^^^^') ?? -1;
    assert.equal(lines[1]?.slice(column, column + 4), 'HERE');
  });

  it('prints no escape of a file', () => {
    assert.doesNotMatch(
      renderDiagnostic(at(0, 0, 3, { message: '"\u001b[2J"' }), 'a\u001b[2Jb', options),
      /(?!\n)\p{Cc}/u,
    );
  });

  it('counts in words', () => {
    assert.equal(countDiagnostics([]), 'no problems');
    assert.equal(
      countDiagnostics([at(0, 0, 1), at(0, 0, 1), at(0, 0, 1, { severity: 'warning' })]),
      '2 errors, 1 warning',
    );
  });
});

describe('parseFormats', () => {
  it('reads names and files', () => {
    assert.deepEqual(parseFormats([]), [{ format: 'table', file: null }]);
    assert.deepEqual(parseFormats(['table', 'json=out/a=b.json']), [
      { format: 'table', file: null },
      { format: 'json', file: 'out/a=b.json' },
    ]);
    assert.deepEqual(
      parseFormats(['github', 'junit=a.xml', 'table', 'sarif=b.sarif', 'markdown=c.md', 'csv=d.csv']).length,
      6,
    );
  });

  for (const [values, says] of [
    [['jsn'], /Did you mean json\?/],
    [['pdf'], /table, json, junit, .* and html/],
    [['github', 'junit'], /--format junit=FILE|--format github=FILE/],
    [['github', 'github'], /cannot both go to the standard output/],
    [['json='], /needs a file name/],
    [['json', 'table'], /cannot both go to the standard output/],
    [['json=x', 'table=x'], /same file/],
  ] as const) {
    it(`refuses ${values.join(' ')}`, () => {
      assert.throws(
        () => parseFormats(values),
        (error) => error instanceof CliError && error.exitCode === 2 && says.test(error.message),
      );
    });
  }

  it('refuses what a command does not write', () => {
    assert.throws(
      () => parseFormats(['junit'], ['table', 'json']),
      /junit is not written by this command.*table and json/,
    );
  });
});

describe('parseBudget', () => {
  it('reads money, tokens and time', () => {
    assert.deepEqual(parseBudget([]), {});
    assert.deepEqual(parseBudget(['$0.50', '200000tokens', '10m']), { costUsd: 0.5, tokens: 200_000, timeMs: 600_000 });
    assert.deepEqual(parseBudget(['0.5USD', '200,000 tokens']), { costUsd: 0.5, tokens: 200_000 });
    assert.deepEqual(parseBudget(['1_000tok']), { tokens: 1000 });
  });

  for (const [values, says] of [
    [['lots'], /cannot be read.*'\$0\.50', tokens such as 200000tokens, or a time such as 10m/],
    [['bash.50'], /The shell has replaced \$0/],
    [['-1m'], /cannot be read/],
    [['5'], /cannot be read/],
    [['$0'], /leaves nothing to run with/],
    [['10m', '20m'], /two limits of one kind; the second is 20m/],
  ] as const) {
    it(`refuses ${values.join(' and ')}`, () => {
      assert.throws(
        () => parseBudget(values),
        (error) => error instanceof CliError && error.exitCode === 2 && says.test(error.message),
      );
    });
  }
});

describe('worstExit', () => {
  it('follows the documented order', () => {
    const order = [130, 2, 4, 1, 3, 0];
    for (const [index, code] of order.entries()) {
      assert.equal(worstExit(order.slice(index).reverse()), code);
    }
    assert.equal(worstExit([]), 0);
  });
});

describe('collectSecrets', () => {
  const endpoint = (name: string, apiKeyEnv?: string): EndpointPlan => ({
    name,
    api: 'openai-chat',
    url: 'http://127.0.0.1:1',
    model: 'm',
    headers: {},
    timeout: { connectMs: 1, firstTokenMs: 1, idleMs: 1, totalMs: 1 },
    retryAttempts: 0,
    ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }),
  });

  it('maps endpoints to the keys that their variables hold', () => {
    assert.deepEqual(collectSecrets([endpoint('a', 'KEY_A'), endpoint('b')], { KEY_A: 'secret' }), { a: 'secret' });
  });

  it('names every variable that is missing or empty, and the endpoints that need it', () => {
    assert.throws(
      () => collectSecrets([endpoint('a', 'KEY_A'), endpoint('b', 'KEY_A'), endpoint('c', 'KEY_C')], { KEY_C: '' }),
      (error) =>
        error instanceof CliError &&
        error.exitCode === 2 &&
        /KEY_A \(API key of a, b\) and KEY_C \(API key of c\)/.test(error.message),
    );
  });
});

describe('Interrupts', () => {
  it('stops gently at first, at once the second time, and not at all when disposed', () => {
    const io = fakeIo();
    const calls: string[] = [];
    const interrupts = new Interrupts(
      io,
      () => calls.push('first'),
      () => calls.push('second'),
    );
    io.interrupt();
    assert.deepEqual([interrupts.signal.aborted, calls, io.exitedWith], [true, ['first'], null]);
    io.interrupt();
    assert.deepEqual([calls, io.exitedWith], [['first', 'second'], 130]);
    interrupts.dispose();
    assert.equal(io.listening(), false);
  });
});

describe('metricsCommand', () => {
  it('lists every metric and preset', () => {
    const io = fakeIo();
    assert.equal(metricsCommand(io, undefined), 0);
    for (const name of [...Object.keys(METRICS), 'ecommerce-chatbot'])
      assert.ok(io.stdout.text.includes(`  ${name} `), name);
  });

  it('explains one metric and one preset', () => {
    const io = fakeIo();
    metricsCommand(io, 'ttft');
    assert.match(io.stdout.text, /first - origin/);
    metricsCommand(io, 'rag');
    assert.match(io.stdout.text, /source: .*GuideLLM/);
  });

  it('suggests where a name is unknown', () => {
    assert.throws(() => metricsCommand(fakeIo(), 'tftt'), /Did you mean ttft/);
  });
});

describe('wantsColour', () => {
  it('is for terminals, unless the environment says otherwise', () => {
    const terminal = Object.assign(new FakeSink(), { isTTY: true });
    const pipe = new FakeSink();
    assert.equal(wantsColour(terminal, {}), true);
    assert.equal(wantsColour(pipe, {}), false);
    assert.equal(wantsColour(terminal, { NO_COLOR: '1' }), false);
    assert.equal(wantsColour(terminal, { NO_COLOR: '' }), true);
    assert.equal(wantsColour(terminal, { TERM: 'dumb' }), false);
    assert.equal(wantsColour(pipe, { FORCE_COLOR: '1' }), true);
    assert.equal(wantsColour(terminal, { FORCE_COLOR: '0' }), false);
  });
});

describe('redacted', () => {
  it('masks secrets that become known later, too', () => {
    const sink = new FakeSink();
    const redactor = new Redactor();
    const safe = redacted(sink, redactor);
    redactor.add('sk-12345');
    safe.write('key sk-12345 refused');
    assert.equal(sink.text, 'key [redacted] refused');
  });
});

describe('workspaceRoot', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'promptrig-root-'));
    fs.mkdirSync(path.join(folder, 'repo', 'evals', 'deep'), { recursive: true });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('is the nearest folder with promptrig.yaml or .git', () => {
    const repo = path.join(folder, 'repo');
    fs.mkdirSync(path.join(repo, '.git'));
    assert.equal(workspaceRoot(path.join(repo, 'evals', 'deep'), '/cwd'), repo);
    fs.writeFileSync(path.join(repo, 'evals', 'promptrig.yaml'), '');
    assert.equal(workspaceRoot(path.join(repo, 'evals', 'deep'), '/cwd'), path.join(repo, 'evals'));
    assert.equal(workspaceRoot(repo, '/cwd'), repo);
  });

  it('decides where results go, unless --out does', () => {
    assert.equal(runsFolder('/repo', undefined, '/cwd'), path.join('/repo', '.promptrig', 'runs'));
    assert.equal(runsFolder('/repo', 'out', '/cwd'), path.resolve('/cwd', 'out'));
    assert.equal(shownPath('/cwd/a/b.yaml', '/cwd'), path.join('a', 'b.yaml'));
    assert.equal(shownPath('/else/b.yaml', '/cwd'), '/else/b.yaml');
  });
});
