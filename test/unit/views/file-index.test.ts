import assert from 'node:assert/strict';
import { FileIndex, type IndexChange, type IndexSource } from '../../../src/extension/views/file-index';

interface Parsed {
  key: string;
  text: string;
}

/** A disk that tells what is asked of it, and that can be slow. */
class FakeDisk implements IndexSource<Parsed> {
  readonly files = new Map<string, { text: string; mtime: number }>();
  readonly editors = new Map<string, string>();
  readonly parses: string[] = [];
  readonly reads: string[] = [];
  most = 0;
  yields = 0;
  time = 0;
  gate: Promise<void> = Promise.resolve();
  private reading = 0;
  private writes = 0;

  write(key: string, text: string): void {
    this.files.set(key, { text, mtime: ++this.writes });
  }

  open(key: string): Parsed | undefined {
    const text = this.editors.get(key);
    return text === undefined ? undefined : { key, text };
  }

  stat(key: string): Promise<{ mtime: number; size: number }> {
    const file = this.files.get(key);
    if (file === undefined) return Promise.reject(new Error(`${key} is not there`));
    return Promise.resolve({ mtime: file.mtime, size: file.text.length });
  }

  async read(key: string): Promise<string> {
    this.reads.push(key);
    this.most = Math.max(this.most, ++this.reading);
    await this.gate;
    await new Promise((resolve) => setImmediate(resolve));
    this.reading--;
    const file = this.files.get(key);
    if (file === undefined) throw new Error(`${key} is gone`);
    return file.text;
  }

  parse(key: string, text: string): Parsed {
    this.parses.push(key);
    this.time += 3;
    return { key, text };
  }

  digestOf({ text }: Parsed): string {
    return text;
  }

  nowMs(): number {
    return this.time;
  }

  giveWay(): Promise<void> {
    this.yields++;
    return Promise.resolve();
  }
}

