/** A metric against the offered rate, of several contenders: a curve each, the limit, and the highest rate that is within it. */
import { latencyAxisEnd, valueAxis } from './axis';
import { markPath, seriesColor } from './marks';
import type { SeriesLook } from './series-look';
import type { Palette } from './palette';
import { StageLayer, type Limit } from './stage-layer';
import { TimeChart, withAlpha, type Frame, type Layer } from './time-chart';

export interface CurvesMark {
  /** Requests per second. */
  x: number;
  /** Null where nothing was answered. */
  y: number | null;
  /** It keeps every limit of its stage. */
  met: boolean;
}

export interface CurvesSeries {
  id: string;
  look: SeriesLook;
  /** By `x`. */
  marks: CurvesMark[];
  /** Highest rate that meets the limits. */
  best: number | null;
}

export interface CurvesInput {
  series: CurvesSeries[];
  limit: Limit | null;
}

const MARK_PX = 5;

export class CurvesChart {
  private readonly limits = new StageLayer();
  private readonly curves: CurvesLayer;
  private readonly chart: TimeChart;

  /** @param onPlaced after each redraw: where the marks are, by series and index */
  constructor(
    canvas: HTMLCanvasElement,
    format: { rate: (value: number) => string; value: (value: number) => string },
    palette: Palette,
    onPlaced: (places: Map<string, { x: number; y: number }>) => void,
  ) {
    this.curves = new CurvesLayer(onPlaced);
    this.chart = new TimeChart(
      canvas,
      { lines: [], layers: [this.limits, this.curves], formatTime: format.rate, formatValue: format.value },
      palette,
    );
  }

  draw({ series, limit }: CurvesInput): void {
    const marks = series.flatMap((each) => each.marks);
    const values = (of: readonly CurvesMark[]) => of.flatMap(({ y }) => (y === null ? [] : [y]));
    const firstMissed = series.flatMap(({ marks: own }) => own.find(({ met }) => !met)?.y ?? []);
    const y = valueAxis(
      latencyAxisEnd({
        limit: limit?.value ?? null,
        // The bends of the curves are what one looks for: far beyond them a queue grows as long as its step lasts.
        bulk: Math.max(0, ...values(marks.filter(({ met }) => met)), ...firstMissed),
        slowest: Math.max(0, ...values(marks)),
      }),
    );
    this.limits.state.limits = limit === null ? [] : [limit];
    this.curves.series = series;
    this.curves.top = y.max;
    const rates = [...marks.map(({ x }) => x * 1.05), ...series.map(({ best }) => best ?? 0)];
    this.chart.draw({ x: valueAxis(Math.max(...rates, 1e-6)), y });
  }

  /** Marks that lie above the axis and are drawn at its edge. */
  get beyondAxis(): number {
    return this.curves.series.flatMap(({ marks }) => marks).filter(({ y }) => y !== null && y > this.curves.top).length;
  }

  setPalette(palette: Palette): void {
    this.chart.setPalette(palette);
  }
}

class CurvesLayer implements Layer {
  series: readonly CurvesSeries[] = [];
  top = 1;

  constructor(private readonly onPlaced: (places: Map<string, { x: number; y: number }>) => void) {}

  below(frame: Frame): void {
    const { context, area, palette, x } = frame;
    // Labels of rates that are close to each other stand one below the other.
    const taken: { x: number; level: number }[] = [];
    for (const { look, best } of this.series) {
      if (best === null) continue;
      const at = x(best);
      context.beginPath();
      context.moveTo(at, area.top);
      context.lineTo(at, area.bottom);
      context.lineWidth = palette.highContrast ? 2 : 1;
      context.strokeStyle = seriesColor(look, palette);
      context.setLineDash([2, 3]);
      context.stroke();
      context.setLineDash([]);
      const level = taken.filter((label) => Math.abs(label.x - at) < 20).length;
      taken.push({ x: at, level });
      context.font = `600 12px ${palette.fontFamily}`;
      context.textAlign = 'left';
      context.textBaseline = 'alphabetic';
      context.fillStyle = palette.foreground;
      context.fillText(look.letter, at + 4, area.bottom - 6 - level * 14);
    }
  }

  above(frame: Frame): void {
    const { context, area, palette, x, y } = frame;
    const places = new Map<string, { x: number; y: number }>();
    for (const { id, look, marks } of this.series) {
      const color = seriesColor(look, palette);
      context.save();
      context.beginPath();
      context.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
      context.clip();
      context.beginPath();
      means(marks).forEach((mark, i) =>
        i === 0 ? context.moveTo(x(mark.x), y(mark.y)) : context.lineTo(x(mark.x), y(mark.y)),
      );
      context.lineWidth = palette.highContrast ? 2 : 1.5;
      context.strokeStyle = withAlpha(color, palette.highContrast ? 1 : 0.8);
      context.stroke();
      context.restore();
      marks.forEach((mark, i) => {
        const place = {
          x: x(mark.x),
          y: mark.y === null ? area.bottom - 6 : mark.y > this.top ? area.top + 5 : y(mark.y),
        };
        places.set(`${id}\n${i}`, place);
        context.beginPath();
        markPath(context, look, place.x, place.y, MARK_PX);
        context.fillStyle = mark.met ? color : palette.background;
        context.fill();
        context.lineWidth = 2;
        context.strokeStyle = color;
        context.stroke();
      });
    }
    this.onPlaced(places);
  }
}

/** One point for each rate: probes of one rate would otherwise make the line go up and down on the spot. */
function means(marks: readonly CurvesMark[]): { x: number; y: number }[] {
  const byX = new Map<number, number[]>();
  for (const { x, y } of marks) if (y !== null) byX.set(x, [...(byX.get(x) ?? []), y]);
  return [...byX].map(([x, ys]) => ({ x, y: ys.reduce((sum, y) => sum + y, 0) / ys.length }));
}
