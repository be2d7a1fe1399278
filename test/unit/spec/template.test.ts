import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Environment } from 'nunjucks';
import { renderText, type TemplateProblem } from '../../../src/core/spec/template';
import type { TemplateValue } from '../../../src/core/spec/template-value';

const vars: Record<string, TemplateValue> = {
  name: 'Ada',
  user: { name: 'Bob', tags: ['x', 'y'], nothing: null },
  items: [3, 1, 2],
  people: [
    { n: 'b', a: 2 },
    { n: 'a', a: 1 },
  ],
  text: '  hello <b>world</b>  foo ',
  map: { k1: 'v1', k2: 'v2' },
  zero: 0,
  yes: true,
};

function problemsOf(source: string, variables: Record<string, TemplateValue> = vars): TemplateProblem[] {
  const rendered = renderText(source, variables);
  assert.ok(!rendered.ok, `${source} gave ${rendered.ok ? rendered.text : ''}`);
  return rendered.problems;
}

function undefinedIn(source: string): string[] {
  return problemsOf(source).map(({ code, offset, length }) => {
    assert.equal(code, 'undefined-variable');
    return source.slice(offset, offset + length);
  });
}

describe('templates', () => {
  const nunjucks = new Environment(null, { autoescape: false });
  for (const source of [
    'plain {text} with % and #',
    '{{ name }}{{ user.name }}{{ user["name"] }}{{ user.tags[1] }}{{ user.nothing }}',
    '{% for i in items %}{{ loop.index }}:{{ i }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}',
    '{% for k, v in map %}{{ k }}={{ v }};{% endfor %}{% for a, b in [[1, 2], [3, 4]] %}{{ a + b }} {% endfor %}',
    '{% for c in name %}{{ c }}.{% endfor %}{% for x in [] %}x{% else %}empty{% endfor %}',
    '{%- if zero == "0" -%} eq {%- elif yes %} elif {% else %} no {% endif %} .',
    '{% set a = 5 %}{% for i in items %}{% set a = a + i %}{% endfor %}{{ a }}{% set b %}cap {{ name }}{% endset %}{{ b }}',
    '{% switch name %}{% case "Ada" %}A{% case "B" %}B{% default %}D{% endswitch %}',
    '{% raw %}{{ x }}{% endraw %}{# comment #}x{% filter upper %}abc {{ name }}{% endfilter %}',
    '{{ 1 + 2 * 3 ** 2 // 4 }} {{ 7 % 3 }} {{ "a" ~ 1 ~ 2.5 }} {{ "a" + 1 }} {{ -3 | abs }} {{ 7 / 2 }}',
    '{{ "x" if yes else "y" }}{{ "x" if zero }}{{ not yes }} {{ yes and zero }} {{ zero or "z" }}',
    '{{ 3 in items }} {{ "k1" in map }} {{ "d" in name }} {{ 9 not in items }} {{ 1 == "1" }} {{ 1 === "1" }} {{ 1 < 2 }}',
    '{{ nope | default("d") }} {{ nope is defined }} {{ name is defined }} {{ false | default("x", true) }}',
    '{{ items | sort | join("-") }} {{ items | sort(true) | join(",") }} {{ people | sort(attribute="n") | join("|", "n") }}',
    '{{ items | first }}{{ items | last }}{{ items | length }}{{ map | length }}{{ items | sum }}{{ people | sum("a") }}',
    '{{ text | trim }}|{{ text | striptags }}|{{ text | title }}|{{ text | escape }}|{{ text | replace("o", "0") }}|{{ text | replace("o", "0", 1) }}',
    '{{ text | wordcount }}|{{ text | truncate(8) }}|{{ text | truncate(8, true, "!") }}|{{ "abc" | center(9) }}|{{ "a\nb" | indent(2) }}|{{ "a\nb" | indent(2, true) }}',
    '{{ map | dump }}{{ map | dump(2) }}{{ items | batch(2) | dump }} {{ items | slice(2) | dump }} {{ people | groupby("n") | dump }} {{ map | dictsort | dump }}',
    '{{ 3.14159 | round(2) }} {{ 2.1 | round(0, "ceil") }} {{ "42" | int + 1 }} {{ "x" | int(7) }} {{ "1.5" | float }}',
    '{{ items | reverse | join }} {{ "abc" | reverse }} {{ map | list | dump }} {{ "a b" | urlencode }} {{ "HELLO wORLD" | capitalize }}',
    '{{ [0, 1, 2] | select("odd") | join }} {{ [0, 1] | reject | join }} {{ people | selectattr("a") | length }}',
    '{{ 5 is odd }} {{ 4 is divisibleby(2) }} {{ none is none }} {{ items is iterable }} {{ name is string }}',
    '{{ range(3) }} {{ range(1, 10, 4) }} {{ range(5, 0, -2) }} {{ {"a": 1, b: 2} | dump }} {{ items }}',
    '{{ name.toUpperCase() }} {{ items.join("+") }} {{ items.length }} {{ name.length }}',
  ]) {
    it(`render as Nunjucks does: ${source.slice(0, 60)}`, () => {
      const rendered = renderText(source, vars);
      assert.ok(rendered.ok, JSON.stringify(rendered));
      assert.equal(rendered.text, nunjucks.renderString(source, vars));
    });
  }

  it('report an undefined variable with its place, the known ones and what was meant', () => {
    const [problem, ...more] = problemsOf('Dear {{ nmae }},');
    assert.equal(more.length, 0);
    assert.match(problem?.message ?? '', /"nmae" is not defined.*name, user, items/);
    assert.deepEqual([problem?.offset, problem?.length, problem?.replacements], [8, 4, ['name']]);
  });

  it('find undefined variables wherever they are used, all at once', () => {
    assert.deepEqual(undefinedIn('{{ a }} {{ name }} {{ b }}'), ['a', 'b']);
    assert.deepEqual(undefinedIn('{{ user.nmae }} {{ items[9] }}'), ['nmae', '9']);
    assert.deepEqual(undefinedIn('{{ user.nothing.x }}'), ['x']);
    assert.deepEqual(undefinedIn('{% if foo %}x{% endif %}{% for x in bar %}{{ x }}{% endfor %}'), ['foo', 'bar']);
    assert.deepEqual(undefinedIn('{{ foo | upper | trim }}'), ['foo']);
    assert.deepEqual(undefinedIn('{{ name | replace(from, to) }}'), ['from', 'to']);
    assert.deepEqual(undefinedIn('{{ foo or "x" }}'), ['foo']);
    assert.deepEqual(undefinedIn('{% for i in items %}{{ nx }}{% endfor %}'), ['nx']);
    assert.deepEqual(undefinedIn('{% set x = foo %}{{ x }}'), ['foo']);
    assert.deepEqual(undefinedIn('{{ loop.index }}'), ['loop']);
    assert.deepEqual(undefinedIn('a\n  b\n\n {{ name }} {{ late }}'), ['late']);
  });

  it('know the variables of loops and assignments, and accept default and "is defined"', () => {
    for (const source of [
      '{% for i in items %}{{ i }}{{ loop.index0 }}{% endfor %}',
      '{% set x = 1 %}{{ x }}',
      '{{ a.b.c | default("q") }}',
      '{% if foo is defined %}{{ foo }}{% endif %}',
      '{% if false %}{{ foo }}{% endif %}',
    ])
      assert.ok(renderText(source, vars).ok, source);
  });

  it('reach no prototype and no host function', () => {
    for (const source of [
      '{{ name.constructor }}',
      '{{ user.__proto__ }}',
      '{{ items["constructor"]["constructor"]("return process")() }}',
      '{{ user.constructor.constructor("return process")() }}',
      '{{ range.constructor("return 1")() }}',
      '{{ constructor }}',
      '{{ __proto__ }}',
      '{{ toString }}',
      '{{ people | join(",", "constructor") }}{{ people | sum("__proto__.x") }}{{ name.at(0) }}',
      '{{ (items | first).constructor }}',
    ]) {
      const rendered = renderText(source, vars);
      assert.ok(!rendered.ok, `${source} gave ${rendered.ok ? rendered.text : ''}`);
    }
    const own = renderText('{{ x.constructor }}', { x: { constructor: 'mine' } });
    assert.deepEqual(own, { ok: true, text: 'mine' }, 'an own key of that name is data like any other');
    const dict = renderText('{% set d = {"__proto__": {"polluted": 1} } %}{{ d | dump }}', {});
    assert.deepEqual(dict, { ok: true, text: '{"__proto__":{"polluted":1}}' });
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });

  it('end in an error instead of a hang', () => {
    const started = performance.now();
    for (const source of [
      '{% for i in range(1000000000) %}x{% endfor %}',
      '{% for i in range(99999) %}{% for j in range(99999) %}x{% endfor %}{% endfor %}',
      '{% set a = [1, 1] %}{% for i in range(60) %}{% set a = [a, a] %}{% endfor %}{{ a }}',
      '{% set a = [1, 1] %}{% for i in range(60) %}{% set a = [a, a] %}{% endfor %}{{ a | dump }}',
      '{% set a = [1, 1] %}{% for i in range(60) %}{% set a = [a, a] %}{% endfor %}{{ a == "x" }}{{ a + 1 }}',
      '{% set a = "xxxxxxxxxx" %}{% for i in range(60) %}{% set a = a ~ a %}{% endfor %}{{ a }}',
      '{% set a = "xxxxxxxxxx" %}{% for i in range(60) %}{% set a = a | replace("x", "xxxxx") %}{% endfor %}{{ a }}',
      '{{ "a" | center(2000000000) }}',
      '{{ "a" | indent(2000000000, true) }}',
      '{{ [1] | batch(2000000000, 0) }}',
      `{{ ${'('.repeat(20_000)}1 }}`,
      `${'{% if yes %}'.repeat(5_000)}x${'{% endif %}'.repeat(5_000)}`,
    ]) {
      const codes = problemsOf(source).map(({ code }) => code);
      assert.ok(
        codes.every((code) => code === 'template-limit'),
        `${source.slice(0, 60)}: ${codes.join()}`,
      );
    }
    assert.ok(performance.now() - started < 20_000);
  });

  it('say what is not available', () => {
    for (const source of [
      '{% include "x" %}',
      '{% macro f() %}x{% endmacro %}',
      '{% extends "x" %}',
      '{{ r/(a+)+$/ }}',
      '{{ name | random }}',
      '{{ nope() }}',
    ])
      assert.equal(problemsOf(source)[0]?.code, 'template-unsupported', source);
    assert.deepEqual(problemsOf('{{ name | uper }}')[0]?.replacements, ['upper']);
    assert.match(problemsOf('{{ user }}')[0]?.message ?? '', /dump/);
  });

  it('locate syntax errors', () => {
    for (const [source, at] of [
      ['Hi {{ name', '{{'],
      ['{% if %}', '%'],
      ['a {% foo %}', 'foo'],
      ['{% endif %}', 'endif'],
      ['{% for x in items %}', null],
      ['{{ }}', '}}'],
      ['{#', '{#'],
    ] as const) {
      const [problem] = problemsOf(source);
      assert.equal(problem?.code, 'template-syntax', source);
      assert.ok(problem.offset >= 0 && problem.offset + problem.length <= source.length, source);
      if (at !== null) assert.ok(source.startsWith(at, problem.offset), `${source} at ${problem.offset}`);
    }
  });

  const SEED = 20261122;
  const text = fc.string({ unit: 'grapheme', maxLength: 30 });

  it('without a tag are the text itself, and with tags the values between the texts', () => {
    const plain = text.filter((part) => !/\{[{%#]/.test(part));
    const values = fc.oneof(fc.string(), fc.integer(), fc.boolean());
    fc.assert(
      fc.property(fc.array(fc.tuple(plain, values), { maxLength: 5 }), plain, (parts, last) => {
        for (const part of [...parts.map(([before]) => before), last])
          assert.deepEqual(renderText(part, {}), { ok: true, text: part });
        const source = parts.map(([before], i) => `${before} {{ v${i} }}`).join('') + last;
        // What ends in a brace would make a tag of what follows; a line break behind a tag is part of the text.
        fc.pre(!/\{ ?\{\{|\}\}\}/.test(source));
        const rendered = renderText(source, Object.fromEntries(parts.map(([, value], i) => [`v${i}`, value])));
        const expected = parts.map(([before, value]) => `${before} ${String(value)}`).join('') + last;
        assert.deepEqual(rendered, { ok: true, text: expected });
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('name every undefined variable of their paths, at its place, whatever stands around it', () => {
    const name = fc.stringMatching(/^[a-z][a-z_]{0,6}\d$/);
    const uses = fc.constantFrom(
      (v: string) => `{{ ${v} }}`,
      (v: string) => `{{ ${v} | upper }}`,
      (v: string) => `{{ ${v}.x.y }}`,
      (v: string) => `{% if ${v} %}a{% endif %}`,
      (v: string) => `{% for q in ${v} %}{{ q }}{% endfor %}`,
      (v: string) => `{{ "a" ~ ${v} }}`,
    );
    const around = text.filter((part) => !part.includes('{') && !part.includes('}'));
    fc.assert(
      fc.property(fc.array(fc.tuple(around, name, uses), { minLength: 1, maxLength: 6 }), (parts) => {
        const source = parts.map(([before, v, use]) => before + use(v)).join('');
        const problems = problemsOf(source, {});
        assert.ok(problems.every(({ code }) => code === 'undefined-variable'));
        assert.deepEqual(
          problems.map(({ offset, length }) => source.slice(offset, offset + length)),
          parts.map(([, v]) => v),
        );
        const known = Object.fromEntries(parts.map(([, v]) => [v, { x: { y: 1 } }]));
        const rendered = renderText(source, known);
        // Maps have no text, which is another problem: but none is called undefined.
        if (!rendered.ok)
          assert.ok(
            rendered.problems.every(({ code }) => code !== 'undefined-variable'),
            source,
          );
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
