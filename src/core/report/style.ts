import type { RunVerdict } from '../../protocol/run-json';

export type Tone = 'good' | 'bad' | 'unsure' | 'dim' | 'strong' | 'plain' | 'accent';

const CODES: Record<Exclude<Tone, 'plain'>, [open: number, close: number]> = {
  good: [32, 39],
  bad: [31, 39],
  unsure: [33, 39],
  accent: [36, 39],
  dim: [2, 22],
  strong: [1, 22],
};

/** Wraps a text in the terminal's colour for a tone; the identity where colour is off. */
export type Paint = (tone: Tone, text: string) => string;

export function painter(colour: boolean): Paint {
  return (tone, text) => {
    if (!colour || tone === 'plain' || text === '') return text;
    const [open, close] = CODES[tone];
    return `\u001b[${open}m${text}\u001b[${close}m`;
  };
}

/** A verdict is a sign, a word and a tone, so that none of them has to carry it alone. */
export const VERDICT_LOOK: Record<RunVerdict, { sign: string; word: string; tone: Tone }> = {
  pass: { sign: '✓', word: 'pass', tone: 'good' },
  fail: { sign: '✗', word: 'fail', tone: 'bad' },
  inconclusive: { sign: '~', word: 'inconclusive', tone: 'unsure' },
  error: { sign: '!', word: 'error', tone: 'bad' },
};
