import assert from 'node:assert/strict';
import { CommandId } from '../../../src/extension/contributions';
import { PICTURE_PALETTES } from '../../../src/extension/language/distribution-svg';
import { histogramOf } from '../../../src/extension/language/histogram';
import { HOVER_COMMANDS, LinkedCommand, type LinkContext } from '../../../src/extension/language/hover-links';
import { hoverMarkdown } from '../../../src/extension/language/hover-text';
import { escapeMarkdown, fenced, inlineCode, withSpans } from '../../../src/extension/language/markdown';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { AT, parsed, statusAt } from './inline-support';
import { assertion, record, slo, stage } from './support';

const FILE = `name: Chat
prompt: "Answer {{ q }}"
cases:
  - name: refund
    vars: { q: one }
    assert:
      - contains: 30 days
load:
  - name: steady
    pattern: constant
    rate: 8/s
    duration: 10s
slo:
  - ttft.p99 <= 200ms
  - quality.pass_rate >= 90%
`;

const LINKS: LinkContext = {
  hasCommand: () => true,
  dirOf: (run) => `/runs/${run}`,
  lastRun: null,
};

function observer(confidence = 0.95): { survey: ReturnType<typeof parsed>['survey']; run: RunObserver } {
  const { survey } = parsed(FILE);
  return { survey, run: new RunObserver(survey, AT, true, { id: 'run-1', confidence }) };
}

