/**
 * What typing in a long eval file costs the extension host, which is shared with every other extension: the time for which a key
 * that is pressed next would have to wait, that is each stretch of work without a turn of the event loop.
 */
import { buildPlan } from '../../src/core/engine/plan';
import { completionsAt } from '../../src/core/language/completions';
import { foldingOf } from '../../src/core/language/folding';
import { LanguageDocument } from '../../src/core/language/language-document';
import { linksOf } from '../../src/core/language/links';
import { semanticFindings } from '../../src/core/language/semantics/check';
import { symbolsOf } from '../../src/core/language/symbols';
import { evalFileWork, type EvalDocument } from '../../src/core/spec/parse';
import { systemClock } from '../../src/core/util/clock';
import type { Work } from '../../src/core/util/work';
import { lensesOf } from '../../src/extension/language/lenses';
import { nodeStatuses } from '../../src/extension/language/line-ends';
import { ParseQueue } from '../../src/extension/language/parse-queue';
import { surveyOf, type Survey } from '../../src/extension/language/survey';
import { valueHashOf } from '../../src/extension/language/value-hash';
import type { Bench, BenchRow } from './bench';
import { longEval } from './support/long-eval';
import { median, ms, quantile } from './support/stats';

const LINES = 2_000;
const PATH = '/workspace/long.eval.yaml';
/** A frame: what is done in it is not felt. */
const REACH_MS = 16;
/** What is typed in the middle of the file; completion is asked for with each of its letters. */
const TYPED =
  '\n  - name: new one\n    vars: { question: "Why {{ shop }}?" }\n    assert:\n      - icontains: because\n';
const ROUNDS = 6;

interface Stretch {
  tookMs: number;
  /** Ms of CPU, those of the engine's helpers included: what it takes where nobody else wants the core. */
  cpuMs: number;
}

interface Measured {
  /** Each completion is one stretch. */
  keystrokes: Stretch[];
  /** Of what happens once the person pauses. */
  stretches: Stretch[];
  /** Ms from the end of the pause until everything that is shown follows the text. */
  pausesMs: number[];
}

export const bench: Bench = {
  name: 'typing',
  title: `Typing in an eval file of ${LINES.toLocaleString('en-US')} lines`,
  order: 8,
  async run({ log, signal, quick }) {
    const text = longEval(LINES);
    const at = text.indexOf('\n  - name: case 100\n');
    const all: Measured = { keystrokes: [], stretches: [], pausesMs: [] };
    for (let round = 0; round < (quick ? 2 : ROUNDS); round++) {
      signal.throwIfAborted();
      // The first round is the editor's first minute: its code has not been compiled yet.
      const measured = round === 0 ? { keystrokes: [], stretches: [], pausesMs: [] } : all;
      const document = await typing(text, at, measured);
      for (let pause = 0; pause < 5; pause++) await follow(document, measured);
      log(`round ${round + 1}: longest stretch of a pause ${worst(measured.stretches)}`);
    }
    return rows(all);
  },
};

/** Types as the editor sees it: each version of the text follows the one before, and is completed. */
async function typing(text: string, at: number, { keystrokes }: Measured): Promise<LanguageDocument> {
  let document = new LanguageDocument(text, PATH);
  symbolsOf(document);
  for (let length = 1; length <= TYPED.length; length++) {
    const now = text.slice(0, at) + TYPED.slice(0, length) + text.slice(at);
    const stop = start(keystrokes);
    document = new LanguageDocument(now, PATH, document);
    await completionsAt(document, at + length);
    stop();
    await turn();
  }
  return document;
}

