import assert from 'node:assert/strict';
import fc from 'fast-check';
import { htmlProblem } from '../../../src/core/quality/formats/html';
import { xmlMissing, xmlProblem } from '../../../src/core/quality/formats/xml';
import { answer, assertion } from './helpers';
import { evaluateOne, marked, testRows } from './rows';

describe('is-xml', () => {
  testRows([
    { type: 'is-xml', text: '<a><b>1</b></a>', outcome: 'passed', says: /is well-formed XML$/ },
    { type: 'is-xml', text: '<?xml version="1.0"?>\n<!-- x --><a/>\n', outcome: 'passed' },
    { type: 'is-xml', text: '<!DOCTYPE a><a>&lt;&#65;</a>', outcome: 'passed' },
    { type: 'is-xml', text: '<p:a xmlns:p="urn:x"/>', outcome: 'passed' },
    { type: 'is-xml', text: '<p:a/>', outcome: 'failed', says: /unbound namespace prefix/ },
    { type: 'is-xml', text: '<a>\n<b></a>', outcome: 'failed', says: /line 2, column \d+: unexpected close tag/ },
    { type: 'is-xml', text: '<a/><b/>', outcome: 'failed', says: /is not well-formed XML: line 1/ },
    { type: 'is-xml', text: '<a>A & B</a>', outcome: 'failed', says: /bare "&" must be written "&amp;"/ },
    { type: 'is-xml', text: '<a>&nbsp;</a>', outcome: 'failed', says: /undefined entity/ },
    { type: 'is-xml', text: '<a x=1/>', outcome: 'failed', says: /unquoted attribute value/ },
    { type: 'is-xml', text: '<a x="1" x="2"/>', outcome: 'failed', says: /duplicate attribute/ },
    { type: 'is-xml', text: 'prose', outcome: 'failed', says: /is not well-formed XML/ },
    { type: 'is-xml', text: '', outcome: 'failed', says: /is empty/ },
    { type: 'is-xml', text: '```xml\n<a/>\n```', outcome: 'failed', says: /code fence/ },
    { type: 'is-xml', text: 'Here: <a/>', outcome: 'failed', says: /other text around it, "Here:" before it/ },
    { type: 'is-xml', text: '<a/> Done.', outcome: 'failed', says: /other text around it, "Done\." after it/ },
    {
      type: 'is-xml',
      text: '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>',
      outcome: 'failed',
      says: /declarations of its own/,
    },
    { type: 'is-xml', value: 'a.b', text: '<a><b/></a>', outcome: 'passed', says: /with the element a\.b/ },
    { type: 'is-xml', value: 'a.b, a.c', text: '<a><b/></a>', outcome: 'failed', says: /without the element a\.c/ },
    {
      type: 'is-xml',
      value: ['a.b', 'a.c'],
      text: '<a><c/><b/></a>',
      outcome: 'passed',
      says: /the elements a\.b and a\.c/,
    },
    { type: 'is-xml', value: { requiredElements: ['b'] }, text: '<a><b/></a>', outcome: 'failed' },
    { type: 'is-xml', value: { requiredElements: [] }, text: '<a/>', outcome: 'passed' },
    { type: 'is-xml', value: {}, text: '<a/>', outcome: 'passed' },
    { type: 'is-xml', value: { elements: ['b'] }, text: '<a/>', outcome: 'error', says: /requiredElements/ },
    { type: 'is-xml', value: [''], text: '<a/>', outcome: 'error' },
  ]);

  it('finds elements by path, place among their siblings, and attribute', () => {
    const text = '<l><i id="1"><n/></i><x/><i><m/></i></l>';
    const there = ['l', 'l.i', 'l.i.n', 'l.i.0.n', 'l.i.1.m', 'l.x.0', 'l.i.@_id', 'l.i.0.@_id'];
    const missing = ['i', 'l.n', 'l.i.1.n', 'l.i.0.m', 'l.i.2', 'l.i.1.@_id', 'l.i.@_x', 'l.i.n.n'];
    assert.deepEqual(xmlMissing(text, [...there, ...missing]), missing);
  });

  it('reads nesting of any depth', () => {
    const depth = 100_000;
    const text = '<a>'.repeat(depth) + '</a>'.repeat(depth);
    assert.equal(xmlProblem(text, { namespaces: false }), null);
    assert.deepEqual(xmlMissing(text, ['a.a.a', 'a.b']), ['a.b']);
  });
});

