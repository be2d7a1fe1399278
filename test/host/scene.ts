import type { Window } from './session';

export interface SceneWindow extends Window {
  /** Writes `screenshots/THEME/NAME.png` of the window, or of the part that matches the selector. */
  capture(name: string, selector?: string): Promise<void>;
}

/** One sequence of pictures in a window of its own, which shows a fresh copy of the examples. */
export interface Scene {
  /** The word that selects it: `npm run screenshots -- NAME`. */
  name: string;
  viewport?: { width: number; height: number };
  settings?: Record<string, unknown>;
  run(window: SceneWindow): Promise<void>;
}

/** Waits until the status bar says how the run ended. */
export async function waitForRunEnd(window: Window, timeoutMs = 120_000): Promise<void> {
  const verdict = /Promptrig: (passed|failed|inconclusive|could not be judged|run failed)/;
  await window.page.locator('.statusbar-item', { hasText: verdict }).waitFor({ timeout: timeoutMs });
}