/** What happens once the person pauses, as the extension does it: parsed in slices; the editor then asks for this and that. */
async function follow(document: LanguageDocument, { stretches, pausesMs }: Measured): Promise<void> {
  const { text } = document;
  const startedMs = performance.now();
  const timed = <T>(make: () => T): T => {
    const stop = start(stretches);
    const made = make();
    stop();
    return made;
  };
  const { parsed, survey } = await parsedInSlices(text, timed);
  const asked: (() => unknown)[] = [
    () => symbolsOf(document),
    () => foldingOf(document),
    () => linksOf(document),
    () => lensesOf({ survey, document: parsed }, { running: false, verdict: null, hasCommand: () => true }),
    () => semanticFindings(text, parsed, { workspace: undefined, complete: true }),
  ];
  for (const ask of asked) {
    timed(ask);
    await turn();
  }
  // It refers to no other file, so that nothing is waited for and all of it is one stretch.
  const stop = start(stretches);
  await buildPlan({ document: parsed, runsDir: '/workspace/runs', now: new Date(0), readFile: none, allowCode: true });
  stop();
  pausesMs.push(performance.now() - startedMs);
}

/** Parses as `EvalDocuments` does. */
function parsedInSlices(
  text: string,
  timed: <T>(make: () => T) => T,
): Promise<{ parsed: EvalDocument; survey: Survey }> {
  const queue = new ParseQueue({
    clock: systemClock,
    rest: (callback) => {
      const immediate = setImmediate(() => timed(callback));
      return () => clearImmediate(immediate);
    },
  });
  return new Promise((resolve) => {
    queue.later('a', 0, function* (): Work<void> {
      const parsed = yield* evalFileWork(text, PATH, {});
      yield 'long';
      const survey = surveyOf(parsed, valueHashOf(parsed));
      yield 'long';
      nodeStatuses(survey, [], null);
      resolve({ parsed, survey });
    });
  });
}

/** Starts a stretch; the function that it returns ends it. */
function start(stretches: Stretch[]): () => void {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  return () => {
    const tookMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(cpu);
    stretches.push({ tookMs, cpuMs: (user + system) / 1000 });
  };
}

function worst(stretches: readonly Stretch[]): string {
  const longest = (values: number[]): string => ms(Math.max(...values));
  return `${longest(stretches.map(({ tookMs }) => tookMs))}, of CPU ${longest(stretches.map(({ cpuMs }) => cpuMs))}`;
}

/** What one of them takes of the CPU, which other processes cannot make longer. */
function cpuOf(stretches: readonly Stretch[]): string {
  const cpu = stretches.map(({ cpuMs }) => cpuMs);
  return `CPU time median ${ms(median(cpu))}, p95 ${ms(quantile(cpu, 0.95))}, max ${ms(Math.max(...cpu))}`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function none(file: string): Promise<Uint8Array> {
  return Promise.reject(new Error(`${file} is not part of this`));
}

function rows({ keystrokes, stretches, pausesMs }: Measured): BenchRow[] {
  const keystrokesMs = keystrokes.map(({ tookMs }) => tookMs);
  const stretchesMs = stretches.map(({ tookMs }) => tookMs);
  const p95 = quantile(keystrokesMs, 0.95);
  const longest = quantile(stretchesMs, 0.95);
  return [
    {
      what: 'Extension host time per keystroke, completion included',
      reach: `≤ ${REACH_MS} ms`,
      measured: `${ms(median(keystrokesMs))}, p95 ${ms(p95)}, max ${ms(Math.max(...keystrokesMs))}`,
      met: p95 <= REACH_MS,
      note: `${keystrokes.length} keystrokes, nothing else before a pause of 150 ms; ${cpuOf(keystrokes)}`,
    },
    {
      what: 'Stretch of work after a pause, for which the next key has to wait',
      reach: `≤ ${REACH_MS} ms`,
      measured: `${ms(median(stretchesMs))}, p95 ${ms(longest)}, max ${ms(Math.max(...stretchesMs))}`,
      met: longest <= REACH_MS,
      note: `parsing in slices of 8 ms, then lenses, outline, folding, links, findings, plan; ${cpuOf(stretches)}`,
    },
    {
      what: 'Until everything follows the text after a pause',
      reach: '–',
      measured: ms(median(pausesMs)),
      met: null,
      note: 'with turns of the event loop between the stretches',
    },
  ];
}