describe('contains-xml', () => {
  testRows([
    {
      type: 'contains-xml',
      text: 'So <a>1</a>, and <b/>.',
      outcome: 'passed',
      says: /at character 4/,
      marks: ['<a>1</a>', '<b/>'],
    },
    { type: 'contains-xml', text: '```xml\n<a><b>1</b></a>\n```', outcome: 'passed', marks: ['<a><b>1</b></a>'] },
    { type: 'contains-xml', text: 'a < b and c > d', outcome: 'failed', says: /no well-formed XML; the answer starts/ },
    { type: 'contains-xml', text: 'use <id> here', outcome: 'failed' },
    { type: 'contains-xml', text: 'use <id> and <a>1</a>', outcome: 'passed', marks: ['<a>1</a>'] },
    { type: 'contains-xml', text: '<a><b></a> <c/>', outcome: 'passed', marks: ['<c/>'] },
    { type: 'contains-xml', text: '<a x=1><b>2</b></a>', outcome: 'passed', marks: ['<b>2</b>'] },
    { type: 'contains-xml', text: '<a title="1 > 0">x</a>', outcome: 'passed' },
    { type: 'contains-xml', text: '<!-- <a/> -->', outcome: 'failed' },
    { type: 'contains-xml', text: '<!-- <a/> <b/>', outcome: 'passed' },
    {
      type: 'contains-xml',
      text: 'R: <answer>R & D</answer>',
      outcome: 'failed',
      says: /"<answer>R & D<\/answer>" at character 4 is not: .*&amp;/,
    },
    { type: 'contains-xml', text: '', outcome: 'failed', says: /empty/ },
    {
      type: 'contains-xml',
      value: 'thinking,answer',
      text: '<thinking>x</thinking>\n<answer>y</answer>',
      outcome: 'passed',
    },
    {
      type: 'contains-xml',
      value: ['answer.reason'],
      text: 'So <answer><reason>x</reason></answer>',
      outcome: 'passed',
      says: /with the element answer\.reason/,
    },
    {
      type: 'contains-xml',
      value: ['answer', 'score'],
      text: '<answer>y</answer>',
      outcome: 'failed',
      says: /but without the element score/,
      marks: ['<answer>y</answer>'],
    },
    { type: 'contains-xml', value: { a: 1 }, text: '<a/>', outcome: 'error' },
  ]);

  it('finds a document in any prose without an angle bracket', async () => {
    const prose = fc.string({ unit: fc.constantFrom('a', ' ', '&', '"', "'", '\n', '/', '>', '😀') });
    const name = fc.constantFrom('a', 'b', 'x-y', 'ns:z');
    const tree = fc.letrec<{ node: string }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 3 },
        name.map((tag) => `<${tag} k="1"/>`),
        fc
          .tuple(name, fc.array(tie('node'), { maxLength: 3 }))
          .map(([tag, inner]) => `<${tag}>x${inner.join('y')}</${tag}>`),
      ),
    })).node;
    await fc.assert(
      fc.asyncProperty(prose, tree, prose, async (before, xml, after) => {
        const text = before + xml + after;
        const result = await evaluateOne(assertion('contains-xml'), answer(text));
        assert.equal(result.outcome, 'passed', `${JSON.stringify(text)}: ${result.reason}`);
        assert.deepEqual(marked(result, text), [xml]);
      }),
    );
  });
});

describe('is-html', () => {
  testRows(
    [
      { type: 'is-html', text: '<p>Hello</p>', outcome: 'passed' },
      {
        type: 'is-html',
        text: '\n<!DOCTYPE html><html><head><title>x</title></head><body>y</body></html>',
        outcome: 'passed',
      },
      { type: 'is-html', text: '<ul><li>a<li>b</ul><br>', outcome: 'passed' },
      { type: 'is-html', text: '<my-card>x</my-card>', outcome: 'passed' },
      { type: 'is-html', text: '<body>just text</body>', outcome: 'passed' },
      { type: 'is-html', text: 'Hello', outcome: 'failed', says: /text outside of any element: "Hello"/ },
      { type: 'is-html', text: 'Here: <p>x</p>', outcome: 'failed', says: /text outside of any element: "Here:"/ },
      { type: 'is-html', text: '<p>x</p> Done.', outcome: 'failed', says: /text outside of any element: "Done\."/ },
      { type: 'is-html', text: '<foo>x</foo>', outcome: 'failed', says: /no element of HTML/ },
      { type: 'is-html', text: '<!-- x -->', outcome: 'failed' },
      { type: 'is-html', text: '<?xml version="1.0"?><p/>', outcome: 'failed', says: /is XML, not HTML/ },
      { type: 'is-html', text: '```html\n<p>x</p>\n```', outcome: 'failed', says: /code fence/ },
      { type: 'is-html', text: '  ', outcome: 'failed', says: /is empty/ },
    ],
    { neverError: ['is-html'] },
  );

  it('stops at a depth that no page has', () => {
    assert.match(htmlProblem('<div>'.repeat(600)) ?? '', /more than 512 deep/);
    assert.equal(htmlProblem('<div>'.repeat(400)), null);
  });
});

describe('contains-html', () => {
  testRows(
    [
      {
        type: 'contains-html',
        text: 'text <b>bold</b> text',
        outcome: 'passed',
        says: /"<b>" at character 6/,
        marks: ['<b>'],
      },
      { type: 'contains-html', text: 'one<br/>two', outcome: 'passed', marks: ['<br/>'] },
      { type: 'contains-html', text: '<p>open', outcome: 'passed' },
      { type: 'contains-html', text: '<!doctype html>', outcome: 'passed' },
      { type: 'contains-html', text: '<DIV class="x">', outcome: 'passed' },
      {
        type: 'contains-html',
        text: 'a < b and c > d',
        outcome: 'failed',
        says: /contains no HTML; the answer starts/,
      },
      { type: 'contains-html', text: 'Dear <title> <name>', outcome: 'failed' },
      { type: 'contains-html', text: '<title>x</title>', outcome: 'passed' },
      { type: 'contains-html', text: '<answer>x</answer>', outcome: 'failed' },
      { type: 'contains-html', text: 'Vec<String> & Map<K, V>', outcome: 'failed' },
      { type: 'contains-html', text: '', outcome: 'failed', says: /empty/ },
    ],
    { neverError: ['contains-html'] },
  );
});
