/** The curve of a sweep or a capacity search: its conclusion as heading, and each step as a mark that leads to its requests. */
import { formatValue } from '../../src/protocol/format';
import { CurveChart, type CurveMark } from '../charts/curve-chart';
import type { Palette } from '../charts/palette';
import { el, setHidden, setText } from '../dom';
import { dropdown } from '../ui/controls';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { curveOf, wholeOf, xOf, type CurveModel, type CurveSlo } from './curve-model';
import type { ChartSection } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';
import { verdictWord } from '../words';

export class CurveSection implements ChartSection {
  readonly frame: ChartFrame;
  private readonly tip = el('div', { class: 'tip number', hidden: true, aria: { hidden: true } });
  private readonly metric = dropdown({ label: 'SLO of the curve', onChange: (expr) => this.choose(expr) });
  private readonly choice = el(
    'span',
    { class: 'choice', hidden: true },
    el('span', { aria: { hidden: true } }, 'SLO'),
    this.metric.element,
  );
  private chart: CurveChart | null = null;
  private model: CurveModel | null = null;
  private slo: CurveSlo | null = null;
  /** The reader's choice; null follows the SLO that ends the curve. */
  private chosen: string | null = null;
  private whole = '';
  private drawn = '';

  constructor(
    private palette: Palette,
    onSelect: (step: string) => void,
    private readonly onToggle: () => void,
    onSave: (kind: FileKind, chart: ChartFrame) => void,
  ) {
    this.frame = new ChartFrame({
      title: 'Capacity',
      legend: [
        { swatch: 'swatch-met', label: 'met' },
        { swatch: 'swatch-missed', label: 'missed' },
        { swatch: 'swatch-open', label: 'inconclusive' },
        { swatch: 'swatch-best', label: 'highest rate that meets the SLOs' },
        { swatch: 'swatch-limit', label: 'SLO' },
      ],
      columns: [
        { label: 'Offered', numeric: false },
        { label: 'Value', numeric: true },
        { label: 'Completed', numeric: true },
        { label: 'Good', numeric: true },
        { label: 'Verdict', numeric: true },
      ],
      onToggle: () => {
        this.drawn = '';
        onToggle();
      },
      onSave,
      data: () => dataOf(this.model),
    });
    const { plot, element } = this.frame;
    element.insertBefore(this.choice, element.children[1] ?? null);
    plot.append(this.tip);
    plot.addEventListener('pointermove', (event) => this.hover(this.markAt(event)));
    plot.addEventListener('pointerleave', () => this.hover(null));
    plot.addEventListener('click', (event) => {
      const mark = this.markAt(event);
      if (mark !== null) onSelect(mark.id);
    });
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.chart?.setPalette(palette);
  }

  render({ head }: RunStore, shown: Shown | null): void {
    const whole = shown?.stage == null ? null : wholeOf(shown.target, shown.stage);
    setHidden(this.element, whole === null);
    if (shown?.stage == null || whole === null) return;
    const name = `${shown.target.id}\n${whole.data.name}`;
    if (name !== this.whole) {
      this.whole = name;
      this.chosen = null;
    }
    const model = curveOf(shown.target, whole, head?.metrics);
    const expr = model.slos.find((slo) => slo.expr === this.chosen)?.expr ?? model.binding;
    this.model = model;
    this.slo = model.slos.find((slo) => slo.expr === expr) ?? null;
    const selected = shown.stage.data.name;
    const state = JSON.stringify([head?.startedAt, name, selected, expr, model]);
    if (state === this.drawn) return;
    this.drawn = state;
    this.frame.setHeading(model.heading, model.word);
    setHidden(this.choice, model.slos.length < 2);
    this.metric.update(
      model.slos.map((slo) => ({ value: slo.expr, label: slo.expr })),
      expr ?? '',
    );
    if (this.frame.tableShown) this.frame.setRows(rowsOf(model, this.slo));
    else this.draw(model, selected);
    this.frame.describe({
      summary: summaryOf(model, this.slo),
      note: model.steps.length > 0 ? '' : 'Waiting for the first step to end',
      caption: this.caption(),
    });
  }

  private choose(expr: string): void {
    this.chosen = expr;
    // As a changed table: the owner draws again.
    this.onToggle();
  }

