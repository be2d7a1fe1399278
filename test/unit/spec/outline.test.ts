import assert from 'node:assert/strict';
import { parse, slice } from './marked';

const text = `name: Support chat
prompt: "Answer {{ question }}"
vars: { question: none }
assert:
  - not-contains: As an AI
cases:
  - name: refund
    tags: [smoke]
    vars: { question: May I return it? }
    assert: [ { contains: 30 days }, { type: regex, value: "a+", name: as } ]
  - vars: { question: Where is it?, n: 2 }
  - vars:
      question: Where is it?
      n: 2
    assert:
      - contains: |
          several
          lines
load:
  - name: rush
    pattern: poisson
    rate: 8/s
    duration: 5s
    slo:
      - ttft.p99 <= 1s
  - { pattern: constant, rate: 2/s, duration: 5s }
  - { pattern: constant, rate: 2/s, duration: 9s }
slo:
  - rag
  - { expr: "itl.p95 <= 60ms", name: smooth }
endpoints: [ sim, { name: other, api: sim } ]
`;

describe('the outline', () => {
  const { outline } = parse(text);

  it('names cases after their author or their variables, each id once', () => {
    assert.deepEqual(
      outline.cases.map(({ id, name, tags, pointer }) => [pointer, id, name, tags]),
      [
        ['/cases/0', 'refund', 'refund', ['smoke']],
        ['/cases/1', 'question: Where is it?, n: 2', 'question: Where is it?, n: 2', []],
        ['/cases/2', 'question: Where is it?, n: 2#2', 'question: Where is it?, n: 2', []],
      ],
    );
  });

  it('keeps ids apart whose variables differ only beyond what is shown', () => {
    const long = 'x'.repeat(100);
    const cases = parse(`prompt: hi\ncases: [{ vars: { a: ${long}1 } }, { vars: { a: ${long}2 } }]\n`).outline.cases;
    assert.equal(cases[0]?.name, cases[1]?.name);
    assert.notEqual(cases[0]?.id, cases[1]?.id);
    assert.ok(cases.every(({ id }) => !id.includes('#')));
  });

  it('anchors each thing on a line of its own', () => {
    const lines = (items: { anchor: { start: { line: number }; end: { line: number } } }[]) => {
      for (const { anchor } of items) assert.equal(anchor.start.line, anchor.end.line);
      return items.map(({ anchor }) => anchor.start.line);
    };
    assert.deepEqual(lines(outline.cases), [6, 10, 11]);
    assert.deepEqual(lines(outline.cases.flatMap(({ assertions }) => assertions)), [9, 9, 15]);
    assert.deepEqual(lines(outline.assertions), [4]);
    assert.deepEqual(lines(outline.stages), [19, 25, 26]);
    assert.deepEqual(lines(outline.stages.flatMap(({ slos }) => slos)), [24]);
    assert.deepEqual(lines(outline.slos), [28, 29]);
    assert.equal(slice(text, outline.cases[0]?.assertions[1]?.anchor), '{ type: regex, value: "a+", name: as }');
    assert.equal(slice(text, outline.nameRange), 'Support chat');
  });

  it('names assertions, stages, SLOs and endpoints', () => {
    assert.deepEqual(
      outline.assertions.map(({ name }) => name),
      ['not-contains As an AI'],
    );
    assert.deepEqual(
      outline.cases[0]?.assertions.map(({ name }) => name),
      ['contains 30 days', 'as'],
    );
    assert.deepEqual(
      outline.stages.map(({ id, name }) => [id, name]),
      [
        ['rush', 'rush'],
        ['constant 2/s', 'constant 2/s'],
        ['constant 2/s#2', 'constant 2/s'],
      ],
    );
    assert.deepEqual(
      outline.slos.map(({ id, name }) => [id, name]),
      [
        ['rag', 'rag'],
        ['itl.p95 <= 60ms', 'smooth'],
      ],
    );
    assert.deepEqual(
      outline.endpoints.map(({ name }) => name),
      ['sim', 'other'],
    );
    assert.deepEqual(
      parse('prompt: hi\nslo: ttft <= 1s\nload: { pattern: sync, requests: 1 }\n').outline.slos.map(
        ({ pointer }) => pointer,
      ),
      ['/slo'],
    );
  });

  it('names a file without a name after itself', () => {
    assert.equal(parse('prompt: hi\n').outline.name, 'test');
  });
});

describe('digests of nodes', () => {
  const hash = (source: string, pointer: string) => {
    const found = parse(source).nodeHash(pointer);
    assert.ok(found !== undefined, pointer);
    return found;
  };
  const changed = (from: string, to: string) => {
    assert.ok(text.includes(from));
    return text.replace(from, to);
  };
  const pointers = [
    '/cases/0',
    '/cases/1',
    '/cases/0/assert/0',
    '/assert/0',
    '/slo/0',
    '/slo/1',
    '/load/0/slo/0',
    '/load/0',
  ];

  function affected(source: string): string[] {
    return pointers.filter((pointer) => hash(source, pointer) !== hash(text, pointer));
  }

  it('do not change with comments, spacing, quotes and the order of keys', () => {
    assert.deepEqual(affected(`# new\n${text}`), []);
    assert.deepEqual(affected(text.replaceAll('\n', '\r\n')), []);
    assert.deepEqual(
      affected(changed('vars: { question: Where is it?, n: 2 }', 'vars: { n: 2, question: "Where is it?" } # same')),
      [],
    );
    assert.deepEqual(affected(changed('ttft.p99 <= 1s', 'ttft<=1s')), ['/load/0'], 'the same SLO, written otherwise');
  });

  it('of a case: the case, the prompt, the variables and the assertions of the file', () => {
    const answers = ['/cases/0', '/cases/1', '/cases/0/assert/0', '/assert/0'];
    assert.deepEqual(affected(changed('Answer {{', 'Reply {{')), answers);
    assert.deepEqual(affected(changed('question: none', 'question: some')), answers);
    assert.deepEqual(affected(changed('As an AI', 'As a model')), ['/cases/0', '/cases/1', '/assert/0']);
    assert.deepEqual(affected(changed('May I return it?', 'Can I?')), ['/cases/0', '/cases/0/assert/0', '/assert/0']);
    assert.deepEqual(affected(changed('value: "a+"', 'value: "b+"')), ['/cases/0']);
  });

  it('of an SLO: its expression alone', () => {
    assert.deepEqual(affected(changed('itl.p95 <= 60ms', 'itl.p95 <= 70ms')), ['/slo/1']);
    assert.deepEqual(affected(changed('rate: 8/s', 'rate: 9/s')), ['/load/0']);
    assert.deepEqual(affected(changed('ttft.p99 <= 1s', 'ttft.p99 <= 2s')), ['/load/0/slo/0', '/load/0']);
  });
});
