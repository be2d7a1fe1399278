import assert from 'node:assert/strict';

/** Waits at most this long for something to show: a busy machine is slow, not wrong. */
export const PATIENCE_MS = 30_000;
const POLL_MS = 50;

/** Polls until `condition` gives something; with what was seen last when it never does. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | null | undefined | false>,
  seen?: () => Promise<unknown>,
): Promise<T> {
  const endMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await condition();
    if (found !== null && found !== undefined && found !== false) return found;
    if (Date.now() > endMs) {
      const last = seen === undefined ? '' : ` Seen: ${JSON.stringify(await seen())}`;
      assert.fail(`Waited ${PATIENCE_MS / 1000} s in vain until ${what}.${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
