/** The spread of a latency: how many requests took how long, and which share took at most so long. */
import { TimeChart, withAlpha, type Frame, type Layer } from './time-chart';
import { quantile, shareAtMost, type Bin, type Spread } from './distribution';
import { valueAxis, type TimeSpan } from './axis';
import type { Palette } from './palette';
import type { Limit } from './stage-layer';

/** Points of the line of shares: closer ones fall on one pixel. */
const CDF_POINTS = 240;
const MARKED = [0.5, 0.9, 0.99];

export interface DistributionInput {
  spread: Spread;
  limits: Limit[];
  /** Latencies that the list of requests is narrowed to. */
  selected: TimeSpan | null;
}

interface Format {
  latency: (ms: number) => string;
  value: (value: number) => string;
}

/** Bars; those over the limit have its colour and stand behind its line. */
export class HistogramChart {
  private readonly bars = new BarLayer();
  private readonly limits = new VerticalLayer('top');
  private readonly chart: TimeChart;

  constructor(canvas: HTMLCanvasElement, format: Format, palette: Palette) {
    this.chart = new TimeChart(
      canvas,
      { lines: [], layers: [this.bars, this.limits], formatTime: format.latency, formatValue: format.value },
      palette,
    );
  }

  draw({ spread, limits, selected }: DistributionInput): void {
    const most = spread.bins.reduce((max, { n }) => Math.max(max, n), 0);
    Object.assign(this.bars.state, { bins: spread.bins, limit: lowest(limits) });
    Object.assign(this.limits.state, { limits, selected });
    this.chart.draw({ x: spread.axis, y: valueAxis(Math.max(most * 1.05, 4)) });
  }

  /** The bar below a pixel of the canvas. */
  binAt(pixel: number): Bin | null {
    const value = this.chart.timeAt(pixel);
    return this.bars.state.bins.find(({ from, to }) => value >= from && value < to) ?? null;
  }

  highlight(bin: Bin | null): void {
    if (this.bars.state.highlighted === bin) return;
    this.bars.state.highlighted = bin;
    this.chart.redraw();
  }

  position({ from, to, n }: Bin): { x: number; y: number } {
    return this.chart.toPixel((from + to) / 2, n);
  }

  valueAt(pixel: number): number {
    return this.chart.timeAt(pixel);
  }

  pixelAt(value: number): number {
    return this.chart.toPixel(value, 0).x;
  }

  get area(): { left: number; right: number; top: number; bottom: number } {
    return this.chart.area;
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }
}

/** The share of requests that took at most so long. */
export class CdfChart {
  private readonly limits = new VerticalLayer('bottom');
  private readonly marks: MarkLayer;
  private readonly chart: TimeChart;
  private values: ArrayLike<number> = [];

  constructor(canvas: HTMLCanvasElement, format: Format, palette: Palette) {
    this.marks = new MarkLayer(format.latency);
    this.chart = new TimeChart(
      canvas,
      {
        lines: [{ label: 'share', color: (theme) => theme.point, width: 2 }],
        layers: [this.limits, this.marks],
        formatTime: format.latency,
        formatValue: format.value,
      },
      palette,
    );
  }

  draw({ spread, limits, selected }: DistributionInput): void {
    const { values, axis } = spread;
    this.values = values;
    const { min = 0, max } = axis;
    const line = this.chart.data[0];
    if (line !== undefined) {
      line.length = 0;
      if (values.length > 0) {
        for (let i = 0; i <= CDF_POINTS; i++) {
          const x = min + ((max - min) * i) / CDF_POINTS;
          line.push({ x, y: shareAtMost(values, x) });
        }
      }
    }
    Object.assign(this.limits.state, { limits, selected });
    this.marks.state.marks = MARKED.flatMap((share) => {
      const value = quantile(values, share);
      return value === null || value > max ? [] : [{ share, value }];
    });
    this.chart.draw({ x: axis, y: { max: 1, step: 0.25 } });
  }

  /** The share at most the latency below a pixel. */
  shareAt(pixel: number): { value: number; share: number } | null {
    const value = this.chart.timeAt(pixel);
    if (!Number.isFinite(value) || this.values.length === 0) return null;
    return { value: Math.max(0, value), share: shareAtMost(this.values, value) };
  }

  position({ value, share }: { value: number; share: number }): { x: number; y: number } {
    return this.chart.toPixel(value, share);
  }

  valueAt(pixel: number): number {
    return this.chart.timeAt(pixel);
  }

  pixelAt(value: number): number {
    return this.chart.toPixel(value, 0).x;
  }

