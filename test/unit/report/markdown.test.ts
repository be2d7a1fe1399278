import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { codeBlock, codeCell, codeSpan } from '../../../src/core/report/escape-markdown';
import { renderMarkdown } from '../../../src/core/report/markdown';
import { hostileFile, reportFile, reportSet } from './documents-helpers';
import { caseRecord, quality, run, slo, stage, target } from './helpers';

/** What a reader of CommonMark renders as anything but code: fenced blocks, spans and `<code>` are taken out. */
function outsideOfCode(markdown: string): string {
  const kept: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split('\n')) {
    const run = /^`{3,}/.exec(line)?.[0] ?? null;
    if (fence !== null) {
      if (run !== null && run.length >= fence.length && line.trim() === run) fence = null;
      continue;
    }
    // The opening line of a fence holds no further backtick; else it is a span.
    if (run !== null && !line.slice(run.length).includes('`')) fence = run;
    else kept.push(line);
  }
  let text = kept.join('\n').replace(/<code>[^<]*<\/code>/g, '');
  let out = '';
  for (let match = /`+/.exec(text); match !== null; match = /`+/.exec(text)) {
    const [open] = match;
    const after = match.index + open.length;
    const close = [...text.slice(after).matchAll(/`+/g)].find(([run]) => run === open);
    out += text.slice(0, match.index);
    if (close === undefined) out += open;
    text = text.slice(close === undefined ? after : after + close.index + open.length);
  }
  return out + text;
}

describe('the Markdown report', () => {
  it('says the verdict first, then SLOs, then what failed with its line', () => {
    const missed = slo({ verdict: 'fail', value: 231, reason: '31 ms over' });
    const text = renderMarkdown(
      reportSet(reportFile({ run: run({ targets: [target({ stages: [stage({ slo: [missed] })] })] }) })),
    );
    const lines = text.split('\n').filter((line) => line !== '');
    assert.equal(lines[0], '### Promptrig: ❌ fail');
    assert.match(lines[1] ?? '', /^❌ fail `evals\/chat\.eval\.yaml` · 11 of 12 answers passed · 0 of 1 SLOs met$/);
    assert.match(
      text,
      /\| ❌ fail \| <code>ttft&#46;p99 &#60;&#61; 200ms<\/code> \| <code>steady chat<\/code> \| 231 ms \| 176–195 \| 478 \|/,
    );
    assert.match(text, /^- ❌ `evals\/chat\.eval\.yaml:14` `contains · Refund`: `does not contain "30 days"/m);
    assert.match(text, /<details><summary>Answers that did not pass<\/summary>\n\n/);
    assert.match(text, /```text\nRefunds take a while\.\n```/);
    assert.ok(text.indexOf('| verdict |') < text.indexOf('- ❌'));
  });

  it('shows pairs, the baseline, quality under load and flaky cases', () => {
    const text = renderMarkdown(
      reportSet(
        reportFile({
          run: run({
            targets: [
              target({
                quality: quality({
                  repeated: [{ case: '/cases/0', case_id: 'a', name: 'Refund', n: 3, passed: 1, distinct: 2 }],
                }),
                quality_under_load: {
                  low: { stage: 'slow', pass_rate: 0.95, n: 100 },
                  high: { stage: 'fast', pass_rate: 0.8, n: 100 },
                  difference: -0.15,
                  ci: [-0.25, -0.05],
                  verdict: 'worse',
                },
              }),
              target({ id: 'other' }),
            ],
            comparison: {
              pairs: [
                {
                  ...{ first: 'sim', second: 'other', cases: 40, only_first: 9, only_second: 1, difference: -0.2 },
                  ...{ ci: [-0.34, -0.05], p_value: 0.02, p_adjusted: 0.02, verdict: 'first better' as const },
                  ...{ lost: [], won: [] },
                },
              ],
            },
            baseline: {
              ...{ run: 'base-1', started_at: '', pairs: [], improvements: [] },
              regressions: ['sim: 20% fewer cases pass than in the baseline (9 lost, 1 won of 40, p 0.02)'],
            },
          }),
        }),
      ),
    );
    assert.match(
      text,
      /❌ Right answers under load, `sim`: 95% in `slow`, 80% in `fast`: −15 points \(95% CI −25 to −5\), worse/,
    );
    assert.match(text, /Flaky, `sim`: `Refund` 1\/3/);
    assert.match(text, /\*\*Against the baseline\*\* `base-1`\n\n- ❌ worse: `sim: 20% fewer/);
    assert.match(
      text,
      /\| <code>sim<\/code> \| <code>other<\/code> \| −20 points \(95% CI −34 to −5\) \| 40 \| 0\.02 \| <code>sim<\/code> is better \|/,
    );
  });

  it('shows the front and the choice of a run that selects', () => {
    const selecting = run({
      purpose: 'selection',
      comparison: {
        pairs: [],
        pareto: {
          axes: ['quality.score', 'ttft.p99'],
          points: [
            { id: 'a', values: [0.9, 184.2] },
            { id: 'b', values: [0.8, 300] },
          ],
          front: ['a'],
          dominated: [{ id: 'b', by: 'a' }],
        },
        selection: {
          ...{ subject_to: ['ttft.p99 <= 200ms'], fitting: [{ id: 'a', sure: false }] },
          ...{ rejected: [{ id: 'b', reasons: ['ttft.p99 300 ms'] }], choices: [] },
        },
      },
    });
    const text = renderMarkdown(reportSet(reportFile({ run: selecting })));
    assert.match(text, /\| <code>a<\/code> \| 90% \| 184 ms \| \*\*on the front\*\* \|/);
    assert.match(text, /\| <code>b<\/code> \| 80% \| 300 ms \| dominated by <code>a<\/code> \|/);
    assert.match(text, /- ✅ `a` meets every limit, not all with high confidence\n- ❌ `b`: `ttft\.p99 300 ms`/);
  });

  it('covers several evals with a table of them', () => {
    const passed = reportFile({ path: 'b.eval.yaml', cases: [], run: run({ verdict: 'pass' }) });
    const text = renderMarkdown(reportSet(reportFile(), passed));
    assert.match(text, /^### Promptrig: ❌ fail · 2 evals\n/);
    assert.match(text, /\| ✅ pass \| <code>b&#46;eval&#46;yaml<\/code> \|/);
    assert.match(text, /^#### ✅ pass `b\.eval\.yaml`/m);
  });

  it('leaves out answers, then sections, to stay within its size, and says so', () => {
    const cases = Array.from({ length: 60 }, (_, index) =>
      caseRecord({ case: `/cases/${index}`, case_id: `c${index}`, answer: 'long '.repeat(300) }),
    );
    const report = reportSet(reportFile({ cases }));
    const full = renderMarkdown(report, { mostBytes: 1e6 });
    const brief = renderMarkdown(report, { mostBytes: 12_000 });
    const least = renderMarkdown(report, { mostBytes: 600 });
    assert.match(full, /<details>/);
    assert.ok(Buffer.byteLength(brief) <= 12_000 && Buffer.byteLength(least) <= 600);
    assert.doesNotMatch(brief, /<details>/);
    assert.match(brief, /- ❌ `evals/);
    assert.match(brief, /Shortened/);
    assert.match(least, /^### Promptrig: ❌ fail/);
    assert.match(renderMarkdown({ files: [], exitCode: 0, version: '1' }), /nothing was run/);
  });

  it('lets nothing of a model, a server or a file out of code', () => {
    const rest = outsideOfCode(renderMarkdown(reportSet(hostileFile(), reportFile()), { mostBytes: 1e7 }));
    assert.doesNotMatch(rest, /canary/i);
    assert.doesNotMatch(rest, /@|javascript:|<(?!details>|\/details>|summary>|\/summary>)/);
    assert.doesNotMatch(
      renderMarkdown(reportSet(hostileFile())),
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/,
    );
  });

  it('can tell what leaves code', () => {
    assert.match(outsideOfCode('`a` <b>canary</b> ``c``'), /canary/);
    assert.match(outsideOfCode('```\nx\n```\ncanary'), /canary/);
    assert.doesNotMatch(outsideOfCode('``a ` canary`` and `x`'), /canary/);
  });

  it('keeps any text inside its span, cell or block', () => {
    const marks = fc.string({
      unit: fc.constantFrom(
        '`',
        '|',
        '\\',
        '<',
        '>',
        '&',
        '@',
        '\n',
        '\r',
        ' ',
        '[',
        ']',
        '(',
        ')',
        '!',
        '#',
        'x',
        '~',
      ),
    });
    fc.assert(
      fc.property(marks, (text) => {
        assert.equal(
          outsideOfCode(`before ${codeSpan(text)} after`)
            .replace(/ +/g, ' ')
            .trim(),
          'before after',
        );
        const cell = codeCell(text);
        assert.doesNotMatch(cell.replace(/^<code>|<\/code>$/g, ''), /[|\\<>`@\r\n]/);
        assert.equal(outsideOfCode(`before\n${codeBlock(text)}\nafter`), 'before\nafter');
      }),
    );
  });
});
