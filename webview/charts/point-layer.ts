/** Every request as a mark, all of them: a decimated cloud could lose the one that broke the limit. */
import type { TickPoint } from '../../src/protocol/events';
import type { PointSeries, PointValue } from './point-series';
import type { Palette } from './palette';
import type { Frame, Layer } from './time-chart';

/** Marks share a pixel beyond this many: nobody can tell them apart, and drawing them twice costs frames. */
const DENSE = 5000;
const SPRITE_PX = 12;
/** From this many marks at once on, pixels are written one by one: stamping 50,000 pictures would take a whole frame and more. */
const MANY = 2000;

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
  private sprites: { key: string; images: Record<Mark, HTMLCanvasElement>; masks: Partial<Record<Mark, Mask>> } | null =
    null;
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
      const chosen = point === this.state.selected;
      context.beginPath();
      context.arc(frame.x(point.t), y, chosen ? 6 : 5, 0, Math.PI * 2);
      // A ring between two others of the background: marks of any colour may lie around it.
      context.lineWidth = chosen ? 5 : 3;
      context.strokeStyle = frame.palette.background;
      context.stroke();
      context.lineWidth = chosen ? 2 : 1;
      context.strokeStyle = frame.palette.foreground;
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
    const dense = series.points.length > DENSE;
    const count = cloud.arrived.length - cloud.drawn;
    if (count === 0) return;
    const stamps = this.stamps(cloud, frame.palette, dense, count > MANY);
    const { limit } = this.state;
    const { left, right } = frame.area;
    const place = this.placer(cloud, frame, stamps, dense ? 2 : 1);
    for (; cloud.drawn < cloud.arrived.length; cloud.drawn++) {
      const point = cloud.arrived[cloud.drawn] as TickPoint;
      const x = frame.x(point.t);
      // Outside of the part that is looked at.
      if (x < left - 1 || x > right + 1) continue;
      if (!point.ok) {
        stamps.put('top', 'failed', x, frame.area.bottom - 6);
        continue;
      }
      const gap = this.gap === null ? null : point[this.gap];
      if (gap !== null && !point.warmup) place(x, gap, limit !== null && gap > limit ? 'gapOver' : 'gap');
      const value = point[this.value];
      if (value === null) continue;
      const over = limit !== null && value > limit;
      place(x, value, point.warmup ? 'warmup' : over ? 'over' : 'within');
    }
    stamps.done();
  }

  /** Returns a function that draws one mark unless its cell has one of its kind already. */
  private placer(cloud: Cloud, { area, y: toY }: Frame, stamps: Stamps, cell: number) {
    const columns = Math.ceil((area.right - area.left) / cell) + 1;
    return (x: number, value: number, mark: Mark): void => {
      const beyond = value > this.state.top;
      if (beyond) cloud.beyondAxis++;
      const y = beyond ? area.top + 4 : toY(value);
      const index = Math.floor((y - area.top) / cell) * columns + Math.floor((x - area.left) / cell);
      if (cloud.taken[index] === 1) return;
      cloud.taken[index] = 1;
      if (beyond) stamps.put('top', 'above', x, y);
      else stamps.put(mark === 'over' || mark === 'gapOver' ? 'top' : 'base', mark, x, y);
    };
  }

  /** A way to draw marks: pictures for a few, pixels for many. */
  private stamps(cloud: Cloud, palette: Palette, dense: boolean, many: boolean): Stamps {
    const images = this.spritesFor(palette, dense);
    if (!many) {
      return {
        put: (layer, mark, x, y) =>
          cloud[layer].drawImage(images[mark], x - SPRITE_PX / 2, y - SPRITE_PX / 2, SPRITE_PX, SPRITE_PX),
        done: () => undefined,
      };
    }
    const ratio = cloud.base.getTransform().a;
    const { width, height } = cloud.base.canvas;
    const pixels = {
      base: cloud.base.getImageData(0, 0, width, height),
      top: cloud.top.getImageData(0, 0, width, height),
    };
    return {
      put: (layer, mark, x, y) => blend(pixels[layer], this.maskOf(mark), Math.round(x * ratio), Math.round(y * ratio)),
      done: () => {
        cloud.base.putImageData(pixels.base, 0, 0);
        cloud.top.putImageData(pixels.top, 0, 0);
      },
    };
  }

  private maskOf(mark: Mark): Mask {
    const { sprites } = this;
    if (sprites === null) throw new Error('No mark has been prepared.');
    return (sprites.masks[mark] ??= maskOf(sprites.images[mark]));
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
    this.sprites = { key, images, masks: {} };
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
  // Read and written by the processor: a canvas on the graphics card would be fetched from it for every batch.
  const context = former ?? document.createElement('canvas').getContext('2d', { willReadFrequently: true });
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
  const context = canvas.getContext('2d', { willReadFrequently: true });
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

/** Draws marks into the two pictures of a cloud. */
interface Stamps {
  put(layer: 'base' | 'top', mark: Mark, x: number, y: number): void;
  done(): void;
}

/** The pixels of a mark that are not empty, by their distance from its middle. */
interface Mask {
  dx: number[];
  dy: number[];
  /** Red, green, blue, alpha of each. */
  rgba: number[];
}

function maskOf(image: HTMLCanvasElement): Mask {
  const { width, height } = image;
  const data = image.getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray(0);
  const mask: Mask = { dx: [], dy: [], rgba: [] };
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] === 0) continue;
    const at = i / 4;
    mask.dx.push((at % width) - Math.floor(width / 2));
    mask.dy.push(Math.floor(at / width) - Math.floor(height / 2));
    mask.rgba.push(data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0, data[i + 3] ?? 0);
  }
  return mask;
}

/** Writes a mark where it is denser than what is there: marks of one colour grow together, and never thin each other out. */
function blend({ data, width, height }: ImageData, { dx, dy, rgba }: Mask, x: number, y: number): void {
  for (let i = 0; i < dx.length; i++) {
    const atX = x + (dx[i] ?? 0);
    const atY = y + (dy[i] ?? 0);
    if (atX < 0 || atY < 0 || atX >= width || atY >= height) continue;
    const at = (atY * width + atX) * 4;
    const alpha = rgba[i * 4 + 3] ?? 0;
    if ((data[at + 3] ?? 0) >= alpha) continue;
    data[at] = rgba[i * 4] ?? 0;
    data[at + 1] = rgba[i * 4 + 1] ?? 0;
    data[at + 2] = rgba[i * 4 + 2] ?? 0;
    data[at + 3] = alpha;
  }
}