describe('the index of files', () => {
  let disk: FakeDisk;
  let index: FileIndex<Parsed>;
  let changes: IndexChange[];
  let moves: { from: string; to: string }[];

  beforeEach(() => {
    disk = new FakeDisk();
    index = new FileIndex(disk);
    changes = [];
    moves = [];
    index.onDidChange((change) => changes.push(change));
    index.onDidMove((move) => moves.push(move));
  });

  const texts = (): Record<string, string | undefined> =>
    Object.fromEntries(index.list().map(({ key, parsed }) => [key, parsed?.text]));

  async function found(...names: string[]): Promise<void> {
    for (const name of names) disk.write(name, `text of ${name}`);
    await index.replace(names);
    disk.parses.length = 0;
    disk.reads.length = 0;
    changes.length = 0;
  }

  it('reads what a search found, a few at a time, and gives way to others while it parses', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `f${String(i).padStart(2, '0')}`);
    for (const name of names) disk.write(name, name);
    await index.replace([...names].reverse());
    assert.deepEqual(
      index.list().map(({ key }) => key),
      names,
    );
    assert.equal(disk.parses.length, 40);
    assert.ok(disk.most > 1 && disk.most <= 8, `${disk.most} at once`);
    // 120 ms of parsing in slices of 8.
    assert.ok(disk.yields >= 10, `${disk.yields} times`);
    assert.deepEqual(changes, [{ kind: 'list' }]);
  });

  it('takes an open editor before the disk, and the disk again when it is closed', async () => {
    await found('a', 'b');
    disk.editors.set('a', 'unsaved');
    await index.touch('a');
    assert.deepEqual(texts(), { a: 'unsaved', b: 'text of b' });
    assert.deepEqual(disk.reads, []);
    index.take('a', { key: 'a', text: 'unsaved too' });
    assert.equal(index.get('a')?.parsed?.text, 'unsaved too');
    disk.editors.delete('a');
    await index.touch('a');
    assert.equal(index.get('a')?.parsed?.text, 'text of a');
  });

  it('parses one changed file alone', async () => {
    await found('a', 'b', 'c');
    disk.write('b', 'new');
    await index.touch('b');
    assert.deepEqual(disk.parses, ['b']);
    assert.deepEqual(changes, [{ kind: 'file', key: 'b' }]);
    assert.equal(index.get('b')?.parsed?.text, 'new');
  });

  it('reads nothing where a watcher tells of no change, nor in a new search', async () => {
    await found('a', 'b');
    await index.touch('a');
    await index.replace(['a', 'b']);
    assert.deepEqual(disk.reads, []);
    assert.deepEqual(changes, [{ kind: 'list' }]);
  });

  it('forgets what is deleted, and what a search no longer finds', async () => {
    await found('a', 'b', 'c');
    index.remove('b');
    assert.deepEqual(Object.keys(texts()), ['a', 'c']);
    assert.deepEqual(changes, [{ kind: 'list' }]);
    await index.replace(['c']);
    assert.deepEqual(Object.keys(texts()), ['c']);
  });

  it('lists a file that cannot be read with the reason, and reads it once it can', async () => {
    disk.write('a', 'x');
    await index.replace(['a', 'missing']);
    assert.match(index.get('missing')?.error ?? '', /not there/);
    disk.write('missing', 'here');
    await index.touch('missing');
    assert.equal(index.get('missing')?.error, null);
    assert.equal(index.get('missing')?.parsed?.text, 'here');
  });

  it('does not read a file that is too large', async () => {
    disk.write('a', 'x'.repeat(2_000_001));
    await index.replace(['a']);
    assert.match(index.get('a')?.error ?? '', /2\.0 MB/);
    assert.deepEqual(disk.reads, []);
  });

  it('keeps the later of two readings', async () => {
    await found('a');
    let release = (): void => undefined;
    disk.gate = new Promise((resolve) => (release = resolve));
    disk.write('a', 'first');
    const first = index.touch('a');
    await new Promise((resolve) => setImmediate(resolve));
    disk.write('a', 'second');
    const second = index.touch('a');
    release();
    await Promise.all([first, second]);
    assert.equal(index.get('a')?.parsed?.text, 'second');
    assert.deepEqual(disk.parses, ['a']);
  });

  it('does not bring back a file that is deleted while it is read', async () => {
    await found('a');
    let release = (): void => undefined;
    disk.gate = new Promise((resolve) => (release = resolve));
    disk.write('n', 'new');
    const reading = index.touch('n');
    await new Promise((resolve) => setImmediate(resolve));
    index.remove('n');
    release();
    await reading;
    assert.deepEqual(Object.keys(texts()), ['a']);
  });

  it('follows a rename in the editor, of a folder too, and reads each file at its new place', async () => {
    await found('w/one/a', 'w/one/b', 'w/onerous');
    for (const name of ['a', 'b']) {
      disk.write(`w/two/${name}`, `text of ${name}`);
      disk.files.delete(`w/one/${name}`);
    }
    await index.rename('w/one', 'w/two');
    assert.deepEqual(moves, [
      { from: 'w/one/a', to: 'w/two/a' },
      { from: 'w/one/b', to: 'w/two/b' },
    ]);
    assert.deepEqual(Object.keys(texts()), ['w/onerous', 'w/two/a', 'w/two/b']);
    assert.equal(index.get('w/two/a')?.parsed?.key, 'w/two/a');
    // What the watcher tells afterwards is no news.
    changes.length = 0;
    index.remove('w/one/a');
    await index.touch('w/two/a');
    assert.deepEqual(changes, []);
    assert.equal(moves.length, 2);
  });

  it('drops a file that is renamed to what is none of ours', async () => {
    await found('a', 'b');
    await index.rename('a', 'a.txt', (key) => !key.endsWith('.txt'));
    assert.deepEqual(Object.keys(texts()), ['b']);
    assert.deepEqual(moves, []);
    assert.deepEqual(changes, [{ kind: 'list' }]);
  });

  for (const order of ['deletion first', 'creation first'] as const) {
    it(`recognises a move on disk by its content, ${order}`, async () => {
      await found('old', 'other');
      disk.write('new', 'text of old');
      const deletion = (): void => index.remove('old');
      if (order === 'deletion first') deletion();
      await index.touch('new');
      if (order === 'creation first') deletion();
      assert.deepEqual(moves, [{ from: 'old', to: 'new' }]);
    });
  }

  it('does not take a file for moved that came long after, or that says something else', async () => {
    await found('old', 'second');
    index.remove('old');
    disk.write('new', 'another text');
    await index.touch('new');
    disk.time += 2_001;
    disk.write('late', 'text of old');
    await index.touch('late');
    assert.deepEqual(moves, []);
  });
});
