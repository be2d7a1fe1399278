import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { MAX_NOTE_CHARACTERS, readNotes, writeNotes } from '../../../src/core/results/notes';
import { PromptrigError } from '../../../src/core/util/errors';
import { removeTempDirs, tempDir } from '../support/temp';

describe('notes of a run', () => {
  let dir: string;
  const file = (): string => path.join(dir, 'notes.json');

  beforeEach(() => {
    dir = tempDir();
  });
  after(removeTempDirs);

  it('are kept beside the result, each part by itself', async () => {
    assert.deepEqual(await readNotes(dir), { note: '', keep: false });
    await writeNotes(dir, { note: '  after the new prompt\n' });
    assert.deepEqual(await writeNotes(dir, { keep: true }), { note: 'after the new prompt', keep: true });
    assert.deepEqual(await readNotes(dir), { note: 'after the new prompt', keep: true });
    assert.deepEqual(await fs.readdir(dir), ['notes.json']);
  });

  it('leave no file where nothing is said', async () => {
    await writeNotes(dir, { note: 'x', keep: true });
    await writeNotes(dir, { note: ' ' });
    await writeNotes(dir, { keep: false });
    await writeNotes(dir, { keep: false });
    assert.deepEqual(await fs.readdir(dir), []);
  });

  it('keep what a later version has written', async () => {
    await fs.writeFile(file(), JSON.stringify({ schema: 'promptrig.notes/1', note: 'a', color: 'red' }));
    await writeNotes(dir, { note: '' });
    assert.deepEqual(JSON.parse(await fs.readFile(file(), 'utf8')), { schema: 'promptrig.notes/1', color: 'red' });
  });

  it('are bounded in length', async () => {
    const { note } = await writeNotes(dir, { note: 'x'.repeat(MAX_NOTE_CHARACTERS + 5) });
    assert.equal(note.length, MAX_NOTE_CHARACTERS);
  });

  it('are not written over a file that is not theirs', async () => {
    for (const text of ['{"no', '[]', 'null']) {
      await fs.writeFile(file(), text);
      await assert.rejects(writeNotes(dir, { note: 'x' }), (error: unknown) => {
        assert.ok(error instanceof PromptrigError);
        assert.equal(error.code, 'unreadable');
        return true;
      });
      assert.equal(await fs.readFile(file(), 'utf8'), text);
    }
  });

  it('of a run that is gone say so', async () => {
    await assert.rejects(writeNotes(path.join(dir, 'gone'), { note: 'x' }), /could not be written: the run is gone\./);
  });
});
