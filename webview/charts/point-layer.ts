/** Every request as a mark, all of them: a decimated cloud could lose the one that broke the limit. */
import type { TickPoint } from '../../src/protocol/events';
import type { PointSeries, PointValue } from './point-series';
import type { Palette } from './palette';
import type { Frame, Layer } from './time-chart';

/** Marks share a pixel beyond this many: nobody can tell them apart, and drawing them twice costs frames. */
const DENSE = 5000;
const SPRITE_PX = 12;

type Mark = 'within' | 'over' | 'warmup' | 'gap' | 'gapOver' | 'failed' | 'above';

export interface PointLayerState {
  series: PointSeries | null;
  /** ms; marks above it get a colour and a shape of their own. */
  limit: number | null;
  /** Top of the axis, in ms. */
  top: number;
  selected: TickPoint | null;
  hovered: TickPoint | null;
}

/** What was drawn so far, kept as pictures: nothing but a new axis, size, theme or limit changes a mark once it is there. */
interface Cloud {
  key: string;
  /** The series' array that was drawn, and how much of it. */
  arrived: readonly TickPoint[];
  drawn: number;
  /** Marks that must stay visible (over the limit, failed) are a picture of their own, on top. */
  base: CanvasRenderingContext2D;
  top: CanvasRenderingContext2D;
  /** One byte a cell: a mark is there already. */
  taken: Uint8Array;
  beyondAxis: number;
}

export class PointLayer implements Layer {
  readonly state: PointLayerState = { series: null, limit: null, top: 1, selected: null, hovered: null };
  private sprites: { key: string; images: Record<Mark, HTMLCanvasElement> } | null = null;
  private cloud: Cloud | null = null;

  /** `value` places the dot; `gap`, where given, a dash at the request's longest gap. */
  constructor(
    private readonly value: PointValue,
    private readonly gap: PointValue | null = null,
  ) {}

  /** Marks that lie above the axis and are drawn at its edge. */
  get beyondAxis(): number {
    return this.cloud?.beyondAxis ?? 0;
  }

  below(frame: Frame): void {
    const { series } = this.state;
    if (series === null) return;
    const cloud = this.cloudFor(frame, series);
    this.drawNew(cloud, frame, series);
    const { context, palette } = frame;
    const { width, height } = context.canvas;
    const ratio = context.getTransform().a;
    context.globalAlpha = palette.highContrast ? 1 : 0.7;
    context.drawImage(cloud.base.canvas, 0, 0, width / ratio, height / ratio);
    context.globalAlpha = 1;
    context.drawImage(cloud.top.canvas, 0, 0, width / ratio, height / ratio);
  }

  above(frame: Frame): void {
    for (const point of [this.state.hovered, this.state.selected]) {
      if (point === null) continue;
      const value = point[this.value];
      const y = !point.ok || value === null ? frame.area.bottom - 6 : frame.y(Math.min(value, this.state.top));
      const { context } = frame;
      context.beginPath();
      context.arc(frame.x(point.t), y, point === this.state.selected ? 6 : 5, 0, Math.PI * 2);
      context.lineWidth = point === this.state.selected ? 2 : 1;
      context.strokeStyle = point === this.state.selected ? frame.palette.focus : frame.palette.foreground;
      context.stroke();
    }
  }

  private cloudFor({ context, area, palette, x, y }: Frame, series: PointSeries): Cloud {
    const { width, height } = context.canvas;
    const ratio = context.getTransform().a;
    const dense = series.points.length > DENSE;
    const key = [
      ...[width, height, ratio, dense, this.state.limit, this.state.top, area.left, area.right, area.top, area.bottom],
      ...[x(1000), y(this.state.top), spriteKey(palette, dense)],
    ].join(' ');
    const { cloud } = this;
    if (cloud?.key === key && cloud.arrived === series.arrived) return cloud;
    const cells = (Math.ceil(area.right - area.left) + 1) * (Math.ceil(area.bottom - area.top) + 1);
    this.cloud = {
      key,
      arrived: series.arrived,
      drawn: 0,
      base: picture(cloud?.base, width, height, ratio),
      top: picture(cloud?.top, width, height, ratio),
      taken: new Uint8Array(cells),
      beyondAxis: 0,
    };
    return this.cloud;
  }

  private drawNew(cloud: Cloud, frame: Frame, series: PointSeries): void {
    const images = this.spritesFor(frame.palette, series.points.length > DENSE);
    const { limit } = this.state;
    const place = this.placer(cloud, frame, images, series.points.length > DENSE ? 2 : 1);
    for (; cloud.drawn < cloud.arrived.length; cloud.drawn++) {
      const point = cloud.arrived[cloud.drawn] as TickPoint;
      if (!point.ok) {
        stamp(cloud.top, images.failed, frame.x(point.t), frame.area.bottom - 6);
        continue;
      }
      const gap = this.gap === null ? null : point[this.gap];
      if (gap !== null && !point.warmup) place(point.t, gap, limit !== null && gap > limit ? 'gapOver' : 'gap');
      const value = point[this.value];
      if (value === null) continue;
      const over = limit !== null && value > limit;
      place(point.t, value, point.warmup ? 'warmup' : over ? 'over' : 'within');
    }
  }

