import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { parseDocument, type Document } from 'yaml';
import { evalFileWork, parseEvalFile } from '../../../src/core/spec/parse';
import { composeYaml, type YamlOptions } from '../../../src/core/spec/yaml-steps';
import { atOnce, oneSlice } from '../../../src/core/util/work';
import { longEval } from '../../bench/support/long-eval';

const OPTIONS: YamlOptions = {
  version: '1.2',
  merge: true,
  uniqueKeys: false,
  prettyErrors: false,
  logLevel: 'error',
};

const PIECES = [
  ...['a', 'name', ':', ': ', '- ', '\n', '\n  ', '\n    ', '\r\n', '"', "'", '[', ']', '{', '}', ', ', '#', ' # note'],
  ...['&x ', '*x', '<<: *x', '|\n', '>-\n', '---\n', '...\n', '%YAML 1.2\n', '!!str ', '\t', '{{ x }}', '1', '? '],
];

function read({ contents, errors, warnings }: Document): unknown {
  return {
    // Nodes hold functions, which are others in each document.
    contents: inspect(contents, { depth: Infinity, maxArrayLength: null, maxStringLength: null }),
    problems: [...errors, ...warnings].map(({ code, message, pos }) => ({ code, message, pos })),
  };
}

describe('YAML in steps', () => {
  it('says what the library says of any text, broken or of several documents', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), (pieces) => {
        const text = pieces.join('');
        assert.deepEqual(read(atOnce(composeYaml(text, OPTIONS))), read(parseDocument(text, OPTIONS)));
      }),
      { numRuns: 1500 },
    );
  });

  it('reads a long eval file in many steps, to the same end as at once', () => {
    const text = longEval(2_000);
    const work = evalFileWork(text, '/w/long.eval.yaml', {});
    let slices = 0;
    // A clock that stands still: the only slices are those that long parts ask for.
    const still = (): number => 0;
    let end = oneSlice(work, 8, still);
    for (; end === undefined; end = oneSlice(work, 8, still)) slices++;
    assert.ok(slices >= 3, `${slices} slices`);
    const { spec, diagnostics, outline } = end.value;
    const whole = parseEvalFile(text, '/w/long.eval.yaml', {});
    assert.deepEqual(
      { spec, diagnostics, outline },
      { spec: whole.spec, diagnostics: whole.diagnostics, outline: whole.outline },
    );

    let steps = 0;
    for (const other = evalFileWork(text, '/w/long.eval.yaml', {}); other.next().done !== true;) steps++;
    assert.ok(steps > 100, `${steps} steps`);
  });
});