  private draw(model: CurveModel, selected: string): void {
    this.chart ??= new CurveChart(
      this.frame.canvas,
      {
        rate: (value) => formatValue(value, '1/s'),
        value: (value) => formatValue(value, this.slo?.unit ?? '1/s'),
      },
      this.palette,
    );
    const { slo } = this;
    this.chart.draw({
      marks: model.steps.map((step) => ({
        id: step.stage,
        x: xOf(step),
        // Without an SLO the curve is that of what was completed.
        y: slo === null ? step.rps : (step.values[slo.expr] ?? null),
        verdict: step.verdict,
      })),
      limit: slo === null ? null : { value: slo.limit, label: slo.expr },
      best: model.rate === null ? null : { value: model.rate, label: formatValue(model.rate, '1/s') },
      selected,
    });
  }

  private caption(): string {
    const above = this.frame.tableShown ? 0 : (this.chart?.beyondAxis ?? 0);
    const subject = this.slo?.subject ?? 'completed rate';
    const parts = [`${subject} against the offered rate`];
    const { rate = null, costPerGood = null } = this.model ?? {};
    if (rate !== null && costPerGood !== null)
      parts.push(`${formatValue(costPerGood, 'USD')} a good request at ${formatValue(rate, '1/s')}`);
    if (this.model?.steps.some(({ rate }) => rate === null)) parts.push('closed loops stand at what they completed');
    if (above > 0) parts.push(`▲ ${above} above the axis`);
    return parts.join(' · ');
  }

  private markAt(event: MouseEvent): CurveMark | null {
    const { left, top } = this.frame.canvas.getBoundingClientRect();
    return this.chart?.nearest({ x: event.clientX - left, y: event.clientY - top }) ?? null;
  }

  private hover(mark: CurveMark | null): void {
    this.frame.plot.classList.toggle('pointing', mark !== null);
    setHidden(this.tip, mark === null);
    if (mark === null || this.chart === null) return;
    const value = mark.y === null ? 'no sample' : formatValue(mark.y, this.slo?.unit ?? '1/s');
    setText(this.tip, `${mark.id}: ${value}, ${verdictWord(mark.verdict).word.toLowerCase()}`);
    const { x, y } = this.chart.position(mark);
    const width = this.frame.plot.clientWidth;
    this.tip.style.left = `${Math.max(0, Math.min(x + 10, width - this.tip.offsetWidth))}px`;
    this.tip.style.top = `${Math.max(0, y - this.tip.offsetHeight - 8)}px`;
  }
}

function rowsOf(model: CurveModel, slo: CurveSlo | null): string[][] {
  return model.steps.map((step) => {
    const value = slo === null ? null : (step.values[slo.expr] ?? null);
    return [
      step.rate === null ? step.stage : formatValue(step.rate, '1/s'),
      slo === null || value === null ? '–' : formatValue(value, slo.unit),
      formatValue(step.rps, '1/s'),
      step.goodput === null ? '–' : formatValue(step.goodput, '1/s'),
      verdictWord(step.verdict).word,
    ];
  });
}

/** The values of every SLO, and not of the one that is drawn alone. */
function dataOf(model: CurveModel | null): ChartData {
  const slos = model?.slos ?? [];
  return {
    columns: ['step', 'offered_rps', 'completed_rps', 'good_rps', 'verdict', ...slos.map(({ expr }) => expr)],
    rows: (model?.steps ?? []).map(({ stage, rate, rps, goodput, verdict, values }) => [
      stage,
      rate,
      rps,
      goodput,
      verdict,
      ...slos.map(({ expr }) => values[expr] ?? null),
    ]),
  };
}

function summaryOf(model: CurveModel, slo: CurveSlo | null): string {
  const count = (verdict: string) => model.steps.filter((step) => step.verdict === verdict).length;
  const { length } = model.steps;
  const parts = [
    `${slo?.subject ?? 'Completed rate'} against the offered rate in ${length} ${length === 1 ? 'step' : 'steps'}: ${count('pass')} met, ${count('fail')} missed.`,
    model.heading,
  ];
  if (slo !== null) parts.push(`Limit: ${slo.expr}.`);
  return parts.join(' ');
}
