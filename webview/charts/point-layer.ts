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

export class PointLayer implements Layer {
  readonly state: PointLayerState = { series: null, limit: null, top: 1, selected: null, hovered: null };
  /** Marks of the last drawing that lie above the axis. */
  beyondAxis = 0;
  private sprites: { key: string; images: Record<Mark, HTMLCanvasElement> } | null = null;
  private taken = new Uint8Array(0);

  /** `value` places the dot; `gap`, where given, a dash at the request's longest gap. */
  constructor(
    private readonly value: PointValue,
    private readonly gap: PointValue | null = null,
  ) {}

  below(frame: Frame): void {
    const { series, limit } = this.state;
    this.beyondAxis = 0;
    if (series === null) return;
    const images = this.spritesFor(frame.palette);
    const late: { mark: Mark; x: number; y: number }[] = [];
    const place = this.placer(frame, series.points.length);
    frame.context.globalAlpha = frame.palette.highContrast ? 1 : 0.7;
    for (const point of series.points) {
      if (!point.ok) {
        late.push({ mark: 'failed', x: frame.x(point.t), y: frame.area.bottom - 6 });
        continue;
      }
      const gap = this.gap === null ? null : point[this.gap];
      if (gap !== null && !point.warmup) {
        const over = limit !== null && gap > limit;
        place(point.t, gap, over ? 'gapOver' : 'gap', over ? late : null, images);
      }
      const value = point[this.value];
      if (value === null) continue;
      const over = limit !== null && value > limit && !point.warmup;
      place(point.t, value, point.warmup ? 'warmup' : over ? 'over' : 'within', over ? late : null, images);
    }
    frame.context.globalAlpha = 1;
    for (const { mark, x, y } of late) stamp(frame.context, images[mark], x, y);
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

  /** Returns a function that draws one mark unless its pixel has one already; those in `late` come on top, later. */
  private placer(frame: Frame, count: number) {
    const { area, context } = frame;
    const cell = count > DENSE ? 2 : 1;
    const columns = Math.ceil((area.right - area.left) / cell) + 1;
    const rows = Math.ceil((area.bottom - area.top) / cell) + 1;
    if (this.taken.length < columns * rows) this.taken = new Uint8Array(columns * rows);
    else this.taken.fill(0);
    return (
      t: number,
      value: number,
      mark: Mark,
      late: { mark: Mark; x: number; y: number }[] | null,
      images: Record<Mark, HTMLCanvasElement>,
    ): void => {
      const x = frame.x(t);
      const beyond = value > this.state.top;
      if (beyond) this.beyondAxis++;
      const y = beyond ? area.top + 4 : frame.y(value);
      const index = Math.floor((y - area.top) / cell) * columns + Math.floor((x - area.left) / cell);
      if (this.taken[index] === 1) return;
      this.taken[index] = 1;
      if (beyond) stamp(context, images.above, x, y);
      else if (late !== null) late.push({ mark, x, y });
      else stamp(context, images[mark], x, y);
    };
  }

  /** Stamping a prepared image is several times faster than a path for each mark. */
  private spritesFor(palette: Palette): Record<Mark, HTMLCanvasElement> {
    const ratio = window.devicePixelRatio;
    const key = `${ratio} ${palette.point} ${palette.limit} ${palette.failed} ${palette.muted} ${palette.highContrast}`;
    if (this.sprites?.key === key) return this.sprites.images;
    const bold = palette.highContrast ? 0.5 : 0;
    const circle = (radius: number) => (context: CanvasRenderingContext2D) => context.arc(0, 0, radius, 0, Math.PI * 2);
    const path = (points: [number, number][], closed: boolean) => (context: CanvasRenderingContext2D) => {
      points.forEach(([x, y], i) => (i % 2 === 0 && !closed ? context.moveTo(x, y) : context.lineTo(x, y)));
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

function sprite(
  ratio: number,
  shape: (context: CanvasRenderingContext2D) => void,
  ink: { fill?: string; stroke?: string; width?: number },
): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = Math.ceil(SPRITE_PX * ratio);
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This view cannot draw: the browser gave no 2D canvas.');
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
