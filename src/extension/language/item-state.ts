import { l10n } from '../l10n';

/** The states that a place of a file can be in. Each has a sign, an icon, a colour and a word, so that colour is never alone. */
export type ItemState =
  'passed' | 'failed' | 'warning' | 'inconclusive' | 'error' | 'skipped' | 'running' | 'stale' | 'noted';

/** Signs at a line's end. */
export const SIGN: Record<ItemState, string> = {
  passed: '✓',
  failed: '✗',
  warning: '✗',
  inconclusive: '~',
  error: '!',
  skipped: '○',
  running: '⋯',
  stale: '◌',
  noted: '→',
};

export const WORD: Record<ItemState, string> = {
  passed: l10n.t('Passed'),
  failed: l10n.t('Failed'),
  warning: l10n.t('Failed (warning)'),
  inconclusive: l10n.t('Inconclusive'),
  error: l10n.t('Could not be evaluated'),
  skipped: l10n.t('Skipped'),
  running: l10n.t('Running'),
  stale: l10n.t('Stale: the file has changed since'),
  noted: l10n.t('Judged elsewhere'),
};

export const STATES = Object.keys(SIGN) as ItemState[];

/** What did not pass, or not for sure: what is shown where only failures are. */
export const NOT_PASSED: ReadonlySet<ItemState> = new Set(['failed', 'warning', 'error', 'inconclusive']);

const WORST_FIRST: ItemState[] = [
  'running',
  'failed',
  'error',
  'warning',
  'inconclusive',
  'stale',
  'skipped',
  'passed',
  'noted',
];

/** The worst of several states, as a group of them is coloured. */
export function worst(states: ItemState[]): ItemState {
  return WORST_FIRST.find((state) => states.includes(state)) ?? 'passed';
}

/** Drops the sign of a line's end, if it has one. */
export function withoutSign(text: string): string {
  return text.replace(/^[✓✗~!○⋯◌→]\s+/, '');
}

/**
 * A state and what is known of it as a screen reader says them. Texts of line ends begin with their state, whose word would be
 * heard twice.
 */
export function spokenState(state: ItemState, text: string): string {
  const word = WORD[state];
  const [first = word] = word.split(/[\s:]/);
  const said = withoutSign(text);
  const repeats = said.toLowerCase().startsWith(first.toLowerCase()) && !/^\p{L}/u.test(said.slice(first.length));
  const rest = repeats ? said.slice(first.length).replace(/^[\s,·]+/, '') : said;
  return rest === '' ? word : `${word}, ${rest}`;
}
