/** One request from its schedule to its last token: the stretches of its time, and each token as it came. */
import type { Palette } from './palette';
import { ticksOf, withAlpha } from './time-chart';
import { valueAxis } from './axis';

export type TimelinePhase = 'wait' | 'connect' | 'prefill' | 'decode';

export interface TimelineInput {
  /** In ms since its schedule. */
  segments: { phase: TimelinePhase; from: number; to: number }[];
  /** Instants of its content events, likewise. */
  events: number[];
  /** Gaps above it are marked. */
  gapLimit: number | null;
  failed: boolean;
}

const BAR_TOP = 4;
const BAR_PX = 20;
const TICKS_TOP = 32;
const TICKS_PX = 22;
const HEIGHT_PX = 78;
const SIDE_PX = 8;

/** Draws into `canvas`, which is as wide as its element and of a fixed height. */
export function drawTimeline(
  canvas: HTMLCanvasElement,
  input: TimelineInput,
  palette: Palette,
  format: (ms: number) => string,
): void {
  const width = canvas.clientWidth;
  const context = canvas.getContext('2d');
  if (context === null || width === 0) return;
  const ratio = window.devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT_PX * ratio);
  context.scale(ratio, ratio);
  const end = Math.max(1, input.segments.at(-1)?.to ?? 1, input.events.at(-1) ?? 0);
  const x = (ms: number) => SIDE_PX + (ms / end) * (width - 2 * SIDE_PX);
  for (const segment of input.segments) drawSegment(context, segment, x, palette);
  if (input.failed) drawCross(context, x(end), palette);
  drawEvents(context, input, x, palette);
  drawAxis(context, end, x, palette, format);
}

/** The same shapes as in the list of requests: each stretch has its own height, so that no colour stands alone. */
function drawSegment(
  context: CanvasRenderingContext2D,
  { phase, from, to }: TimelineInput['segments'][number],
  x: (ms: number) => number,
  palette: Palette,
): void {
  const left = x(from);
  const width = Math.max(1, x(to) - left);
  const middle = BAR_TOP + BAR_PX / 2;
  switch (phase) {
    case 'wait':
      context.fillStyle = palette.muted;
      context.fillRect(left, middle - 1, width, 2);
      return;
    case 'connect':
      context.strokeStyle = palette.connect;
      context.lineWidth = 2;
      context.strokeRect(left + 1, BAR_TOP + 4, Math.max(1, width - 2), BAR_PX - 8);
      return;
    case 'prefill':
      context.fillStyle = palette.p99;
      context.fillRect(left, BAR_TOP, width, BAR_PX);
      return;
    case 'decode':
      context.fillStyle = palette.point;
      context.fillRect(left, BAR_TOP + 5, width, BAR_PX - 10);
      return;
  }
}

function drawCross(context: CanvasRenderingContext2D, at: number, palette: Palette): void {
  const middle = BAR_TOP + BAR_PX / 2;
  context.strokeStyle = palette.failed;
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(at - 5, middle - 5);
  context.lineTo(at + 5, middle + 5);
  context.moveTo(at + 5, middle - 5);
  context.lineTo(at - 5, middle + 5);
  context.stroke();
}

function drawEvents(
  context: CanvasRenderingContext2D,
  { events, gapLimit }: TimelineInput,
  x: (ms: number) => number,
  palette: Palette,
): void {
  context.fillStyle = withAlpha(palette.foreground, palette.highContrast ? 1 : 0.7);
  let last = Number.NEGATIVE_INFINITY;
  events.forEach((instant, i) => {
    const at = Math.round(x(instant));
    const gap = i === 0 ? 0 : instant - (events[i - 1] ?? instant);
    if (gapLimit !== null && gap > gapLimit) {
      const from = x(instant - gap);
      context.fillStyle = palette.limit;
      context.fillRect(from, TICKS_TOP + TICKS_PX - 3, at - from, 3);
      context.fillStyle = withAlpha(palette.foreground, palette.highContrast ? 1 : 0.7);
    }
    // Thousands of tokens share a pixel.
    if (at === last) return;
    last = at;
    context.fillRect(at, TICKS_TOP + (i === 0 ? 0 : 6), 1, TICKS_PX - (i === 0 ? 0 : 6));
  });
}

function drawAxis(
  context: CanvasRenderingContext2D,
  end: number,
  x: (ms: number) => number,
  palette: Palette,
  format: (ms: number) => string,
): void {
  const y = TICKS_TOP + TICKS_PX + 0.5;
  context.strokeStyle = palette.grid;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(x(0), y);
  context.lineTo(x(end), y);
  context.stroke();
  context.fillStyle = palette.muted;
  context.font = `11px ${palette.fontFamily}`;
  context.textBaseline = 'top';
  for (const { value } of ticksOf({ ...valueAxis(end), max: end })) {
    const at = x(value);
    context.textAlign = value === 0 ? 'left' : at > x(end) - 24 ? 'right' : 'center';
    context.fillText(format(value), value === 0 ? at - SIDE_PX / 2 : at, y + 5);
  }
}
