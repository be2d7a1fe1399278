/** What requests spent their time on: a sentence, and the numbers that it rests on with their intervals. */
import { formatCount, formatInterval, formatValue, significant } from '../../src/protocol/format';
import type { LineReport, PhaseReport } from '../../src/protocol/run-json';
import { el, setHidden, setText } from '../dom';
import { isWhole } from './curve-model';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';

const FIELDS: { label: string; help: string; text: (report: PhaseReport, confidence: string) => string }[] = [
  {
    label: 'Prefill',
    help: 'Time from sent to the first token against input tokens that no cache served.',
    text: ({ prefill }, confidence) => lineText(prefill, 'per 1,000 input tokens', 'thousand input tokens', confidence),
  },
  {
    label: 'Decode',
    help: 'Time per output token against the number of other requests that were decoding.',
    text: ({ decode }, confidence) => lineText(decode, 'for each request beside it', 'requests beside it', confidence),
  },
  {
    label: 'Share of prefill',
    help: 'Of the time from sent to the last token, mean over completed requests.',
    text: ({ prefill_share: share }, confidence) =>
      share === null
        ? 'too few requests'
        : `${formatValue(share.value, 'ratio')} · ${confidence} CI ${formatInterval(share.ci, share.value, 'ratio')} · n ${formatCount(share.n)}`,
  },
  {
    label: 'First requests',
    help: 'Requests on new connections, beside the others.',
    text: ({ cold }) =>
      cold.ttft_p50 === null || cold.warm_ttft_p50 === null
        ? 'none were told apart'
        : `TTFT p50 ${formatValue(cold.ttft_p50, 'ms')}, later ${formatValue(cold.warm_ttft_p50, 'ms')} · n ${formatCount(cold.n)}`,
  },
];

export class Phases implements Section {
  private readonly sentence = el('p');
  private readonly values = FIELDS.map(() => el('dd', { class: 'number' }));
  readonly element = el(
    'section',
    { class: 'phases', aria: { label: 'Phases' } },
    el('h2', {}, 'Phases'),
    this.sentence,
    el(
      'dl',
      {},
      ...FIELDS.map(({ label, help }, i) => el('div', { title: help }, el('dt', {}, label), this.values[i] ?? null)),
    ),
  );

  render({ head }: RunStore, shown: Shown | null): void {
    const report = shown === null ? null : reportOf(shown);
    setHidden(this.element, report === null);
    if (report === null) return;
    setText(this.sentence, report.sentence);
    const confidence = formatValue(head?.confidence ?? 0.95, 'ratio');
    FIELDS.forEach(({ text }, i) => this.values[i] && setText(this.values[i], text(report, confidence)));
  }
}

/** Of the stage, or of all load stages where that stage is the sum of its steps. */
function reportOf({ target, stage }: Shown): PhaseReport | null {
  if (stage === null) return null;
  return (isWhole(stage) ? target.phases : stage.data.result?.phases) ?? null;
}

function lineText(line: LineReport, per: string, axis: string, confidence: string): string {
  if (line.kind === 'none') return line.reason;
  const [from, to] = line.x_range;
  return [
    `${formatValue(line.base, 'ms')} (${formatInterval(line.base_ci, line.base, 'ms')}) and ${formatValue(line.slope, 'ms')} (${formatInterval(line.slope_ci, line.slope, 'ms')}) ${per}`,
    `${confidence} CI`,
    `n ${formatCount(line.n)}`,
    `measured from ${significant(from)} to ${significant(to)} ${axis}`,
  ].join(' · ');
}