  get area(): { left: number; right: number; top: number; bottom: number } {
    return this.chart.area;
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }
}

function lowest(limits: readonly Limit[]): number | null {
  return limits.length === 0 ? null : Math.min(...limits.map(({ value }) => value));
}

class BarLayer implements Layer {
  readonly state: { bins: Bin[]; limit: number | null; highlighted: Bin | null } = {
    bins: [],
    limit: null,
    highlighted: null,
  };

  below({ context, palette, x, y, area }: Frame): void {
    const { bins, limit, highlighted } = this.state;
    for (const bin of bins) {
      if (bin.n === 0) continue;
      const left = x(bin.from) + 0.5;
      const width = Math.max(1, x(bin.to) - left - 0.5);
      // One request among thousands is still to be seen.
      const top = Math.min(y(bin.n), area.bottom - 2);
      const over = limit !== null && bin.from >= limit * (1 - 1e-9);
      const color = over ? palette.limit : palette.point;
      context.fillStyle = bin === highlighted || palette.highContrast ? color : withAlpha(color, 0.75);
      context.fillRect(left, top, width, area.bottom - top);
      if (bin !== highlighted) continue;
      context.strokeStyle = palette.focus;
      context.lineWidth = 2;
      context.strokeRect(left, top, width, area.bottom - top);
    }
  }
}

/** Limits as upright lines, and the latencies that are selected as a band. */
class VerticalLayer implements Layer {
  readonly state: { limits: Limit[]; selected: TimeSpan | null } = { limits: [], selected: null };

  /** @param labels the end of the lines at which nothing else is drawn */
  constructor(private readonly labels: 'top' | 'bottom') {}

  below({ context, area, palette, x }: Frame): void {
    const { selected } = this.state;
    if (selected === null) return;
    const left = Math.max(area.left, x(selected.from));
    const right = Math.min(area.right, x(selected.to));
    context.fillStyle = withAlpha(palette.foreground, palette.highContrast ? 0.3 : 0.12);
    context.fillRect(left, area.top, right - left, area.bottom - area.top);
  }

  above({ context, area, palette, x }: Frame): void {
    for (const { value, label } of this.state.limits) {
      const at = x(value);
      if (at > area.right || at < area.left) continue;
      context.beginPath();
      context.moveTo(at, area.top);
      context.lineTo(at, area.bottom);
      context.setLineDash([6, 4]);
      context.lineWidth = palette.highContrast ? 2 : 1.5;
      context.strokeStyle = palette.limit;
      context.stroke();
      context.setLineDash([]);
      context.font = `11px ${palette.fontFamily}`;
      const left = at + context.measureText(label).width + 8 > area.right;
      context.textAlign = left ? 'right' : 'left';
      context.textBaseline = this.labels;
      const y = this.labels === 'top' ? area.top : area.bottom - 4;
      context.lineWidth = 3;
      context.lineJoin = 'round';
      context.strokeStyle = palette.background;
      context.strokeText(label, at + (left ? -4 : 4), y);
      context.fillStyle = palette.foreground;
      context.fillText(label, at + (left ? -4 : 4), y);
    }
  }
}

class MarkLayer implements Layer {
  readonly state: { marks: { share: number; value: number }[] } = { marks: [] };

  constructor(private readonly format: (ms: number) => string) {}

  above({ context, area, palette, x, y }: Frame): void {
    for (const { share, value } of this.state.marks) {
      const atX = x(value);
      const atY = y(share);
      context.beginPath();
      context.arc(atX, atY, 3, 0, Math.PI * 2);
      context.fillStyle = palette.foreground;
      context.fill();
      const label = `p${Math.round(share * 100)} ${this.format(value)}`;
      context.font = `11px ${palette.fontFamily}`;
      const width = context.measureText(label).width;
      // Near the top the curve is flat, and below it on the right is room; on the left the mark before may have its label.
      const isTop = share > 0.95;
      const fitsRight = atX + width + 12 < area.right;
      const fitsLeft = atX - width - 12 > area.left;
      // Left of a rising curve there is room; at the very left there is none.
      const left = isTop ? !fitsRight : fitsLeft;
      context.textAlign = left ? 'right' : 'left';
      context.textBaseline = 'middle';
      context.lineWidth = 3;
      context.lineJoin = 'round';
      context.strokeStyle = palette.background;
      const labelY = isTop ? atY + 12 : atY;
      context.strokeText(label, atX + (left ? -8 : 8), labelY);
      context.fillText(label, atX + (left ? -8 : 8), labelY);
    }
  }
}
