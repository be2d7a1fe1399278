/** What typing in a long eval file costs the extension host, which is shared with every other extension. */
import { completionsAt } from '../../src/core/language/completions';
import { foldingOf } from '../../src/core/language/folding';
import { LanguageDocument } from '../../src/core/language/language-document';
import { linksOf } from '../../src/core/language/links';
import { semanticFindings } from '../../src/core/language/semantics/check';
import { symbolsOf } from '../../src/core/language/symbols';
import { parseEvalFile } from '../../src/core/spec/parse';
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

export const bench: Bench = {
  name: 'typing',
  title: `Typing in an eval file of ${LINES.toLocaleString('en-US')} lines`,
  order: 8,
  async run({ log, signal, quick }) {
    const text = longEval(LINES);
    const at = text.indexOf('\n  - name: case 100\n');
    const keystrokesMs: number[] = [];
    const pausesMs: number[] = [];
    for (let round = 0; round < (quick ? 2 : ROUNDS); round++) {
      signal.throwIfAborted();
      // The first round is the editor's first minute: its code has not been compiled yet.
      const typed = await typing(text, at);
      const pauses = Array.from({ length: 5 }, () => pauseMs(text));
      log(`round ${round + 1}: ${ms(median(typed))} a keystroke, ${ms(median(pauses))} a pause`);
      if (round === 0) continue;
      keystrokesMs.push(...typed);
      pausesMs.push(...pauses);
    }
    return rows(keystrokesMs, pausesMs);
  },
};

/** Ms of each keystroke: the text is read anew and completion is answered, while nothing is parsed. */
async function typing(text: string, at: number): Promise<number[]> {
  const took: number[] = [];
  for (let length = 1; length <= TYPED.length; length++) {
    const now = text.slice(0, at) + TYPED.slice(0, length) + text.slice(at);
    const startedMs = performance.now();
    await completionsAt(new LanguageDocument(now, PATH), at + length);
    took.push(performance.now() - startedMs);
  }
  return took;
}

/** Ms of what happens once the person pauses: everything that is shown of a file follows its new text. */
function pauseMs(text: string): number {
  const startedMs = performance.now();
  const parsed = parseEvalFile(text, PATH, {});
  semanticFindings(text, parsed, { workspace: undefined, complete: true });
  const document = new LanguageDocument(text, PATH);
  symbolsOf(document);
  foldingOf(document);
  linksOf(document);
  return performance.now() - startedMs;
}

function rows(keystrokesMs: readonly number[], pausesMs: readonly number[]): BenchRow[] {
  const p95 = quantile(keystrokesMs, 0.95);
  return [
    {
      what: 'Extension host time per keystroke, completion included',
      reach: `≤ ${REACH_MS} ms`,
      measured: `${ms(median(keystrokesMs))}, p95 ${ms(p95)}`,
      met: p95 <= REACH_MS,
      note: `${keystrokesMs.length} keystrokes; nothing is parsed before a pause of 150 ms`,
    },
    {
      what: 'Extension host time per pause: parsing, findings, outline, folding, links',
      reach: '–',
      measured: ms(median(pausesMs)),
      met: null,
      note: 'once, 150 ms after the last keystroke',
    },
  ];
}
