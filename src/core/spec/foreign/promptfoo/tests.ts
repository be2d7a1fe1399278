/** `tests` and `scenarios`: where tests come from. Each place in the file that tests stem from has a number, by which results find it. */
import { basename } from 'node:path';
import { isWithinLimit, MOST_TESTS } from './limits';
import { csvRows } from '../csv-rows';
import { Cursor } from '../cursor';
import type { FileEnvironment } from '../env-templates';
import { codeReason, dataOf, isFileUrl, isGlob, linesOf, parseReference, readFile } from '../references';
import { plainNode } from '../source';
import { testOfRow } from './csv-test';

export interface TestItem {
  /** Number of the place that the test stems from. */
  base: number;
  /** A map. */
  test: Cursor;
  /** The entry of a scenario's `config` that the test is combined with. */
  data?: Cursor;
  /** What it is called where it does not say. */
  name?: string;
  /** Why it cannot be run. */
  fault?: string;
  /** Stands for the tests of a file that has not been read. */
  isPlaceholder?: true;
}

export interface Tests {
  items: TestItem[];
  isPending: boolean;
}

/** Keys of which a test has at least one. */
const TEST_KEYS = ['assert', 'vars', 'options', 'metadata', 'provider', 'providerOutput', 'threshold', 'description'];

export class TestReader {
  private readonly items: TestItem[] = [];
  private isPending = false;
  private bases = 0;

  constructor(private readonly env: FileEnvironment) {}

  /** A test without content stands for a file without tests, as in promptfoo: the prompts are asked as they are. */
  read(tests: Cursor | undefined, scenarios: Cursor | undefined, root: Cursor): Tests {
    if (tests !== undefined) this.entries(tests);
    if (scenarios !== undefined) for (const scenario of this.scenarios(scenarios, 0)) this.scenario(scenario);
    if (this.items.length === 0 && this.bases === 0 && scenarios === undefined)
      this.items.push({ base: this.bases++, test: root.replaced(plainNode({}, root.node.span)) });
    return { items: this.items, isPending: this.isPending };
  }

  private entries(tests: Cursor): void {
    if (tests.node.kind !== 'list') this.entry(tests);
    else for (const item of tests.items) if (!item.isEmpty) this.entry(item);
  }

  private entry(item: Cursor): void {
    const base = this.bases++;
    for (const found of this.expand(item, base, 0)) {
      if (!isWithinLimit(this.items.length)) {
        item.context.problems.error('too-many-cases', `The file has more than ${MOST_TESTS} tests.`, item.place);
        return;
      }
      this.items.push(found);
    }
  }

  /** The tests that an entry stands for. */
  private expand(item: Cursor, base: number, depth: number): TestItem[] {
    const { problems } = item.context;
    const { text } = item;
    if (text !== undefined) return this.reference(item, text, base, depth);
    if (item.isUnresolved) {
      this.isPending = true;
      return [];
    }
    if (item.node.kind !== 'map') {
      problems.error('wrong-type', 'A test is a map with "vars" and "assert", or a file of tests.', item.place);
      return [];
    }
    const path = item.get('path')?.text;
    if (path !== undefined && item.get('vars') === undefined && item.get('assert') === undefined)
      return this.reference(item, path, base, depth);
    return [{ base, test: item }];
  }

