import assert from 'node:assert/strict';
import { DEFAULT_RETENTION } from '../../../src/core/results/retention-limits';
import { SETTING_DEFAULTS } from '../../../src/extension/contributions';
import { limitsOfSettings } from '../../../src/extension/engine/retention-settings';

const NONE = Number.POSITIVE_INFINITY;

describe('settings of retention', () => {
  it('are by default what the command line does', () => {
    const limits = limitsOfSettings({
      keepCount: SETTING_DEFAULTS['runs.keepCount'],
      keepDays: SETTING_DEFAULTS['runs.keepDays'],
      keepSize: SETTING_DEFAULTS['runs.keepSize'],
    });
    assert.deepEqual(limits, DEFAULT_RETENTION);
  });

  it('have no limit where they are 0 or empty', () => {
    assert.deepEqual(limitsOfSettings({ keepCount: 0, keepDays: 0, keepSize: ' ' }), {
      runs: NONE,
      ageMs: NONE,
      sizeBytes: NONE,
    });
    assert.deepEqual(limitsOfSettings({ keepCount: 20, keepDays: 0.5, keepSize: '500 MB' }), {
      runs: 20,
      ageMs: 12 * 3_600_000,
      sizeBytes: 5e8,
    });
  });

  it('remove no run for a slip', () => {
    for (const bad of [-1, Number.NaN, '3', null, {}])
      assert.deepEqual(limitsOfSettings({ keepCount: bad, keepDays: bad, keepSize: bad }), DEFAULT_RETENTION);
  });
});
