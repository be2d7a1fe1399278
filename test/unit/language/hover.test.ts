import assert from 'node:assert/strict';
import { hoverAt } from '../../../src/core/language/hover';
import type { LanguageContext } from '../../../src/core/language/types';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { at, EVAL_PATH, SHARED_PATH } from './notation';

const context: LanguageContext = {
  workspace: parseEvalFile(
    'endpoints:\n  - { name: vllm, url: http://me:secret@127.0.0.1:8000/v1, model: llama }\npresets: { ours: [ttft.p99 <= 250ms] }\n',
    SHARED_PATH,
  ),
};

function hover(source: string, path = EVAL_PATH): { markdown: string; covered: string; source: string } | undefined {
  const { document, offset } = at(source, path);
  const found = hoverAt(document, offset, context);
  if (found === undefined) return undefined;
  const covered = document.text.slice(document.offset(found.range.start), document.offset(found.range.end));
  return { markdown: found.markdown, covered, source: found.source };
}

describe('hover documentation', () => {
  it('says what a key means, takes and defaults to', () => {
    const found = hover('con|currency: 8');
    assert.equal(found?.covered, 'concurrency');
    assert.match(found?.markdown ?? '', /How many cases are asked at once/);
    assert.match(found?.markdown ?? '', /whole number, 1 to 10000.*Default: `4`/);
    assert.equal(found?.source, 'schema');
  });

  it('knows keys at any depth, in brackets, of a single stage and of a broken file', () => {
    assert.match(hover('endpoints: [{ timeout: { first_|token: 1s } }]')?.markdown ?? '', /first token/);
    assert.match(hover('load: { patt|ern: sync }')?.markdown ?? '', /How requests arrive/);
    assert.match(hover('load:\n  - warm|up: 1s\n    "open')?.markdown ?? '', /left out of every statistic/);
    assert.match(hover('def|aults: { policy: strict }', SHARED_PATH)?.markdown ?? '', /Defaults of every file/);
  });

  it('explains words, assertions, metrics, presets and parameters', () => {
    assert.match(hover('load: { pattern: pois|son }')?.markdown ?? '', /independent users/);
    assert.match(hover('assert: [{ not-ico|ntains: x }]')?.markdown ?? '', /The opposite of `icontains`/);
    assert.match(hover('assert: [{ type: lat|ency }]')?.markdown ?? '', /last token/);
    assert.match(hover('assert: [{ type: latency, sev|erity: info }]')?.markdown ?? '', /reported/);
    assert.match(hover('slo: [ttft.p|99 <= 200ms]')?.markdown ?? '', /Time to first token/);
    assert.match(hover('slo: [{ expr: cost.per_|good <= $1 }]')?.markdown ?? '', /fast wrong answer/);
    assert.match(hover('slo: [ra|g]')?.markdown ?? '', /e2e\.p99 <= 3s[\s\S]*GuideLLM/);
    assert.match(hover('slo: [ou|rs]')?.markdown ?? '', /250ms[\s\S]*promptrig\.yaml/);
    assert.match(hover('params: { tempe|rature: 0 }')?.markdown ?? '', /next token/);
  });

  it('describes an endpoint without the password of its address', () => {
    const { markdown = '' } = hover('endpoints: [vl|lm]') ?? {};
    assert.match(markdown, /llama/);
    assert.match(markdown, /127\.0\.0\.1:8000/);
    assert.ok(!markdown.includes('secret'));
    assert.match(hover('judge: si|m')?.markdown ?? '', /No network/);
  });

  it('shows the values of a variable, those of the case first', () => {
    const text =
      'vars: { shop: Acme }\nprompt: "{{ sh|op || upper }}"\ncases:\n  - name: a\n    vars: { shop: Other }\n';
    const found = hover(text);
    assert.equal(found?.covered, 'shop');
    assert.match(found?.markdown ?? '', /- file: `Acme`\n- case `a`: `Other`/);
    assert.match(hover(text.replace('|op', 'op').replace('upp', 'u|pp'))?.markdown ?? '', /large letters/);
    const judged = 'vars: { x: file }\ncases:\n  - vars: { x: own }\n    assert: [{ contains: "{{ |x }}" }]\n';
    assert.match(hover(judged)?.markdown ?? '', /- case 1: `own`\n- file: `file`/);
  });

  it('lets nothing of a file become a link or HTML', () => {
    const { markdown = '' } = hover('vars: { x: "`[a](command:b) <img>" }\nprompt: "{{ |x }}"') ?? {};
    assert.match(markdown, /``\s`\[a\]\(command:b\) <img>\s``/);
  });

  it('is silent about free texts, unknown keys and values', () => {
    for (const text of ['description: so|me', 'unknown: |x', 'unk|nown: x', '# com|ment', 'x-a: { b: |c }'])
      assert.equal(hover(text), undefined, text);
  });

  it('knows assertions and variables of imported files', () => {
    const path = '/workspace/promptfooconfig.yaml';
    assert.match(hover('tests:\n  - assert:\n      - type: ico|ntains', path)?.markdown ?? '', /any case/);
    assert.equal(hover('pro|mpts: [a]', path), undefined);
  });

  it('knows what is written below an anchor by where it is used', () => {
    const text = 'x-t: &slow\n  first_|token: 30s\nendpoints:\n  - { name: a, timeout: *slow }\n';
    assert.match(hover(text)?.markdown ?? '', /first token/);
  });
});
