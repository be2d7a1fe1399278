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
  /** @param step distance of two steps of the axis */
  formatTime: (ms: number, step: number) => string;
  formatValue: (value: number) => string;
}

/** Room for the labels of the vertical axis. Fixed: an axis that widens with its labels would push the plot sideways. */
const VALUE_AXIS_PX = 56;

export class TimeChart {
  /** The points of each line, in the order of `lines`; the owner pushes into them and calls `draw`. */
  readonly data: XY[][];
  private readonly chart: Chart<'line', XY[]>;
  private axes: { x: Axis; y: Axis } = { x: { max: 10_000, step: 2000 }, y: { max: 1, step: 0.25 } };

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
  draw(axes: { x: Axis; y: Axis }): void {
    this.axes = axes;
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

  /** Where the plot is within the canvas, in pixels. */
  get area(): { left: number; right: number; top: number; bottom: number } {
    return this.chart.chartArea;
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
      yAxisID: 'y',
      pointRadius: 0,
      pointHitRadius: 0,
      borderJoinStyle: 'round',
      ...this.lineStyle(line),
    }));
  }

  private applyAxes(): void {
    for (const id of ['x', 'y'] as const) {
      const scale = this.chart.options.scales?.[id];
      if (scale?.type !== 'linear') continue;
      scale.min = this.axes[id].min ?? 0;
      scale.max = this.axes[id].max;
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
    return {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      // Pointer and keys are handled by the owner, over all points and not only those that survived decimation.
      events: [],
      layout: { padding: { top: 8, right: 12 } },
      scales: {
        x: {
          type: 'linear',
          min: this.axes.x.min ?? 0,
          max: this.axes.x.max,
          grid: { ...grid, display: false },
          border,
          ticks: ticks((value) => options.formatTime(value, this.axes.x.step)),
          // A part of an axis has its steps at round values, and not counted from where it happens to begin.
          afterBuildTicks: (axis) => {
            axis.ticks = ticksOf(this.axes.x);
          },
        },
        y: {
          type: 'linear',
          min: this.axes.y.min ?? 0,
          max: this.axes.y.max,
          grid,
          border: { display: false },
          ticks: ticks(options.formatValue),
          afterBuildTicks: (axis) => {
            axis.ticks = ticksOf(this.axes.y);
          },
          afterFit: (axis) => {
            axis.width = VALUE_AXIS_PX;
          },
        },
      },
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

/** The round values of an axis. */
export function ticksOf({ min = 0, max, step }: Axis): { value: number }[] {
  const ticks: { value: number }[] = [];
  const slack = step * 1e-6;
  for (let i = Math.ceil((min - slack) / step); i * step <= max + slack; i++) ticks.push({ value: i * step });
  return ticks;
}

/** Value to pixel as one multiplication: the scale's own method costs too much 50,000 times. */
function linear(chart: Chart<'line'>, id: string): ((value: number) => number) | null {
  const scale = chart.scales[id];
  if (scale === undefined) return null;
  const { min, max } = scale;
  const start = scale.getPixelForValue(min);
  const unit = (scale.getPixelForValue(max) - start) / (max - min);
  return (value) => start + (value - min) * unit;
}

/** Any CSS colour at a share of its own opacity. */
export function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(alpha * 100)}%, transparent)`;
}
