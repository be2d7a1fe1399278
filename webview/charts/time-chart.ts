/** A chart over the time of a stage: chart.js draws axes and lines, layers draw what it would be too slow or too general for. */
import { Chart, Decimation, LinearScale, LineController, LineElement, PointElement } from 'chart.js';
import type { ChartArea, ChartDataset, ChartOptions, Plugin } from 'chart.js';
import type { Axis } from './axis';
import type { Palette } from './palette';

Chart.register(Decimation, LinearScale, LineController, LineElement, PointElement);

export interface XY {
  x: number;
  y: number;
}

export interface LineSpec {
  label: string;
  color: (palette: Palette) => string;
  width: number;
  dash?: number[];
  /** Only where colours alone do not separate the lines. */
  highContrastDash?: number[];
  axis?: 'y' | 'y2';
}

/** One redraw, as a layer sees it; `x`, `y` turn ms and values into pixels. */
export interface Frame {
  context: CanvasRenderingContext2D;
  area: ChartArea;
  palette: Palette;
  x: (ms: number) => number;
  y: (value: number) => number;
}

/** Draws under the lines, over them, or both. */
export interface Layer {
  below?(frame: Frame): void;
  above?(frame: Frame): void;
}

export interface TimeChartOptions {
  lines: LineSpec[];
  layers: Layer[];
  formatTime: (ms: number) => string;
  formatValue: (value: number) => string;
  /** Where given, a second axis on the right. */
  formatSecond?: (value: number) => string;
}

export class TimeChart {
  /** The points of each line, in the order of `lines`; the owner pushes into them and calls `draw`. */
  readonly data: XY[][];
  private readonly chart: Chart<'line', XY[]>;
  private axes: { x: Axis; y: Axis; y2: Axis } = {
    x: { max: 10_000, step: 2000 },
    y: { max: 1, step: 0.25 },
    y2: { max: 1, step: 0.25 },
  };

  constructor(
    canvas: HTMLCanvasElement,
    private readonly options: TimeChartOptions,
    private palette: Palette,
  ) {
    this.data = options.lines.map(() => []);
    this.chart = new Chart<'line', XY[]>(canvas, {
      type: 'line',
      data: { datasets: this.datasets() },
      options: this.chartOptions(),
      plugins: [this.layersPlugin()],
    });
  }

  /** Redraws with these axes. Costs a few ms at 50,000 points: call it from a frame limiter. */
  draw(axes: { x: Axis; y: Axis; y2?: Axis }): void {
    const { x, y, y2 } = axes;
    this.axes = { x, y, y2: y2 ?? this.axes.y2 };
    this.applyAxes();
    this.chart.update('none');
  }

  /** Redraws the layers only: for a changed selection. */
  redraw(): void {
    this.chart.draw();
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.options.lines.forEach((line, i) => {
      const dataset = this.chart.data.datasets[i];
      if (dataset !== undefined) Object.assign(dataset, this.lineStyle(line));
    });
    this.chart.options = this.chartOptions();
    this.applyAxes();
    this.chart.update('none');
  }

  /** The pixel of an instant and a value, and back; NaN before the first layout. */
  toPixel(ms: number, value: number): { x: number; y: number } {
    return { x: this.scale('x').getPixelForValue(ms), y: this.scale('y').getPixelForValue(value) };
  }

  timeAt(pixel: number): number {
    return this.scale('x').getValueForPixel(pixel) ?? Number.NaN;
  }

  destroy(): void {
    this.chart.destroy();
  }

  private scale(id: string) {
    const scale = this.chart.scales[id];
    if (scale === undefined) throw new Error(`The chart has no axis ${id}.`);
    return scale;
  }

  private lineStyle(line: LineSpec) {
    return {
      borderColor: line.color(this.palette),
      borderWidth: this.palette.highContrast ? line.width + 0.5 : line.width,
      borderDash: line.dash ?? (this.palette.highContrast ? line.highContrastDash : undefined) ?? [],
    };
  }

  private datasets(): ChartDataset<'line', XY[]>[] {
    return this.options.lines.map((line, i) => ({
      label: line.label,
      data: this.data[i] ?? [],
      yAxisID: line.axis ?? 'y',
      pointRadius: 0,
      pointHitRadius: 0,
      borderJoinStyle: 'round',
      ...this.lineStyle(line),
    }));
  }

  private applyAxes(): void {
    for (const id of ['x', 'y', 'y2'] as const) {
      const scale = this.chart.options.scales?.[id];
      if (scale?.type !== 'linear') continue;
      scale.max = this.axes[id].max;
      if (scale.ticks !== undefined) Object.assign(scale.ticks, { stepSize: this.axes[id].step });
    }
  }

  private chartOptions(): ChartOptions<'line'> {
    const { palette, options } = this;
    const font = { family: palette.fontFamily, size: 11 };
    const ticks = (format: (value: number) => string) => ({
      color: palette.muted,
      font,
      maxRotation: 0,
      autoSkip: false,
      padding: 4,
      callback: (value: string | number) => format(Number(value)),
    });
    const border = { color: palette.grid };
    const grid = {
      color: withAlpha(palette.grid, palette.highContrast ? 0.6 : 0.35),
      drawTicks: false,
      lineWidth: 1,
    };
    const scales: NonNullable<ChartOptions<'line'>['scales']> = {
      x: {
        type: 'linear',
        min: 0,
        max: this.axes.x.max,
        grid: { ...grid, display: false },
        border,
        ticks: ticks(options.formatTime),
      },
      // A fixed width: an axis that widens with its labels would push the whole plot sideways while data arrives.
      y: {
        type: 'linear',
        min: 0,
        max: this.axes.y.max,
        grid,
        border: { display: false },
        ticks: ticks(options.formatValue),
        afterFit: (axis) => {
          axis.width = 56;
        },
      },
    };
    const { formatSecond } = options;
    if (formatSecond !== undefined) {
      scales['y2'] = {
        type: 'linear',
        position: 'right',
        min: 0,
        max: this.axes.y2.max,
        grid: { display: false },
        border: { display: false },
        ticks: ticks(formatSecond),
        afterFit: (axis) => {
          axis.width = 40;
        },
      };
    }
    return {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      // Pointer and keys are handled by the owner, over all points and not only those that survived decimation.
      events: [],
      layout: { padding: { top: 8, right: 12 } },
      scales,
      plugins: { decimation: { enabled: true, algorithm: 'lttb', samples: 600, threshold: 1200 } },
    };
  }

  private layersPlugin(): Plugin<'line'> {
    const paint = (chart: Chart<'line'>, which: 'below' | 'above') => {
      const { ctx: context, chartArea: area } = chart;
      const x = linear(chart, 'x');
      const y = linear(chart, 'y');
      if (area === undefined || x === null || y === null) return;
      context.save();
      for (const layer of this.options.layers) layer[which]?.({ context, area, palette: this.palette, x, y });
      context.restore();
    };
    return {
      id: 'layers',
      beforeDatasetsDraw: (chart) => paint(chart, 'below'),
      afterDatasetsDraw: (chart) => paint(chart, 'above'),
    };
  }
}

/** Value to pixel as one multiplication: the scale's own method costs too much 50,000 times. */
function linear(chart: Chart<'line'>, id: string): ((value: number) => number) | null {
  const scale = chart.scales[id];
  if (scale === undefined) return null;
  const zero = scale.getPixelForValue(0);
  const unit = (scale.getPixelForValue(scale.max) - zero) / scale.max;
  return (value) => zero + value * unit;
}

/** Any CSS colour at a share of its own opacity. */
export function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`;
}
