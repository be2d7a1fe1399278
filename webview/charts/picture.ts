/** Charts as one picture for a report or a chat: with title, legend and remarks, on the theme's own background. */
import { markPath, seriesColor } from './marks';
import type { SeriesLook } from './series-look';
import { withAlpha } from './time-chart';
import type { Palette } from './palette';

export interface PicturePart {
  title: string;
  legend: { swatch: string; label: string; look?: SeriesLook }[];
  canvas: HTMLCanvasElement;
  caption: string;
}

const PADDING = 24;
const GAP = 24;
const TITLE_PX = 20;
const LEGEND_PX = 20;
const CAPTION_PX = 18;
const HEAD_LINE_PX = 20;

/** @param head lines above the charts, the first of them as a title */
export function composePicture(
  parts: readonly PicturePart[],
  head: readonly string[],
  palette: Palette,
): HTMLCanvasElement {
  const ratio = Math.max(1, window.devicePixelRatio);
  const columns = parts.length > 1 ? 2 : 1;
  const sizes = parts.map(({ canvas }) => ({ width: canvas.width / ratio, height: canvas.height / ratio }));
  const column = Math.max(320, ...sizes.map(({ width }) => width));
  const rows: { at: number; height: number }[] = [];
  let y = PADDING + head.length * HEAD_LINE_PX + 8;
  for (let i = 0; i < parts.length; i += columns) {
    const height = Math.max(...sizes.slice(i, i + columns).map((size) => size.height));
    rows.push({ at: y, height });
    y += TITLE_PX + LEGEND_PX + height + CAPTION_PX + GAP;
  }
  const picture = document.createElement('canvas');
  picture.width = (PADDING * 2 + columns * column + (columns - 1) * GAP) * ratio;
  picture.height = (y + PADDING - GAP) * ratio;
  const context = picture.getContext('2d');
  if (context === null) throw new Error('This view cannot draw: the browser gave no 2D canvas.');
  context.scale(ratio, ratio);
  context.fillStyle = palette.background;
  context.fillRect(0, 0, picture.width, picture.height);
  head.forEach((line, i) =>
    write(context, line, PADDING, PADDING + i * HEAD_LINE_PX + 8, { palette, bold: i === 0, muted: i > 0 }),
  );
  parts.forEach((part, i) => {
    const x = PADDING + (i % columns) * (column + GAP);
    const row = rows[Math.floor(i / columns)];
    const size = sizes[i];
    if (row === undefined || size === undefined) return;
    write(context, part.title, x, row.at + 8, { palette, bold: true, width: column });
    legend(context, part.legend, x, row.at + TITLE_PX + 8, palette);
    context.drawImage(part.canvas, x, row.at + TITLE_PX + LEGEND_PX, size.width, size.height);
    write(context, part.caption, x, row.at + TITLE_PX + LEGEND_PX + row.height + 8, {
      palette,
      muted: true,
      width: column,
    });
  });
  return picture;
}

/** The picture as base64, without the head of a data URL. */
export function pngOf(canvas: HTMLCanvasElement): string {
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}

function write(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  look: { palette: Palette; bold?: boolean; muted?: boolean; width?: number },
): number {
  context.font = `${look.bold === true ? '600 ' : ''}${look.bold === true ? 13 : 11}px ${look.palette.fontFamily}`;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillStyle = look.muted === true ? look.palette.muted : look.palette.foreground;
  context.fillText(text, x, y, look.width);
  return context.measureText(text).width;
}

/** How a swatch of the page is drawn: the same shape and colour. */
const SWATCHES: Record<
  string,
  { shape: 'dot' | 'ring' | 'diamond' | 'box' | 'line' | 'dash' | 'bar' | 'dots'; color: keyof Palette }
> = {
  'swatch-point': { shape: 'dot', color: 'point' },
  'swatch-gap': { shape: 'line', color: 'point' },
  'swatch-bar': { shape: 'bar', color: 'point' },
  'swatch-share': { shape: 'line', color: 'point' },
  'swatch-p50': { shape: 'line', color: 'p50' },
  'swatch-p99': { shape: 'line', color: 'p99' },
  'swatch-limit': { shape: 'dash', color: 'limit' },
  'swatch-offered': { shape: 'dash', color: 'p50' },
  'swatch-achieved': { shape: 'line', color: 'point' },
  'swatch-flight': { shape: 'line', color: 'secondary' },
  'swatch-tokens': { shape: 'line', color: 'p99' },
  'swatch-met': { shape: 'dot', color: 'secondary' },
  'swatch-missed': { shape: 'diamond', color: 'failed' },
  'swatch-open': { shape: 'box', color: 'muted' },
  'swatch-best': { shape: 'bar', color: 'secondary' },
  'swatch-front': { shape: 'line', color: 'muted' },
  'swatch-hollow': { shape: 'ring', color: 'muted' },
  'swatch-rate': { shape: 'dots', color: 'muted' },
};

function legend(
  context: CanvasRenderingContext2D,
  entries: PicturePart['legend'],
  x: number,
  y: number,
  palette: Palette,
): void {
  let at = x;
  for (const { swatch, label, look: series } of entries) {
    if (series !== undefined) {
      context.beginPath();
      markPath(context, series, at + 6, y, 5);
      context.fillStyle = seriesColor(series, palette);
      context.fill();
      at += 16 + write(context, `${series.letter} ${label}`, at + 16, y, { palette, muted: true }) + 12;
      continue;
    }
    const look = SWATCHES[swatch];
    const color = look === undefined ? palette.muted : String(palette[look.color]);
    context.strokeStyle = context.fillStyle = color;
    context.lineWidth = 2;
    context.beginPath();
    switch (look?.shape) {
      case 'dot':
        context.arc(at + 5, y, 3, 0, Math.PI * 2);
        context.fill();
        break;
      case 'ring':
        context.arc(at + 5, y, 4, 0, Math.PI * 2);
        context.stroke();
        break;
      case 'dots':
        context.setLineDash([2, 2]);
        context.moveTo(at + 5, y - 6);
        context.lineTo(at + 5, y + 6);
        context.stroke();
        context.setLineDash([]);
        break;
      case 'diamond':
        context.moveTo(at + 5, y - 4);
        context.lineTo(at + 9, y);
        context.lineTo(at + 5, y + 4);
        context.lineTo(at + 1, y);
        context.fill();
        break;
      case 'box':
        context.strokeRect(at + 1, y - 4, 8, 8);
        break;
      case 'bar':
        context.fillStyle = withAlpha(color, 0.75);
        context.fillRect(at + 2, y - 5, 6, 10);
        break;
      default:
        if (look?.shape === 'dash') context.setLineDash([4, 3]);
        context.moveTo(at, y);
        context.lineTo(at + 14, y);
        context.stroke();
        context.setLineDash([]);
    }
    at += 20 + write(context, label, at + 20, y, { palette, muted: true }) + 12;
  }
}