  /** Returns a function that draws one mark unless its cell has one of its kind already. */
  private placer(cloud: Cloud, { area, x: toX, y: toY }: Frame, images: Record<Mark, HTMLCanvasElement>, cell: number) {
    const columns = Math.ceil((area.right - area.left) / cell) + 1;
    return (t: number, value: number, mark: Mark): void => {
      const x = toX(t);
      const beyond = value > this.state.top;
      if (beyond) cloud.beyondAxis++;
      const y = beyond ? area.top + 4 : toY(value);
      const index = Math.floor((y - area.top) / cell) * columns + Math.floor((x - area.left) / cell);
      if (cloud.taken[index] === 1) return;
      cloud.taken[index] = 1;
      if (beyond) stamp(cloud.top, images.above, x, y);
      else stamp(mark === 'over' || mark === 'gapOver' ? cloud.top : cloud.base, images[mark], x, y);
    };
  }

  /** Stamping a prepared image is several times faster than a path for each mark. */
  private spritesFor(palette: Palette, dense: boolean): Record<Mark, HTMLCanvasElement> {
    const ratio = window.devicePixelRatio;
    const key = spriteKey(palette, dense);
    if (this.sprites?.key === key) return this.sprites.images;
    // Thousands of full-sized marks would grow together into one block.
    const size = dense ? 0.6 : 1;
    const bold = palette.highContrast ? 0.5 : 0;
    const circle = (radius: number) => (context: CanvasRenderingContext2D) =>
      context.arc(0, 0, radius * size, 0, Math.PI * 2);
    const path = (points: [number, number][], closed: boolean) => (context: CanvasRenderingContext2D) => {
      points.forEach(([x, y], i) =>
        i % 2 === 0 && !closed ? context.moveTo(x * size, y * size) : context.lineTo(x * size, y * size),
      );
      if (closed) context.closePath();
    };
    const dash = path(
      [
        [-2.5, 0],
        [2.5, 0],
      ],
      false,
    );
    const diamond = path(
      [
        [0, -3.5],
        [3.5, 0],
        [0, 3.5],
        [-3.5, 0],
      ],
      true,
    );
    const images: Record<Mark, HTMLCanvasElement> = {
      within: sprite(ratio, circle(2 + bold), { fill: palette.point }),
      over: sprite(ratio, diamond, { fill: palette.limit }),
      warmup: sprite(ratio, circle(1.75 + bold), { stroke: palette.muted, width: 1 }),
      gap: sprite(ratio, dash, { stroke: palette.point, width: 1 + bold }),
      gapOver: sprite(ratio, dash, { stroke: palette.limit, width: 1.5 + bold }),
      failed: sprite(
        ratio,
        path(
          [
            [-3, -3],
            [3, 3],
            [3, -3],
            [-3, 3],
          ],
          false,
        ),
        { stroke: palette.failed, width: 1.5 + bold },
      ),
      above: sprite(
        ratio,
        path(
          [
            [-3.5, 2.5],
            [0, -3],
            [3.5, 2.5],
          ],
          true,
        ),
        { fill: palette.limit },
      ),
    };
    this.sprites = { key, images };
    return images;
  }
}

function spriteKey({ point, limit, failed, muted, highContrast }: Palette, dense: boolean): string {
  return [window.devicePixelRatio, dense, point, limit, failed, muted, highContrast].join(' ');
}

/** An empty picture of that many device pixels, with the scale of the chart; a former one is used again. */
function picture(
  former: CanvasRenderingContext2D | undefined,
  width: number,
  height: number,
  ratio: number,
): CanvasRenderingContext2D {
  const context = former ?? document.createElement('canvas').getContext('2d');
  if (context === null) throw new Error(NO_CANVAS);
  // Setting the size empties a canvas and resets its transform.
  context.canvas.width = width;
  context.canvas.height = height;
  context.scale(ratio, ratio);
  return context;
}

const NO_CANVAS = 'This view cannot draw: the browser gave no 2D canvas.';

function sprite(
  ratio: number,
  shape: (context: CanvasRenderingContext2D) => void,
  ink: { fill?: string; stroke?: string; width?: number },
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.ceil(SPRITE_PX * ratio);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error(NO_CANVAS);
  context.scale(ratio, ratio);
  context.translate(SPRITE_PX / 2, SPRITE_PX / 2);
  context.beginPath();
  shape(context);
  if (ink.fill !== undefined) {
    context.fillStyle = ink.fill;
    context.fill();
  }
  if (ink.stroke !== undefined) {
    context.strokeStyle = ink.stroke;
    context.lineWidth = ink.width ?? 1;
    context.stroke();
  }
  return canvas;
}

function stamp(context: CanvasRenderingContext2D, image: HTMLCanvasElement, x: number, y: number): void {
  context.drawImage(image, x - SPRITE_PX / 2, y - SPRITE_PX / 2, SPRITE_PX, SPRITE_PX);
}
