import type { ItemState } from './item-state';

/** Codicon and theme colour of each state; the word comes with the text beside it. */
const ICONS: Record<ItemState, { id: string; color: string }> = {
  passed: { id: 'pass', color: 'testing.iconPassed' },
  failed: { id: 'error', color: 'testing.iconFailed' },
  error: { id: 'circle-slash', color: 'testing.iconErrored' },
  warning: { id: 'warning', color: 'list.warningForeground' },
  inconclusive: { id: 'question', color: 'list.warningForeground' },
  running: { id: 'loading~spin', color: 'testing.iconQueued' },
  skipped: { id: 'debug-step-over', color: 'testing.iconSkipped' },
  stale: { id: 'history', color: 'disabledForeground' },
  noted: { id: 'arrow-small-right', color: 'descriptionForeground' },
};

export function iconIdOf(state: ItemState): string {
  return ICONS[state].id;
}

export function iconColorOf(state: ItemState): string {
  return ICONS[state].color;
}
