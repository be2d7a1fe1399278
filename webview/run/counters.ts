/** The plain counts and rates of the stage that is shown. */
import { formatCount, formatValue } from '../../src/protocol/format';
import { el, icon, setHidden, setText } from '../dom';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore, StageData } from './store';

interface Counter {
  label: string;
  help: string;
  text: (stage: StageData) => string;
  alarming?: (stage: StageData) => boolean;
}

const whole = (n: number) => formatCount(n);
const failures = ({ counts }: StageData) => counts.failed + counts.timed_out + counts.truncated + counts.cancelled;

const COUNTERS: Counter[] = [
  {
    label: 'Completed',
    help: 'Requests with a complete answer. Warm-up and cool-down are included while the stage runs, and left out once it is done.',
    text: ({ counts }) => whole(counts.completed),
  },
  {
    label: 'Failed',
    help: 'Failed, timed out, cancelled or truncated. They never count as a latency of zero.',
    text: (stage) => whole(failures(stage)),
    alarming: (stage) => failures(stage) > 0,
  },
  { label: 'In flight', help: 'Sent and not yet ended.', text: ({ inFlight }) => whole(inFlight) },
  {
    label: 'Offered',
    help: 'Requests per second that the load pattern wants sent.',
    text: ({ offeredRps }) => formatValue(offeredRps, '1/s'),
  },
  {
    label: 'Achieved',
    help: 'Completed requests per second. Below the offered rate means a growing queue.',
    text: ({ rps }) => formatValue(rps, '1/s'),
  },
  {
    label: 'Output',
    help: 'Output tokens per second over all streams.',
    text: ({ outputTps }) => formatValue(outputTps, 'tokens/s'),
  },
];

export class Counters implements Section {
  private readonly values = COUNTERS.map(() => el('span'));
  private readonly alarms = COUNTERS.map(() => icon('error', 'tone-fail alarm'));
  readonly element = el(
    'dl',
    { class: 'counters' },
    ...COUNTERS.map(({ label, help }, i) =>
      el(
        'div',
        { title: help },
        // Beside the label, which never changes its width.
        el('dt', {}, label, this.alarms[i] ?? null),
        el('dd', { class: 'number' }, this.values[i] ?? null),
      ),
    ),
  );

  render(_store: RunStore, shown: Shown | null): void {
    const stage = shown?.stage?.data ?? null;
    setHidden(this.element, stage === null);
    if (stage === null) return;
    COUNTERS.forEach(({ text, alarming }, i) => {
      const value = this.values[i];
      const alarm = this.alarms[i];
      if (value === undefined || alarm === undefined) return;
      setText(value, stage.status === 'waiting' ? '–' : text(stage));
      setHidden(alarm, stage.status === 'waiting' || alarming?.(stage) !== true);
    });
  }
}
