import assert from 'node:assert/strict';
import { definitionAt } from '../../../src/core/language/definition';
import { foldingOf } from '../../../src/core/language/folding';
import { linksOf } from '../../../src/core/language/links';
import { symbolsOf } from '../../../src/core/language/symbols';
import { LanguageDocument } from '../../../src/core/language/language-document';
import type { DocumentSymbol, LanguageContext } from '../../../src/core/language/types';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { TextLines } from '../../../src/core/spec/lines';
import { at, EVAL_PATH, SHARED_PATH } from './notation';

const SHARED = 'endpoints:\n  - name: vllm\n    url: http://x/v1\npresets:\n  ours: [ttft.p99 <= 250ms]\n';
const context: LanguageContext = { workspace: parseEvalFile(SHARED, SHARED_PATH) };

/** `path:line:text` of each definition. */
function definitions(source: string, path = EVAL_PATH): string[] {
  const { document, offset } = at(source, path);
  return definitionAt(document, offset, context).map(({ path: target, range }) => {
    const text = target === SHARED_PATH ? SHARED : target === path ? document.text : '';
    const lines = new TextLines(text);
    return `${target}:${range.start.line}:${text.slice(lines.offset(range.start), lines.offset(range.end))}`;
  });
}

describe('definitions', () => {
  it('of an endpoint lie in the file, else in promptrig.yaml', () => {
    assert.deepEqual(definitions('endpoints: [{ name: mine }]\njudge: mi|ne'), [`${EVAL_PATH}:0:mine`]);
    assert.deepEqual(definitions('endpoints: [vl|lm]'), [`${SHARED_PATH}:1:vllm`]);
    assert.deepEqual(definitions('endpoints: [si|m]'), []);
  });

  it('of a preset lie in promptrig.yaml', () => {
    assert.deepEqual(definitions('slo: [ou|rs]'), [`${SHARED_PATH}:4:ours`]);
    assert.deepEqual(definitions('slo: [ra|g]'), []);
  });

  it('of a path is the file', () => {
    assert.deepEqual(definitions('prompt: file://pro|mpts/a.txt'), ['/workspace/evals/prompts/a.txt:0:']);
    assert.deepEqual(definitions('dataset: { path: ../data/ca|ses.csv }'), ['/workspace/data/cases.csv:0:']);
    assert.deepEqual(definitions('assert: [{ is-json: "file://sch|ema.json" }]'), ['/workspace/evals/schema.json:0:']);
    assert.deepEqual(definitions('assert: [{ javascript: file://che|ck.js:grade }]'), ['/workspace/evals/check.js:0:']);
  });

  it('of a variable are its values: those of the case, else of the file, else of every case', () => {
    const text =
      'vars: { a: 1 }\ncases:\n  - vars: { a: 2 }\n    assert: [{ contains: "{{ a }}" }]\n  - assert: [{ contains: "{{ a }}" }]\nprompt: "{{ a }}"\n';
    assert.deepEqual(definitions(text.replace('{{ a }}', '{{ |a }}')), [`${EVAL_PATH}:2:a`]);
    assert.deepEqual(definitions(text.replace('- assert: [{ contains: "{{ a', '- assert: [{ contains: "{{ |a')), [
      `${EVAL_PATH}:0:a`,
    ]);
    assert.deepEqual(definitions(text.replace('prompt: "{{ a', 'prompt: "{{ a|')), [
      `${EVAL_PATH}:2:a`,
      `${EVAL_PATH}:0:a`,
    ]);
    assert.deepEqual(definitions('cases:\n  - expected: 5\n    assert: [{ equals: "{{ exp|ected }}" }]\n'), [
      `${EVAL_PATH}:1:expected`,
    ]);
    assert.deepEqual(definitions('prompt: "{{ no|thing }}"'), []);
  });

  it('of an alias is its anchor, also while the file is broken', () => {
    assert.deepEqual(definitions('x-a: &slow { idle: 1s }\nendpoints:\n  - { timeout: *sl|ow }\n"open'), [
      `${EVAL_PATH}:0:{ idle: 1s }`,
    ]);
  });

  it('are found in imported files, too', () => {
    const path = '/workspace/promptfooconfig.yaml';
    assert.deepEqual(definitions('prompts: ["{{ top|ic }}"]\ntests:\n  - vars: { topic: x }\n', path), [
      `${path}:2:topic`,
    ]);
    const models = '/workspace/a.prompt.yml';
    assert.deepEqual(definitions('messages:\n  - content: "{{in|put}}"\ntestData:\n  - input: x\n', models), [
      `${models}:3:input`,
    ]);
  });
});

