import assert from 'node:assert/strict';
import { columns } from '../../../src/core/report/columns';
import { renderJson, type JsonReport } from '../../../src/core/report/json';
import { displayWidth, truncate, wrap } from '../../../src/core/report/layout';
import { plain } from '../../../src/core/report/plain';
import { painter } from '../../../src/core/report/style';
import { caseRecord, run } from './helpers';

describe('layout', () => {
  it('measures what a terminal draws', () => {
    for (const [text, width] of [
      ['', 0],
      ['abc', 3],
      ['Grüße', 5],
      ['東京', 4],
      ['🙂', 2],
      ['👩‍👩‍👧', 2],
      ['e\u0301', 1],
      ['한국', 4],
      ['✓ ✗ …', 5],
    ] as const) {
      assert.equal(displayWidth(text), width, text);
    }
  });

  it('cuts to a width without splitting a character', () => {
    assert.equal(truncate('東京タワー', 5), '東京…');
    assert.equal(truncate('東京タワー', 4), '東…');
    assert.equal(truncate('👩‍👩‍👧x', 3), '👩‍👩‍👧x');
    assert.equal(truncate('abc', 0), '');
    for (let width = 1; width < 12; width++) assert.ok(displayWidth(truncate('a東b🙂c한d', width)) <= width);
  });

  it('wraps at spaces and cuts longer words', () => {
    assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrap('abcdefgh ij', 3), ['abc', 'def', 'gh', 'ij']);
    assert.deepEqual(wrap('', 10), ['']);
  });

  it('aligns columns by what is drawn, without spaces at line ends', () => {
    const rows = [
      [{ text: '東京' }, { text: '1', align: 'right' as const }, { text: 'x' }],
      [{ text: 'a' }, { text: '100', align: 'right' as const }, { text: '' }],
    ];
    assert.deepEqual(columns(rows, painter(false)), ['東京    1  x', 'a     100']);
  });
});

describe('plain', () => {
  it('shows controls instead of sending them, and keeps everything else', () => {
    assert.equal(plain('a\u001b[31mb\u0000\u007f\u009b'), 'a\\u001b[31mb\\u0000\\u007f\\u009b');
    assert.equal(plain('one\r\ntwo\nthree\tfour'), 'one⏎two⏎three four');
    assert.equal(plain('\u202eabc\u2066'), '\\u202eabc\\u2066');
    assert.equal(plain('Grüße, 東京 👩‍👩‍👧'), 'Grüße, 東京 👩‍👩‍👧');
  });
});

describe('renderJson', () => {
  it('is one document with the worst verdict, free of raw controls, whose data are unchanged', () => {
    const answer = 'x\u001b[2J\u009b\u202e\n"y"';
    const text = renderJson(
      [
        { dir: '/r/1', run: run({ verdict: 'pass' }), cases: [] },
        { dir: '/r/2', run: run({ verdict: 'inconclusive' }), cases: [caseRecord({ answer })] },
      ],
      3,
    );
    assert.doesNotMatch(text, /(?!\n)[\p{Cc}\u202e]/u);
    const report = JSON.parse(text) as JsonReport;
    assert.equal(report.schema, 'promptrig.report/1');
    assert.equal(report.exit_code, 3);
    assert.equal(report.verdict, 'inconclusive');
    assert.equal(report.runs[1]?.cases[0]?.answer, answer);
    assert.equal((JSON.parse(renderJson([], 2)) as JsonReport).verdict, null);
  });
});