  private reference(item: Cursor, text: string, base: number, depth: number): TestItem[] {
    const { problems, files } = item.context;
    const refused = (reason: string): TestItem[] => {
      problems.skipped(`The tests of ${text} are not run: ${reason}.`, item.place);
      return [];
    };
    if (depth > 4) return refused('files refer to each other in a circle');
    if (/^https?:\/\/|^(?:huggingface|az|s3|gs):\/\//.test(text))
      return refused('they are on another machine, and only files are read');
    const filled = this.env.fill(text);
    if (!filled.ok) return refused(`the path reads the environment variable ${filled.variable}`);
    const { path, kind } = parseReference(filled.text, item.context);
    const code = codeReason(kind) ?? (kind === 'javascript' ? 'code makes no tests here' : undefined);
    if (code !== undefined) return refused(code);
    if (isGlob(path)) {
      const found = files.list(path);
      if (found === undefined) return this.placeholder(item, text, base);
      if (found.length === 0) problems.error('missing-file', `No file matches ${path}.`, item.place);
      return found.flatMap((file) => this.file(item, file, text, base, depth));
    }
    return this.file(item, path, text, base, depth);
  }

  private file(item: Cursor, path: string, text: string, base: number, depth: number): TestItem[] {
    const { problems } = item.context;
    const { kind } = parseReference(path, item.context);
    if (kind === 'sheet' || kind === 'media' || kind === 'text') {
      problems.skipped(
        `The tests of ${text} are not run: tests are read from CSV, JSON, JSON lines and YAML${kind === 'sheet' ? '; save the sheet as CSV' : ''}.`,
        item.place,
      );
      return [];
    }
    const read = readFile(item, path);
    if (read.state === 'pending') return this.placeholder(item, text, base);
    if (read.state === 'failed') return [];
    const file = read.value;
    if (kind === 'csv') {
      return csvRows(item, file).map((row, index): TestItem => {
        const node = plainNode(testOfRow(row, item), row.place.span);
        if (row.fault !== undefined)
          problems.add({
            code: 'bad-row',
            message: `This test is not run: ${row.fault}.`,
            severity: 'warning',
            place: row.place,
          });
        return {
          base,
          test: Cursor.ofFile(item, node, file, node),
          name: `Row #${index + 1}`,
          ...(row.fault === undefined ? {} : { fault: row.fault }),
        };
      });
    }
    let rows: Cursor[];
    if (kind === 'jsonl') rows = linesOf(item, file);
    else {
      const data = dataOf(item, file);
      if (data.state !== 'read' || data.value.isEmpty) return [];
      rows = data.value.node.kind === 'list' ? data.value.items : [data.value];
    }
    const isSingle = rows.length === 1;
    return rows.flatMap((row, index): TestItem[] => {
      if (row.text !== undefined) return this.reference(row, row.text, base, depth + 1);
      const name = isSingle ? basename(path) : `${basename(path)} #${index + 1}`;
      if (row.node.kind === 'map' && TEST_KEYS.some((key) => row.key(key) !== undefined))
        return [{ base, test: row, ...nameOf(row, name) }];
      problems.error('bad-row', 'This is no test: a test has "vars" or "assert".', row.place);
      return [];
    });
  }

  private placeholder(item: Cursor, text: string, base: number): TestItem[] {
    this.isPending = true;
    const node = plainNode({ description: text.replace(/^file:\/\//, '') }, item.node.span);
    return [{ base, test: item.replaced(node), isPlaceholder: true }];
  }

  private scenarios(list: Cursor, depth: number): Cursor[] {
    const { text } = list;
    if (text !== undefined)
      return this.data(list, text).flatMap((data) => (depth > 4 ? [] : this.scenarios(data, depth + 1)));
    if (list.node.kind === 'list') return list.items.flatMap((item) => this.scenarios(item, depth + 1));
    if (list.node.kind === 'map') return [list];
    if (!list.isEmpty)
      list.context.problems.error('wrong-type', 'A scenario is a map with "config" and "tests".', list.place);
    return [];
  }

  /** Every test of a scenario with every entry of its `config`. */
  private scenario(scenario: Cursor): void {
    const { problems } = scenario.context;
    const entries = this.listAt(scenario, 'config');
    if (entries === undefined || entries.length === 0) {
      if (scenario.get('config')?.text === undefined || entries !== undefined)
        problems.error(
          'missing-key',
          'A scenario needs "config", a list of variables that its tests are run with.',
          scenario.place,
        );
      return;
    }
    const tests = scenario.get('tests');
    const written =
      tests === undefined
        ? [scenario.replaced(plainNode({}, scenario.node.span))]
        : (this.listAt(scenario, 'tests') ?? []);
    const name = scenario.get('description')?.word;
    const perTest = written.map((test) => {
      const base = this.bases++;
      return this.expand(test, base, 0);
    });
    for (const data of entries)
      for (const found of perTest)
        for (const item of found) {
          if (!isWithinLimit(this.items.length)) {
            problems.error('too-many-cases', `The file has more than ${MOST_TESTS} tests.`, scenario.place);
            return;
          }
          this.items.push({ ...item, data, ...(item.name === undefined && name !== undefined ? { name } : {}) });
        }
    for (const key of ['provider', 'providers', 'options']) {
      const extra = scenario.get(key);
      if (extra !== undefined)
        problems.ignored(`"${key}" of a scenario has no effect; it belongs to its tests.`, extra.keyPlace);
    }
  }

  private listAt(parent: Cursor, key: string): Cursor[] | undefined {
    const value = parent.get(key);
    if (value === undefined) return undefined;
    if (value.text !== undefined) {
      if (key === 'tests' && isFileUrl(value.text)) return [value];
      const read = this.data(value, value.text);
      return read.length === 0 && this.isPending
        ? undefined
        : read.flatMap((data) => (data.node.kind === 'list' ? data.items : [data]));
    }
    return value.node.kind === 'list' ? value.items : [value];
  }

  private data(reference: Cursor, text: string): Cursor[] {
    const { path, kind } = parseReference(text, reference.context);
    const files = isGlob(path) ? reference.context.files.list(path) : [path];
    if (files === undefined) {
      this.isPending = true;
      return [];
    }
    return files.flatMap((each): Cursor[] => {
      const read = readFile(reference, each);
      if (read.state === 'pending') this.isPending = true;
      if (read.state !== 'read') return [];
      if (kind === 'csv')
        return csvRows(reference, read.value).map((row) => {
          const node = plainNode(testOfRow(row, reference), row.place.span);
          return Cursor.ofFile(reference, node, read.value, node);
        });
      const data = dataOf(reference, read.value);
      return data.state === 'read' ? [data.value] : [];
    });
  }
}

/** Rows of a file that say nothing of their own are told apart by their number. */
function nameOf(row: Cursor, name: string): { name?: string } {
  return row.get('description') === undefined && row.get('vars') === undefined ? { name } : {};
}
