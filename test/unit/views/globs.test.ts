import assert from 'node:assert/strict';
import fc from 'fast-check';
import picomatch from 'picomatch';
import { expandBraces, joinGlobs } from '../../../src/extension/views/globs';

describe('globs of the settings', () => {
  it('are joined into one without nested braces', () => {
    assert.equal(
      joinGlobs(['**/*.{eval,workload}.{yaml,yml}', '**/promptfooconfig.yaml']),
      '{**/*.eval.yaml,**/*.eval.yml,**/*.workload.yaml,**/*.workload.yml,**/promptfooconfig.yaml}',
    );
    assert.equal(joinGlobs(['evals/*.yaml']), 'evals/*.yaml');
    assert.equal(joinGlobs([]), '');
    assert.deepEqual(expandBraces('a{b,c{d,e}}f'), ['abf', 'acdf', 'acef']);
    assert.deepEqual(expandBraces('a{b'), ['a{b']);
  });

  it('match what they matched one by one', () => {
    const part = fc.constantFrom('a', 'b', '*', '{a,b}', '{a,b{x,*}}');
    const segment = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('').replace(/\*+/g, '*'));
    const glob = fc
      .tuple(fc.constantFrom('', '**/'), fc.array(segment, { minLength: 1, maxLength: 2 }))
      .map(([anywhere, segments]) => anywhere + segments.join('/'));
    const path = fc.stringMatching(/^[abx]{1,3}(\/[abx]{1,3})?$/);
    fc.assert(
      fc.property(fc.array(glob, { minLength: 1, maxLength: 3 }), path, (globs, text) => {
        const before = globs.some((one) => picomatch(one)(text));
        const after = globs.flatMap(expandBraces).some((one) => picomatch(one)(text));
        assert.equal(after, before);
      }),
      { numRuns: 500 },
    );
  });
});
