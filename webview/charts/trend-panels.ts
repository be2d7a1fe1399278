/** Small charts side by side: how metrics move along one parameter, each metric on its own scale. */
import { distributionAxis } from './axis';
import type { Sheet } from './drawing';
import { markPath, seriesColor } from './marks';
import type { SeriesLook } from './series-look';
import { ticksOf, withAlpha } from './time-chart';

export interface TrendPanel {
  title: string;
  /** By step of the parameter; null where nothing was measured. */
  values: (number | null)[];
  format: (value: number) => string;
  /** A share ends at 1. */
  share: boolean;
}

export interface TrendInput {
  /** Values of the parameter, as text. */
  steps: string[];
  /** Of each step: the contender that was measured there. */
  looks: (SeriesLook | null)[];
  panels: TrendPanel[];
}

export const TREND_PX = { width: 184, height: 160 };
const TITLE_PX = 26;
const BOTTOM_PX = 18;
const LEFT_PX = 56;
const RIGHT_PX = 16;

export function trendColumns(width: number): number {
  return Math.max(1, Math.floor(width / TREND_PX.width));
}

/** Returns where each value was drawn, by panel and step. */
export function drawTrends(sheet: Sheet, { steps, looks, panels }: TrendInput): Map<string, { x: number; y: number }> {
  const places = new Map<string, { x: number; y: number }>();
  const columns = trendColumns(sheet.width);
  const width = sheet.width / columns;
  panels.forEach((panel, i) => {
    const area = {
      left: (i % columns) * width + LEFT_PX,
      right: (i % columns) * width + width - RIGHT_PX,
      top: Math.floor(i / columns) * TREND_PX.height + TITLE_PX + 8,
      bottom: (Math.floor(i / columns) + 1) * TREND_PX.height - BOTTOM_PX - 8,
    };
    const x = (step: number) =>
      steps.length < 2
        ? (area.left + area.right) / 2
        : area.left + 8 + (step / (steps.length - 1)) * (area.right - area.left - 16);
    drawPanel(sheet, panel, { area, x, steps, looks }).forEach((y, step) => {
      if (y !== null) places.set(`${i} ${step}`, { x: x(step), y });
    });
  });
  return places;
}

function drawPanel(
  { context, palette }: Sheet,
  { title, values, format, share }: TrendPanel,
  {
    area,
    x,
    steps,
    looks,
  }: {
    area: { left: number; right: number; top: number; bottom: number };
    x: (step: number) => number;
    steps: string[];
    looks: (SeriesLook | null)[];
  },
): (number | null)[] {
  const known = values.filter((value) => value !== null);
  const high = Math.max(0, ...known);
  const axis = distributionAxis(Math.max(0, Math.min(...known, high)), high === 0 ? 1 : high);
  const [min, max] = [axis.min ?? 0, share ? Math.min(1, axis.max) : axis.max];
  const y = (value: number) => area.bottom - ((value - min) / (max - min)) * (area.bottom - area.top);
  context.textBaseline = 'middle';
  context.font = `12px ${palette.fontFamily}`;
  context.fillStyle = palette.foreground;
  context.textAlign = 'left';
  context.fillText(title, area.left - LEFT_PX + 4, area.top - TITLE_PX + 4, area.right - area.left + LEFT_PX);
  context.font = `11px ${palette.fontFamily}`;
  const ticks = ticksOf({ min, max, step: axis.step });
  // Few lines are enough in so small a chart.
  const every = Math.max(1, Math.ceil((ticks.length - 1) / 2));
  ticks.forEach(({ value }, i) => {
    if (i % every !== 0) return;
    const level = Math.round(y(value)) + 0.5;
    context.beginPath();
    context.moveTo(area.left, level);
    context.lineTo(area.right, level);
    context.lineWidth = 1;
    context.strokeStyle = withAlpha(palette.grid, palette.highContrast ? 0.6 : 0.35);
    context.stroke();
    context.fillStyle = palette.muted;
    context.textAlign = 'right';
    context.fillText(format(value), area.left - 6, level, LEFT_PX - 8);
  });
  const skip = Math.ceil(steps.length / 6);
  steps.forEach((step, i) => {
    if (i % skip !== 0) return;
    context.fillStyle = palette.muted;
    context.textAlign = 'center';
    context.fillText(step, x(i), area.bottom + BOTTOM_PX - 4, (area.right - area.left) / Math.min(6, steps.length));
  });
  context.beginPath();
  let pen = false;
  values.forEach((value, i) => {
    if (value === null) pen = false;
    else {
      if (pen) context.lineTo(x(i), y(value));
      else context.moveTo(x(i), y(value));
      pen = true;
    }
  });
  context.lineWidth = 1.5;
  context.strokeStyle = palette.muted;
  context.stroke();
  return values.map((value, i) => {
    const look = looks[i];
    if (value === null) return null;
    context.beginPath();
    if (look == null) context.arc(x(i), y(value), 4, 0, Math.PI * 2);
    else markPath(context, look, x(i), y(value), 5);
    context.fillStyle = look == null ? palette.foreground : seriesColor(look, palette);
    context.fill();
    return y(value);
  });
}
