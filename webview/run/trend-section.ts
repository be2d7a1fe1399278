/** How the eval has come out over its runs: one number as a line with the baseline, a mark a run that opens it. Read when asked for. */
import { formatValue } from '../../src/protocol/format';
import type { RunPanelReply } from '../../src/protocol/run-panel';
import type { RunTrends, TrendRun, TrendSeries } from '../../src/protocol/trends';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import type { Palette } from '../charts/palette';
import { placeTip } from '../charts/plot-tip';
import { TrendChart, type TrendMark } from '../charts/trend-chart';
import { el, setHidden, setText } from '../dom';
import { button, dropdown } from '../ui/controls';
import { verdictWord } from '../words';
import type { Post } from './post';
import type { ChartSection } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';
import { firstChoice, keyOf, nameOf, runText, seriesOfTarget, shortLabel, summaryOf } from './trend-model';

type TrendsReply = Extract<RunPanelReply, { type: 'trends' }>;

export class TrendSection implements ChartSection {
  readonly element: HTMLElement;
  readonly frame: ChartFrame;
  private readonly tip = el('div', { class: 'tip number', hidden: true, aria: { hidden: true } });
  private readonly said = el('p', { class: 'hidden-text', role: 'status' });
  private readonly problem = el('p', { class: 'muted', hidden: true, role: 'status' });
  private readonly open;
  private readonly offer: HTMLElement;
  private readonly metric = dropdown({ label: 'Metric of the trend', onChange: (key) => this.choose(key) });
  private readonly choice = el(
    'span',
    { class: 'choice' },
    el('span', { aria: { hidden: true } }, 'Metric'),
    this.metric.element,
  );
  private chart: TrendChart | null = null;
  private trends: RunTrends | null = null;
  private series: TrendSeries | null = null;
  /** The reader's choice; null follows what says most. */
  private chosen: string | null = null;
  private asked = false;
  /** Of the run that is shown. */
  private current = '';
  private run: string | null = null;
  private state = '';
  /** The run that the keys have come to. */
  private at: string | null = null;
  private drawn = '';

  constructor(
    private readonly post: Post,
    private palette: Palette,
    private readonly onToggle: () => void,
    onSave: (kind: FileKind, chart: ChartFrame) => void,
  ) {
    this.frame = new ChartFrame({
      title: 'Trends',
      legend: [
        { swatch: 'swatch-met', label: 'run that passed' },
        { swatch: 'swatch-missed', label: 'failed' },
        { swatch: 'swatch-open', label: 'inconclusive' },
        { swatch: 'swatch-limit', label: 'pinned baseline' },
      ],
      columns: [
        { label: 'Run', numeric: false },
        { label: 'Value', numeric: true },
        { label: 'Commit', numeric: true },
        { label: 'Verdict', numeric: true },
        { label: 'Baseline', numeric: true },
      ],
      onToggle: () => {
        this.drawn = '';
        onToggle();
      },
      onSave,
      data: () => this.data(),
    });
    const { plot, element } = this.frame;
    element.insertBefore(this.choice, element.children[1] ?? null);
    plot.append(this.tip);
    plot.tabIndex = 0;
    plot.setAttribute('role', 'group');
    plot.setAttribute('aria-label', 'Runs of this eval: arrow keys go from run to run, Enter opens one');
    plot.addEventListener('pointermove', (event) => this.hover(this.markAt(event)));
    plot.addEventListener('pointerleave', () => this.hover(null));
    plot.addEventListener('click', (event) => this.openRun(this.markAt(event)?.id ?? null));
    plot.addEventListener('keydown', (event) => this.key(event));
    plot.addEventListener('blur', () => this.hover(null));
    this.open = button({
      label: 'Show how this eval has come out over its runs',
      icon: 'graph-line',
      appearance: 'secondary',
      onClick: () => this.ask(),
    });
    this.offer = el('section', { aria: { label: 'Trends' } }, el('h2', {}, 'Trends'), this.open.element, this.problem);
    this.element = el('div', { class: 'trends', hidden: true }, this.offer, this.frame.element, this.said);
    setHidden(this.frame.element, true);
  }

  /** Whether the reader has asked for them, and which; for the next start of the page. */
  get saved(): string | null {
    return this.asked ? (this.chosen ?? '') : null;
  }

  /** As it was before the page was hidden. */
  restore(saved: string): void {
    this.chosen = saved === '' ? null : saved;
    this.asked = true;
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart?.setPalette(palette);
  }

  receive(reply: TrendsReply): void {
    this.trends = reply.trends;
    this.current = reply.current;
    this.at = null;
    setText(this.problem, reply.trends === null ? reply.error : '');
    setHidden(this.problem, reply.trends !== null);
    this.open.setDisabled(false);
    this.drawn = '';
    this.onToggle();
  }

