/** How long the sidebar takes to know a large workspace, and how long to follow one change in it. */
import { mkdtemp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { discoverFiles } from '../../src/core/spec/discover';
import { parseEvalFile, type EvalDocument } from '../../src/core/spec/parse';
import { FileIndex } from '../../src/extension/views/file-index';
import type { Bench } from './bench';
import { median, ms } from './support/stats';

const FILES = 5_000;
const EVALS = 200;
const REPETITIONS = 5;
const LIMIT_MS = 2_000;
/** Files are spread over this many folders. */
const FOLDERS = 250;

export const bench: Bench = {
  name: 'discovery',
  title: `Finding ${EVALS} evals among ${FILES} files`,
  order: 20,
  async run({ log, signal, quick }) {
    const root = await mkdtemp(join(tmpdir(), 'promptrig-discovery-'));
    try {
      const [example = ''] = await fill(root);
      const found: number[] = [];
      const changed: number[] = [];
      let reparsed = 0;
      for (let repetition = 0; repetition < (quick ? 1 : REPETITIONS); repetition++) {
        signal.throwIfAborted();
        let parses = 0;
        const index = indexOf(() => parses++);
        const startedMs = performance.now();
        await index.replace(await discoverFiles(root));
        found.push(performance.now() - startedMs);
        const { size } = index;
        if (size !== EVALS || parses !== EVALS) throw new Error(`${size} files were found, ${parses} parsed`);

        await writeFile(example, `${text(0)}# changed ${repetition}\n`);
        const changedMs = performance.now();
        await index.touch(example);
        changed.push(performance.now() - changedMs);
        reparsed = Math.max(reparsed, parses - EVALS);
        index.dispose();
        log(`found and parsed in ${ms(found.at(-1) ?? 0)}, one change in ${ms(changed.at(-1) ?? 0)}`);
      }
      return [
        {
          what: `Find and parse ${EVALS} evals among ${FILES} files`,
          reach: `≤ ${LIMIT_MS / 1000} s`,
          measured: ms(median(found)),
          met: Math.max(...found) <= LIMIT_MS,
          note: 'with the search of the command line; the editor has its own',
        },
        {
          what: 'Follow one changed file',
          reach: '1 file parsed',
          measured: `${reparsed} parsed, ${ms(median(changed))}`,
          met: reparsed === 1,
        },
      ];
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  },
};

function indexOf(onParse: () => void): FileIndex<EvalDocument> {
  return new FileIndex<EvalDocument>({
    open: () => undefined,
    stat: async (key) => {
      const { mtimeMs, size } = await stat(key);
      return { mtime: mtimeMs, size };
    },
    read: (key) => readFile(key, 'utf8'),
    parse: (key, content) => {
      onParse();
      return parseEvalFile(content, key);
    },
    digestOf: ({ sha256 }) => sha256,
    nowMs: () => performance.now(),
    giveWay: () => new Promise((resolve) => setImmediate(resolve)),
  });
}

/** Paths of the evals. */
async function fill(root: string): Promise<string[]> {
  const evals: string[] = [];
  const every = FILES / EVALS;
  const write = async (i: number): Promise<void> => {
    const isEval = i % every === 0;
    const path = join(root, `package-${i % FOLDERS}`, 'src', isEval ? `case-${i}.eval.yaml` : `module-${i}.ts`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, isEval ? text(i) : `export const value = ${i};\n`);
    if (isEval) evals.push(path);
  };
  for (let i = 0; i < FILES; i += 100) await Promise.all(Array.from({ length: 100 }, (_, at) => write(i + at)));
  return evals.sort();
}

/** An eval of a usual size. */
function text(i: number): string {
  const cases = Array.from(
    { length: 10 },
    (_, at) => `  - name: case ${at}
    vars: { question: "Question ${at} of ${i}?" }
    assert:
      - contains: answer ${at}
      - not-icontains: sorry
`,
  );
  return `name: Eval ${i}
tags: [bench]
prompt: "Answer in one sentence: {{ question }}"
params: { temperature: 0, max_tokens: 64 }
cases:
${cases.join('')}load:
  - name: steady
    pattern: poisson
    rate: 8/s
    duration: 60s
slo: [ "ttft.p95 <= 300ms", "quality.pass_rate >= 90%" ]
`;
}
