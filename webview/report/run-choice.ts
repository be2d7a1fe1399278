/** Above a report of several runs: which of them is shown, and how all of them came out. */
import type { ReportIndex } from '../../src/protocol/run-report';
import { el } from '../dom';
import { statusWord, verdictWord } from '../words';
import { dropdown } from '../ui/controls';

/** Null for a report of one run. */
export function runChoice({ runs }: ReportIndex, shown: number, onChoose: (index: number) => void): HTMLElement | null {
  if (runs.length < 2) return null;
  const choice = dropdown({ label: 'Run', onChange: (value) => onChoose(Number(value)) });
  choice.update(
    runs.map(({ title, source, status, verdict }, i) => {
      const { word } = verdict === null ? statusWord(status) : verdictWord(verdict);
      return { value: String(i), label: `${word}: ${title}${source === '' ? '' : ` (${source})`}` };
    }),
    String(shown),
  );
  const passed = runs.filter(({ verdict }) => verdict === 'pass').length;
  return el(
    'nav',
    { class: 'runs', aria: { label: 'Runs of this report' } },
    el('span', { class: 'choice' }, el('span', { aria: { hidden: true } }, 'Run'), choice.element),
    el('span', { class: 'muted number' }, `${passed} of ${runs.length} passed`),
  );
}