/** What stands in Markdown outside of fences, code and images: what a renderer looks at. */
function rendered(markdown: string): string {
  return markdown
    .replace(/(`{3,})text\n[^]*?\n\1/g, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/!\[[^\]]*\]\(data:image\/svg\+xml;base64,[A-Za-z0-9+/=]*\)/g, '');
}

describe('the hover of a result', () => {
  it('says the result first, with limit, interval at its level, sample and effective sample', () => {
    const { survey, run } = observer(0.9);
    run.onStage('sim', stage('steady', '/load/0', [slo('/slo/0')]));
    const text = hoverMarkdown(statusAt(survey, run.observations, '/slo/0'));
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    assert.deepEqual(rows.slice(2), [
      '| Value | **184 ms** |',
      '| Limit | `ttft.p99 <= 200ms` $(pass) met |',
      '| 90% interval | 176–195 |',
      '| Samples | 478 (390 effective) |',
      '| Confidence | high |',
      '| Measured on | `sim`, stage `steady`, 2026\\-02\\-03 04:05:06 UTC |',
    ]);
    assert.match(text, /\*\*TTFT\*\* = `first - origin`/);
  });

  it('holds targets side by side, the missed one first, each with its own numbers', () => {
    const { survey, run } = observer();
    run.onStage('small', stage('steady', '/load/0', [slo('/slo/0')]));
    const missed = slo('/slo/0', { value: 620, verdict: 'fail', reason: '420 ms over', n: 12345, n_effective: null });
    run.onStage('large', stage('steady', '/load/0', [missed]));
    const rows = hoverMarkdown(statusAt(survey, run.observations, '/slo/0'))
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    assert.deepEqual(rows[0]?.slice(1, -1), ['Target', 'Value', '95% interval', 'n', 'effective', 'Verdict', 'Reason']);
    assert.deepEqual(rows[2]?.slice(1, -1), [
      '`large`',
      '**620 ms**',
      '176–195',
      '12,345',
      '',
      '$(error) missed',
      '420 ms over',
    ]);
    assert.equal(rows[3]?.[1], '`small`');
  });

  it('draws the distribution with its limit, and says in words what it shows', () => {
    const { survey, run } = observer();
    run.onStage('sim', stage('steady', '/load/0', [slo('/slo/0')]));
    const values = Array.from({ length: 400 }, (_, i) => 100 + i / 4);
    const [observation] = run.observations.filter(({ kind }) => kind === 'slo');
    assert.ok(observation?.kind === 'slo');
    observation.histogram = histogramOf(values, 180) ?? undefined;
    observation.result = { ...observation.result, limit: 180, expr: 'ttft.p99 <= 180ms' };
    const text = hoverMarkdown(statusAt(survey, run.observations, '/slo/0'), { palette: PICTURE_PALETTES.dark });
    const [, alt = '', data = ''] = /!\[([^\]]*)\]\(data:image\/svg\+xml;base64,([A-Za-z0-9+/=]+)\)/.exec(text) ?? [];
    assert.match(alt, /^Distribution of 400 values from 100 ms to 200 ms, 19\.8% above the limit of 180 ms$/);
    const svg = Buffer.from(data, 'base64').toString('utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="400"/);
    assert.match(svg, /limit 180 ms/);
    assert.match(svg, /fill="url\(#over\)"/);
    assert.ok(data.length < 12_000, `${data.length} characters`);
  });

  it('shows the answer with the parts that the reason is about marked', () => {
    const { survey, run } = observer();
    const failed = assertion('/cases/0/assert/0', {
      type: 'not-contains',
      outcome: 'failed',
      reason: 'contains "14 days"',
      spans: [[9, 16]],
    });
    run.onCase(record('/cases/0', 'refund', [failed], { answer: 'You have 14 days.' }));
    const text = hoverMarkdown(statusAt(survey, run.observations, '/cases/0/assert/0'));
    assert.ok(text.includes('```text\nYou have »14 days«.\n```'), text);
  });

  it('says whose words a grade is, and that the judge would not stand by it', () => {
    const { survey, run } = observer();
    const graded = assertion('/cases/0/assert/0', {
      type: 'llm-rubric',
      outcome: 'failed',
      reason: 'not friendly',
      again: 'passed',
    });
    run.onCase(record('/cases/0', 'refund', [graded]));
    const text = hoverMarkdown(statusAt(survey, run.observations, '/cases/0/assert/0'));
    assert.match(text, /\*\*refund on `sim`\*\* the judge says: not friendly/);
    assert.match(text, /Asked once more about the same answer, the judge said: passed/);
    assert.match(text, /graded 1 of these answers twice, and said something else the second time of 1/);
  });

  it('says of a set what its members found', () => {
    const { survey, run } = observer();
    const members = [
      assertion('/x', { type: 'contains' }),
      assertion('/x', { type: 'regex', outcome: 'failed', reason: 'does not match *a*' }),
    ];
    run.onCase(
      record('/cases/0', 'refund', [
        assertion('/cases/0/assert/0', { type: 'assert-set', outcome: 'failed', members }),
      ]),
    );
    const text = hoverMarkdown(statusAt(survey, run.observations, '/cases/0/assert/0'));
    assert.match(text, /- `regex` failed: does not match \\\*a\\\*/);
    assert.doesNotMatch(text, /`contains` passed/);
  });

  it('tells of a pass rate what repeats and the judge add to it', () => {
    const { survey, run } = observer();
    const rate = slo('/slo/1', { expr: 'quality.pass_rate >= 90%', value: 0.8, limit: 0.9, verdict: 'fail' });
    run.onQuality('sim', {
      ...{
        cases: 9,
        passed: 7,
        failed: 2,
        errors: 0,
        skipped: 0,
        pass_rate: 0.8,
        ci: null,
        score: 0.8,
        flake_rate: 0.3,
      },
      slo: [rate],
      pass_at: { 1: 0.8, 2: 0.9, 3: 0.95 },
      pass_all: { 1: 0.8, 2: 0.6, 3: 0.5 },
      judge: { calls: 12, input_tokens: 1, output_tokens: 1, cost: 0.01, graded_twice: 3, disagreed: 1 },
    });
    const text = hoverMarkdown(statusAt(survey, run.observations, '/slo/1'));
    assert.match(text, /pass@1 80% · pass@3 95% \(right at least once\) · pass\\\^3 50% \(right every time\)/);
    assert.match(text, /Judge: 12 requests, \$0\.01; \$\(warning\) disagrees with itself on 1 of 3/);
  });
});

describe('the links of a hover', () => {
  function linked(links: LinkContext): string[] {
    const { survey, run } = observer();
    const failed = assertion('/cases/0/assert/0', { outcome: 'failed' });
    run.onCase(record('/cases/0', 'refund', [failed], { request: 'sim (a)/cases/3' }));
    const text = hoverMarkdown(statusAt(survey, run.observations, '/cases/0/assert/0'), { links });
    return [...text.matchAll(/\]\((command:[^)]*)\)/g)].map(([, href = '']) => decodeURIComponent(href));
  }

  it('lead to the run, the request, the comparison and the baseline, where these commands exist', () => {
    assert.deepEqual(linked(LINKS), [
      `command:${LinkedCommand.openRun}?[{"kind":"run","dir":"/runs/run-1","id":"run-1"}]`,
      `command:${LinkedCommand.openRequest}?[{"kind":"run","dir":"/runs/run-1","id":"run-1","request":"sim (a)/cases/3"}]`,
      `command:${LinkedCommand.compareRun}?[{"kind":"run","dir":"/runs/run-1","id":"run-1"}]`,
      `command:${LinkedCommand.pinBaseline}?[{"kind":"run","dir":"/runs/run-1","id":"run-1"}]`,
    ]);
    assert.deepEqual(linked({ ...LINKS, hasCommand: () => false }), []);
    const some = linked({ ...LINKS, hasCommand: (id) => id === CommandId.openRunPanel, lastRun: 'run-1' });
    assert.deepEqual(some, [`command:${CommandId.openRunPanel}`]);
  });

  it('are the only ones that a hover may follow', () => {
    for (const href of linked(LINKS)) {
      assert.ok(HOVER_COMMANDS.includes(href.replace(/^command:|\?.*$/g, '')), href);
    }
    assert.ok(HOVER_COMMANDS.every((id) => id.startsWith('promptrig.')));
  });
});

describe('texts of a model in a hover', () => {
  const HOSTILE = [
    '[click](command:promptrig.runEval)',
    '<img src=x onerror=alert(1)>',
    '![x](https://evil.example/pixel.png)',
    'https://evil.example/ and www.evil.example and mail@evil.example',
    '```\nbreak out\n````\n# heading',
    '$(trash)',
    '| a | b |\n| --- | --- |',
    '&lt;b&gt; **bold** _it_ ~~no~~ `code`',
    'safe\u202egnp.exe\u200f \u0007',
    '\n---\n1. one\n- two\n> quote',
  ];

  it('are shown and never obeyed, wherever they stand', () => {
    for (const text of HOSTILE) {
      const { survey, run } = observer();
      const failed = assertion('/cases/0/assert/0', {
        outcome: 'failed',
        reason: text,
        name: text,
        expected: text,
        actual: text,
        members: [assertion('/x', { type: text, outcome: 'failed', reason: text })],
      });
      run.onCase(record('/cases/0', text, [failed], { answer: `${text}!`, target: text }));
      const markdown = hoverMarkdown(statusAt(survey, run.observations, '/cases/0/assert/0'), { links: LINKS });
      const outside = rendered(markdown).replace(
        /\[\$\([a-z-]+\) [A-Za-z ]+\]\(command:promptrig\.[A-Za-z]+\?[^)]*\)/g,
        '',
      );
      for (const sign of [/(?<!\\)\[/, /(?<!\\)</, /(?<!\\)!\[/, /https?:\/\//i, /www\.e/i, /(?<!\\)@/, /(?<!\\)&/]) {
        assert.doesNotMatch(outside, sign, `${text} gives ${outside}`);
      }
      assert.doesNotMatch(outside, /(?<!\\\\)\$\\?\(trash/, outside.slice(0, 400));
      assert.doesNotMatch(markdown, /[\u202e\u200f\u0007]/);
    }
  });

  it('fenced, are all they were, behind a fence that they cannot close', () => {
    const text = 'a\n````\nb `````` c';
    assert.equal(fenced(text), `\`\`\`\`\`\`\`text\n${text}\n\`\`\`\`\`\`\``);
    assert.equal(fenced('a\r\nb\u202ec'), '```text\na\nb\\u202ec\n```');
  });

  it('in one line, keep what they say', () => {
    assert.equal(escapeMarkdown('a\n b'), 'a b');
    assert.equal(escapeMarkdown('31 ms over, 95% of 12'), '31 ms over, 95% of 12');
    assert.equal(escapeMarkdown('$(trash)'), '\\\\$\\(trash\\)');
    assert.equal(inlineCode('a`b | $(x)\n'), '`a b $ (x) `');
  });

  it('are marked without losing a character, whatever the spans are', () => {
    assert.equal(
      withSpans('abcdef', [
        [0, 2],
        [1, 3],
        [5, 6],
      ]),
      '»abc«de»f«',
    );
    assert.equal(
      withSpans('abc', [
        [2, 9],
        [-1, 1],
        [1, 1],
      ]),
      'abc',
    );
    assert.equal(withSpans('', [[0, 0]]), '');
  });
});