describe('document links', () => {
  const links = (text: string, path = EVAL_PATH): string[] => {
    const document = new LanguageDocument(text, path);
    return linksOf(document).map(({ range, path: target }) => {
      const shown = text.slice(document.offset(range.start), document.offset(range.end));
      return `${shown} -> ${target}`;
    });
  };

  it('lead to every file that is named, and nowhere else', () => {
    const text = `prompt: 'file://a b.txt'
dataset: { path: cases.csv }
endpoints:
  - { name: x, url: https://example.com/v1, tls: { ca: ./ca.pem } }
cases:
  - turns: [{ user: file://turn.md }]
    assert:
      - javascript: file://check.js:grade
      - contains: see file://nothing.txt
`;
    assert.deepEqual(links(text), [
      'file://a b.txt -> /workspace/evals/a b.txt',
      'cases.csv -> /workspace/evals/cases.csv',
      './ca.pem -> /workspace/evals/ca.pem',
      'file://turn.md -> /workspace/evals/turn.md',
      'file://check.js:grade -> /workspace/evals/check.js',
    ]);
  });

  it('of globs and templates are none', () => {
    assert.deepEqual(links('prompts: [file://prompts/*.txt, "file://{{ name }}.txt", file://]'), []);
  });

  it('of imported files and of broken ones are there', () => {
    assert.deepEqual(links('tests: file://tests.yaml\nprompts: [file://p.txt', '/w/promptfooconfig.yaml'), [
      'file://tests.yaml -> /w/tests.yaml',
      'file://p.txt -> /w/p.txt',
    ]);
    assert.deepEqual(links('dataset: cases.csv', '/w/promptfooconfig.yaml'), []);
  });
});

describe('folding', () => {
  const folds = (text: string): string[] =>
    foldingOf(new LanguageDocument(text, EVAL_PATH)).map(
      ({ startLine, endLine, isComment }) => `${startLine}-${endLine}${isComment ? ' comment' : ''}`,
    );

  it('covers sections, items, texts and brackets, and no empty line behind them', () => {
    const text =
      'cases:\n- name: a\n  assert:\n    - contains: x\n\n- name: b\nprompt: |\n  one\n  # two\n  three\n\ntags: [\n  a,\n]\n';
    assert.deepEqual(folds(text), ['0-5', '1-3', '2-3', '6-9', '11-13']);
  });

  it('covers runs of comments', () => {
    assert.deepEqual(folds('# a\n# b\nname: x # c\n  # d\n  # e\n'), ['0-1 comment', '3-4 comment']);
  });

  it('survives a broken file, and CRLF', () => {
    assert.deepEqual(folds('cases:\r\n  - name: "a\r\n    vars: {\r\n  - name: b\r\n    tags: []\r\n'), [
      '0-4',
      '1-2',
      '3-4',
    ]);
  });
});

describe('document symbols', () => {
  const outline = (text: string, path = EVAL_PATH): string[] => {
    const document = new LanguageDocument(text, path);
    const rows: string[] = [];
    const visit = (items: readonly DocumentSymbol[], depth: number): void => {
      for (const item of items) {
        const within = (inner: DocumentSymbol['range'], outer: DocumentSymbol['range']): boolean =>
          document.offset(inner.start) >= document.offset(outer.start) &&
          document.offset(inner.end) <= document.offset(outer.end);
        assert.ok(within(item.selection, item.range), item.name);
        for (const child of item.children) assert.ok(within(child.range, item.range), `${child.name} in ${item.name}`);
        rows.push(`${'  '.repeat(depth)}${item.kind} ${item.name}${item.detail === '' ? '' : ` (${item.detail})`}`);
        visit(item.children, depth + 1);
      }
    };
    visit(symbolsOf(document), 0);
    return rows;
  };

  it('name the sections and what lies in them', () => {
    const text = `name: Chat
prompt: Hi
endpoints: [sim, { name: mine, model: m }]
cases:
  - name: first
    vars: { a: 1 }
    assert: [{ contains: x }, { type: latency, value: 3s }]
  - vars: { question: Why? }
    turns: [{ user: Hello, assert: [{ is-json: }] }]
load: { pattern: poisson, rate: 8/s, slo: [rag] }
slo: ttft.p99 <= 1s
`;
    assert.deepEqual(outline(text), [
      'section name (Chat)',
      'prompt prompt (Hi)',
      'section endpoints (2)',
      '  endpoint sim',
      '  endpoint mine (m)',
      'section cases (2)',
      '  case first',
      '    assertion contains (x)',
      '    assertion latency (3s)',
      '  case question: Why?',
      '    turn Hello',
      '      assertion is-json',
      'section load (1)',
      '  stage poisson (8/s)',
      '    slo rag',
      'section slo (ttft.p99 <= 1s)',
      '  slo ttft.p99 <= 1s',
    ]);
  });

  it('are there for imported files and for broken ones', () => {
    assert.deepEqual(
      outline(
        'prompts: [a]\ntests:\n  - description: one\n    assert:\n      - type: equals\n        value: x\n',
        '/w/promptfooconfig.yaml',
      ),
      ['section prompts (1)', '  prompt a', 'section tests (1)', '  case one', '    assertion equals (x)'],
    );
    assert.deepEqual(outline('cases:\n  - name: "a\n  - na\n'), ['section cases (2)', '  case a', '  case na']);
  });
});
