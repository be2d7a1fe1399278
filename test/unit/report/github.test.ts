import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { renderGithub, withoutCommands } from '../../../src/core/report/github';
import { CANARIES, hostileFile, reportFile, reportSet } from './documents-helpers';
import { caseRecord, run, slo, stage, target } from './helpers';

/** As the runner reads a line: `::name key=value,...::message`, with its escapes undone. */
function parseCommand(line: string): { name: string; properties: Record<string, string>; message: string } | null {
  const match = /^\s*::([^\s:]+)(?: ([^:]*))?::(.*)$/.exec(line);
  if (match === null) return null;
  const [, name = '', list = '', message = ''] = match;
  const undo = (text: string): string =>
    text.replace(/%(0D|0A|3A|2C|25)/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  const properties = Object.fromEntries(
    list.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), undo(pair.slice(pair.indexOf('=') + 1))]),
  );
  return { name, properties, message: undo(message) };
}

function commandsOf(text: string): NonNullable<ReturnType<typeof parseCommand>>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const command = parseCommand(line);
      assert.ok(command !== null, line);
      return command;
    });
}

describe('the annotations for GitHub', () => {
  it('stand at the range of the YAML node, with the reason as their text', () => {
    const missed = slo({ verdict: 'fail', value: 231, reason: '31 ms over' });
    const text = renderGithub(
      reportSet(reportFile({ run: run({ targets: [target({ stages: [stage({ slo: [missed] })] })] }) })),
    );
    const [assertion, objective] = commandsOf(text);
    assert.deepEqual(assertion, {
      name: 'error',
      properties: {
        ...{ file: 'evals/chat.eval.yaml', line: '14', endLine: '14', col: '9', endColumn: '32' },
        title: 'contains · Refund',
      },
      message: 'does not contain "30 days"; the answer starts "Refunds take a while."',
    });
    assert.equal(objective?.properties.title, 'ttft.p99 <= 200ms missed · steady chat');
    assert.equal(objective?.message, '31 ms over');
  });

  it('warns of what is undecided and notes what was skipped', () => {
    const open = slo({ verdict: 'inconclusive', reason: 'too few' });
    const skipped = caseRecord({ outcome: 'skipped', assertions: [], reason: 'later' });
    const text = renderGithub(
      reportSet(
        reportFile({ cases: [skipped], run: run({ targets: [target({ stages: [stage({ slo: [open] })] })] }) }),
      ),
    );
    assert.deepEqual(
      commandsOf(text).map(({ name }) => name),
      ['warning', 'notice'],
    );
  });

  it('are at most ten of a level, the last of which counts the rest', () => {
    const cases = (count: number) =>
      Array.from({ length: count }, (_, index) => caseRecord({ case: `/cases/${index}`, case_id: `c${index}` }));
    const ten = commandsOf(renderGithub(reportSet(reportFile({ cases: cases(10) }))));
    assert.equal(ten.length, 10);
    assert.ok(ten.every(({ properties }) => properties.file !== undefined));
    const more = commandsOf(renderGithub(reportSet(reportFile({ cases: cases(40) }))));
    assert.equal(more.length, 10);
    assert.equal(more[9]?.message, "and 31 more failures, in the job's summary");
  });

  it('hold no command of a model: each line is one of ours and its text is one line', () => {
    const text = renderGithub(reportSet(hostileFile()));
    for (const { name, properties } of commandsOf(text)) {
      assert.ok(['error', 'warning', 'notice'].includes(name), name);
      assert.ok(
        Object.keys(properties).every((key) => ['file', 'line', 'endLine', 'col', 'endColumn', 'title'].includes(key)),
      );
    }
    assert.doesNotMatch(text, /##\[/);
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  });

  it('take the power of commands from other text, and change nothing else', () => {
    for (const canary of CANARIES) {
      const safe = withoutCommands(`a table\n${canary}\n`);
      assert.doesNotMatch(safe, /^[^\S\r\n]*::|##\[/m);
      assert.equal(safe.replaceAll('\u200b', ''), `a table\n${canary}\n`);
    }
    assert.equal(withoutCommands('✓ pass  a::b at std::vector\n'), '✓ pass  a::b at std::vector\n');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(':', '#', '[', ' ', '\t', '\n', '\r', 'x') }), (text) => {
        assert.doesNotMatch(withoutCommands(text), /^[^\S\r\n]*::|##\[/m);
      }),
    );
  });
});