  render({ head }: RunStore, shown: Shown | null): void {
    const isOver = head !== null && head.status !== 'running' && head.status !== 'idle' && head.advice === undefined;
    setHidden(this.element, !isOver || this.post.standalone === true || head.can?.files !== true);
    const run = head?.startedAt ?? null;
    if (run !== this.run) {
      // Another run may be of another eval.
      this.trends = null;
      this.drawn = '';
      this.run = run;
    }
    // One that has ended is a point more, one that was pinned another baseline.
    const state = isOver ? JSON.stringify([run, head.marks?.pinned]) : '';
    if (state !== this.state) {
      this.state = state;
      if (this.asked && isOver) this.ask();
    }
    const { trends } = this;
    setHidden(this.frame.element, trends === null);
    setHidden(this.offer, trends !== null);
    if (trends === null || this.element.hidden) return;
    const choices = seriesOfTarget(trends, shown?.target.id ?? null);
    const key = choices.find((one) => one.key === this.chosen)?.key ?? firstChoice(choices);
    this.series = choices.find((one) => one.key === key)?.series ?? null;
    const drawn = JSON.stringify([run, key, this.at, this.series]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    setHidden(this.choice, choices.length < 2);
    this.metric.update(
      choices.map((one) => ({ value: one.key, label: nameOf(one.series) })),
      key ?? '',
    );
    this.draw();
  }

  private ask(): void {
    this.asked = true;
    this.open.setDisabled(true);
    this.post({ type: 'trends' });
  }

  private choose(key: string): void {
    this.chosen = key;
    // As a changed table: the owner draws again.
    this.onToggle();
  }

  private draw(): void {
    const { series, trends, frame } = this;
    const runs = trends?.runs ?? [];
    if (series !== null && !frame.tableShown) {
      this.chart ??= new TrendChart(
        frame.canvas,
        (value) => formatValue(value, this.series?.unit ?? 'ms'),
        this.palette,
      );
      const { baseline, unit } = series;
      const limit = baseline === null ? null : { value: baseline, label: `baseline ${formatValue(baseline, unit)}` };
      this.chart.draw(this.marks(), limit, this.at ?? this.current);
    }
    if (series !== null && frame.tableShown) frame.setRows(rowsOf(runs, series));
    frame.describe({
      summary: series === null ? 'No run of this eval has measured anything.' : summaryOf(series),
      note: runs.length === 0 || series === null ? 'No run of this eval has completed yet' : '',
      caption: [
        ...(series === null ? [] : [summaryOf(series)]),
        ...(trends === null || trends.leftOut.length === 0 ? [] : [`Left out: ${trends.leftOut.join(', ')}.`]),
      ].join(' '),
    });
  }

  private marks(): TrendMark[] {
    const { series, trends } = this;
    return (trends?.runs ?? []).map((run, index) => ({
      id: run.id,
      value: series?.values[index] ?? null,
      verdict: run.verdict,
      label: shortLabel(run),
    }));
  }

  private markAt(event: MouseEvent): TrendMark | null {
    return this.chart?.nearest({ x: event.clientX - this.frame.canvas.getBoundingClientRect().left }) ?? null;
  }

  private hover(mark: TrendMark | null): void {
    this.frame.plot.classList.toggle('pointing', mark !== null);
    const at = mark === null ? null : (this.chart?.position(mark) ?? null);
    placeTip(this.tip, at, () => (mark === null ? '' : this.textOf(mark.id)));
  }

  private textOf(id: string): string {
    const { series, trends } = this;
    const index = trends?.runs.findIndex((run) => run.id === id) ?? -1;
    const run = trends?.runs[index];
    return run === undefined || series === null ? '' : runText(run, series.values[index] ?? null, series);
  }

  private key(event: KeyboardEvent): void {
    const marks = this.marks().filter(({ value }) => value !== null);
    if (marks.length === 0) return;
    if (event.key === 'Enter') {
      this.openRun(this.at);
      return;
    }
    const known = marks.findIndex(({ id }) => id === (this.at ?? this.current));
    const from = known === -1 ? marks.length - 1 : known;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: marks.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const mark = marks[Math.max(0, Math.min(marks.length - 1, to))];
    if (mark === undefined) return;
    this.at = mark.id;
    this.drawn = '';
    setText(this.said, this.textOf(mark.id));
    this.onToggle();
  }

  private openRun(id: string | null): void {
    if (id !== null && id !== this.current) this.post({ type: 'open-run', id });
  }

  private data(): ChartData {
    const { series, trends } = this;
    const name =
      series === null
        ? 'value'
        : keyOf(series)
            .replace(/[[\]"]/g, '')
            .replace(/null,?/g, '')
            .replace(/,$/, '');
    return {
      columns: ['run', 'started_at', 'commit', 'dirty', 'verdict', 'pinned', name, 'baseline'],
      rows: (trends?.runs ?? []).map((run, index) => [
        run.id,
        run.startedAt,
        run.commit,
        run.dirty,
        run.verdict,
        run.pinned,
        series?.values[index] ?? null,
        series?.baseline ?? null,
      ]),
    };
  }
}

/** The newest first, as the list of runs has them. */
function rowsOf(runs: readonly TrendRun[], { values, unit, baseline }: TrendSeries): string[][] {
  return runs
    .map((run, index) => {
      const value = values[index] ?? null;
      return [
        new Date(run.startedAt).toLocaleString(),
        value === null ? '–' : formatValue(value, unit),
        run.commit === null ? '–' : shortLabel(run),
        verdictWord(run.verdict).word,
        run.pinned ? 'pinned' : baseline === null ? '–' : formatValue(baseline, unit),
      ];
    })
    .reverse();
}
