import assert from 'node:assert/strict';
import { stillWritten } from '../../../src/extension/language/place-observations';
import { RunObserver } from '../../../src/extension/language/run-observer';
import { AT, parsed } from './inline-support';
import { assertion, record } from './support';

const text = (...names: string[]): string =>
  `name: Chat\nprompt: hi\ncases:\n${names.map((name) => `  - name: ${name}\n    assert: [{ contains: ${name} }]\n`).join('')}`;

describe('results that are stored after a run', () => {
  it('are those of what is still written: of a case that was renamed, and of none that was taken out', () => {
    const before = parsed(text('one', 'two')).survey;
    const run = new RunObserver(before, AT, true);
    for (const [index, name] of ['one', 'two'].entries())
      run.onCase(record(`/cases/${index}`, name, [assertion(`/cases/${index}/assert/0`)]));
    const subjects = (file: string): string[] => [
      ...new Set(stillWritten(parsed(file).survey, run.observations).map(({ subject }) => subject)),
    ];
    assert.deepEqual(subjects(text('one', 'two')), ['case:one', 'case:two']);
    assert.deepEqual(subjects(text('two')), ['case:two']);
    assert.deepEqual(subjects(text('zero', 'one', 'two')), ['case:one', 'case:two']);
    assert.deepEqual(subjects('name: Chat\nprompt: hi\n'), []);
    const renamed = text('one', 'two').replace('name: one', 'name: first');
    assert.deepEqual(subjects(renamed), ['case:one', 'case:two']);
  });
});
