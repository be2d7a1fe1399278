/** The distribution of a latency as a picture for a hover: bars, the limit as a line, and the value that was judged. */
import { formatValue } from '../../core/metrics/format';
import type { Unit } from '../../protocol/plan';
import type { Histogram } from './histogram';
import { l10n } from '../l10n';

export interface PicturePalette {
  text: string;
  faint: string;
  bar: string;
  over: string;
  limit: string;
}

/** An image knows nothing of the editor's colours: each kind of theme has a set with a contrast of at least 3 to 1. */
export const PICTURE_PALETTES = {
  light: { text: '#3b3b3b', faint: '#8b8b8b', bar: '#0073bb', over: '#c72e0f', limit: '#3b3b3b' },
  dark: { text: '#cccccc', faint: '#8b8b8b', bar: '#3794ff', over: '#f48771', limit: '#cccccc' },
  'high-contrast': { text: '#ffffff', faint: '#ffffff', bar: '#21a6ff', over: '#ffa500', limit: '#ffffff' },
  'high-contrast-light': { text: '#000000', faint: '#292929', bar: '#0f4a85', over: '#b5200d', limit: '#000000' },
} as const satisfies Record<string, PicturePalette>;

const WIDTH = 400;
const TOP = 18;
const BARS = 72;
const HEIGHT = TOP + BARS + 20;
const LEFT = 4;
const RIGHT = WIDTH - 4;

export interface PictureInput {
  histogram: Histogram;
  unit: Unit;
  limit: number;
  /** Which side of the limit is missed. */
  overIs: 'above' | 'below';
  value: number | null;
  /** Of the value, such as `p99`. */
  stat: string | null;
}

/** SVG text. Bars beyond the limit are hatched as well as coloured: colour is never alone. */
export function distributionSvg(input: PictureInput, palette: PicturePalette): string {
  const { histogram, unit, limit, overIs, value, stat } = input;
  const { from, to, counts } = histogram;
  const x = (at: number): number => LEFT + ((at - from) / (to - from)) * (RIGHT - LEFT);
  const most = Math.max(1, ...counts);
  const step = (RIGHT - LEFT) / counts.length;
  const base = TOP + BARS;
  const bars = counts
    .map((count, index) => {
      if (count === 0) return '';
      const middle = from + ((index + 0.5) / counts.length) * (to - from);
      const isOver = overIs === 'above' ? middle > limit : middle < limit;
      // One value among thousands is still to be seen.
      const height = Math.max(1.5, (count / most) * BARS);
      const at = `x="${px(LEFT + index * step + 0.5)}" y="${px(base - height)}" width="${px(Math.max(1, step - 1))}" height="${px(height)}"`;
      return isOver
        ? `<rect ${at} fill="url(#over)" stroke="${palette.over}" stroke-width="0.75"/>`
        : `<rect ${at} fill="${palette.bar}"/>`;
    })
    .join('');
  const isLimitShown = limit >= from && limit <= to;
  const limitAt = x(limit);
  const limitLabel = l10n.t('limit {0}', formatValue(limit, unit));
  const limitLine = isLimitShown
    ? `<line x1="${px(limitAt)}" x2="${px(limitAt)}" y1="${TOP - 4}" y2="${base}" stroke="${palette.limit}" stroke-dasharray="4 3"/>${label(limitLabel, limitAt, TOP - 7, palette.text)}`
    : '';
  const beyondEdge = isLimitShown
    ? ''
    : label(`${limitLabel} ${limit > to ? '→' : '←'}`, limit > to ? RIGHT : LEFT, TOP - 7, palette.text);
  const shownValue = value !== null && value >= from && value <= to ? value : null;
  const marker =
    shownValue === null ? '' : `<path d="M${px(x(shownValue))} ${base + 1} l4 6 h-8 z" fill="${palette.text}"/>`;
  const valueText = value === null ? '' : `${stat ?? l10n.t('value')} ${formatValue(value, unit)}`;
  const valueLabel = shownValue === null ? '' : label(valueText, x(shownValue), base + 17, palette.text, 6);
  const edges = [
    { text: formatValue(from, unit), at: LEFT },
    { text: formatValue(to, unit), at: RIGHT },
  ]
    .filter(({ at }) => shownValue === null || Math.abs(at - x(shownValue)) > 110)
    .map(({ text, at }) => label(text, at, base + 17, palette.faint))
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}">` +
    `<defs><pattern id="over" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">` +
    `<rect width="2" height="4" fill="${palette.over}"/></pattern></defs>` +
    `<line x1="${LEFT}" x2="${RIGHT}" y1="${base + 0.5}" y2="${base + 0.5}" stroke="${palette.faint}"/>` +
    `${bars}${limitLine}${beyondEdge}${marker}${valueLabel}${edges}</svg>`
  );
}

/** What the picture shows, for who does not see it. */
export function distributionText({ histogram, unit, limit, overIs }: PictureInput): string {
  const { from, max, n, above, below } = histogram;
  const share = formatValue(overIs === 'above' ? above : below, 'ratio');
  const values = [n, formatValue(from, unit), formatValue(max, unit), share, formatValue(limit, unit)];
  return overIs === 'above'
    ? l10n.t('Distribution of {0} values from {1} to {2}, {3} above the limit of {4}', ...values)
    : l10n.t('Distribution of {0} values from {1} to {2}, {3} below the limit of {4}', ...values);
}

/** As an address that Markdown takes for an image. */
export function asImageUri(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg, 'utf8').toString('base64')}`;
}

/** Text near a place, kept inside of the picture. */
function label(text: string, at: number, y: number, fill: string, gap = 0): string {
  const width = text.length * 6.2;
  const anchor = at - width / 2 - gap < LEFT ? 'start' : at + width / 2 + gap > RIGHT ? 'end' : 'middle';
  const x = anchor === 'start' ? Math.max(at, LEFT) : anchor === 'end' ? Math.min(at, RIGHT) : at;
  return `<text x="${px(x)}" y="${px(y)}" fill="${fill}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="11" text-anchor="${anchor}">${xml(text)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

function xml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
