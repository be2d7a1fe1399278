/** What frames the measurements: the parts that are not counted, and the limits that they are held against. */
import type { Frame, Layer } from './time-chart';
import { withAlpha } from './time-chart';

export interface Limit {
  value: number;
  label: string;
}

export interface StageLayerState {
  warmupMs: number;
  cooldownMs: number;
  plannedMs: number | null;
  limits: Limit[];
}

export class StageLayer implements Layer {
  readonly state: StageLayerState = { warmupMs: 0, cooldownMs: 0, plannedMs: null, limits: [] };

  below(frame: Frame): void {
    const { warmupMs, cooldownMs, plannedMs } = this.state;
    if (warmupMs > 0) shade(frame, frame.area.left, frame.x(warmupMs), 'warm-up');
    if (cooldownMs > 0 && plannedMs !== null)
      shade(frame, frame.x(plannedMs - cooldownMs), frame.x(plannedMs), 'cool-down');
  }

  above(frame: Frame): void {
    const { context, area, palette } = frame;
    for (const { value, label } of this.state.limits) {
      const y = frame.y(value);
      if (y < area.top) continue;
      context.beginPath();
      context.moveTo(area.left, y);
      context.lineTo(area.right, y);
      // The halo keeps it apart from the marks above it, which have its colour.
      context.lineWidth = 4;
      context.strokeStyle = withAlpha(palette.background, 0.7);
      context.stroke();
      context.setLineDash([6, 4]);
      context.lineWidth = palette.highContrast ? 2 : 1.5;
      context.strokeStyle = palette.limit;
      context.stroke();
      context.setLineDash([]);
      text(frame, label, area.right - 4, y - 4, 'right', palette.foreground);
    }
  }
}

function shade(frame: Frame, from: number, to: number, label: string): void {
  const { context, area, palette } = frame;
  const left = Math.max(area.left, from);
  const right = Math.min(area.right, to);
  if (right <= left) return;
  context.fillStyle = withAlpha(palette.foreground, palette.highContrast ? 0.18 : 0.07);
  context.fillRect(left, area.top, right - left, area.bottom - area.top);
  if (palette.highContrast) {
    context.strokeStyle = palette.muted;
    context.lineWidth = 1;
    context.setLineDash([2, 2]);
    context.strokeRect(left + 0.5, area.top + 0.5, right - left - 1, area.bottom - area.top - 1);
    context.setLineDash([]);
  }
  context.font = `11px ${palette.fontFamily}`;
  const width = right - left;
  if (context.measureText(label).width + 8 < width)
    text(frame, label, left + 4, area.bottom - 6, 'left', palette.muted);
  else if (width >= 14) {
    // Upright in a narrow band: an unexplained stripe would be a riddle.
    context.save();
    context.translate(left + width / 2 + 4, area.bottom - 6);
    context.rotate(-Math.PI / 2);
    text(frame, label, 0, 0, 'left', palette.muted);
    context.restore();
  }
}

/** A halo of the background keeps a label readable over marks. */
function text(
  { context, palette }: Frame,
  label: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
  color: string,
): void {
  context.font = `11px ${palette.fontFamily}`;
  context.textAlign = align;
  context.textBaseline = 'alphabetic';
  context.lineJoin = 'round';
  context.lineWidth = 3;
  context.strokeStyle = palette.background;
  context.strokeText(label, x, y);
  context.fillStyle = color;
  context.fillText(label, x, y);
}
