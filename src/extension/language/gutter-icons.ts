/** The icons beside the line numbers: a shape of its own for each state, so that they can be told apart without colours. */
import type { ItemState } from './item-state';

export type GutterTheme = 'light' | 'dark';

/** Strokes on a field of 16 by 16; `currentColor` is replaced by the colour of the state. */
const SHAPES: Record<ItemState, string> = {
  passed: '<circle cx="8" cy="8" r="6"/><path d="M5.2 8.2l2 2 3.6-4.2"/>',
  failed: '<path d="M8 1.8l6.2 6.2L8 14.2 1.8 8z"/><path d="M6 6l4 4M10 6l-4 4"/>',
  warning: '<path d="M8 2.2L14.4 13.4H1.6z"/><path d="M8 6.4v3.2M8 11.2v.9"/>',
  inconclusive:
    '<circle cx="8" cy="8" r="6" stroke-dasharray="2.2 1.6"/><path d="M6.4 6.6c0-2 3.2-2 3.2 0 0 1.2-1.6 1.2-1.6 2.4M8 11v.8"/>',
  error: '<circle cx="8" cy="8" r="6"/><path d="M3.8 3.8l8.4 8.4"/>',
  skipped: '<circle cx="8" cy="8" r="6"/><path d="M5.4 8h5.2"/>',
  running: '<path d="M3.4 8h.01M8 8h.01M12.6 8h.01" stroke-width="2.6" stroke-linecap="round"/>',
  stale: '<circle cx="8" cy="8" r="6" stroke-dasharray="1 2"/><path d="M8 5v3.2l2.2 1.4"/>',
  noted: '<path d="M3 8h9M8.8 4.8L12 8l-3.2 3.2"/>',
};

/** The editor's colours for test results, which an image cannot refer to; both kinds of high contrast take that of their background. */
const COLORS: Record<GutterTheme, Record<ItemState, string>> = {
  light: {
    passed: '#388a34',
    failed: '#c72e0f',
    error: '#c72e0f',
    warning: '#895503',
    inconclusive: '#895503',
    running: '#616161',
    skipped: '#616161',
    stale: '#767676',
    noted: '#767676',
  },
  dark: {
    passed: '#73c991',
    failed: '#f14c4c',
    error: '#f14c4c',
    warning: '#cca700',
    inconclusive: '#cca700',
    running: '#cccccc',
    skipped: '#9d9d9d',
    stale: '#8b8b8b',
    noted: '#8b8b8b',
  },
};

/** SVG text of 16 by 16. */
export function gutterSvg(state: ItemState, theme: GutterTheme): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="${COLORS[theme][state]}" stroke-width="1.4" stroke-linejoin="round">${SHAPES[state]}</svg>`;
}
