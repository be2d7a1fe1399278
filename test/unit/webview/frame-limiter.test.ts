import assert from 'node:assert/strict';
import { FrameLimiter } from '../../../webview/charts/frame-limiter';

/** Time that only `advance` moves; a frame comes 16 ms after it was asked for. */
function fakeFrames() {
  let now = 0;
  const timers: { at: number; callback: () => void }[] = [];
  const add = (ms: number, callback: () => void) => timers.push({ at: now + ms, callback });
  return {
    timers: {
      nowMs: () => now,
      requestFrame: (callback: () => void) => void add(16, callback),
      setTimer: (callback: () => void, ms: number) => void add(ms, callback),
    },
    advance: (ms: number) => {
      const end = now + ms;
      for (;;) {
        timers.sort((a, b) => a.at - b.at);
        const next = timers[0];
        if (next === undefined || next.at > end) break;
        timers.shift();
        now = next.at;
        next.callback();
      }
      now = end;
    },
  };
}

describe('run panel: frame limiter', () => {
  it('draws at most ten times a second however often it is asked', () => {
    const { timers, advance } = fakeFrames();
    let drawn = 0;
    const limiter = new FrameLimiter(
      () => drawn++,
      () => 100,
      timers,
    );
    for (let i = 0; i < 2000; i++) {
      limiter.request();
      advance(1);
    }
    assert.ok(drawn >= 15 && drawn <= 20, String(drawn));
  });

  it('draws the last request, too', () => {
    const { timers, advance } = fakeFrames();
    let value = 0;
    let shown = 0;
    const limiter = new FrameLimiter(
      () => (shown = value),
      () => 100,
      timers,
    );
    for (value = 1; value <= 5; value++) limiter.request();
    value = 42;
    limiter.request();
    advance(1000);
    assert.equal(shown, 42);
    value = 43;
    advance(1000);
    assert.equal(shown, 42, 'it draws only when asked');
  });

  it('draws at once for the reader', () => {
    const { timers } = fakeFrames();
    let drawn = 0;
    new FrameLimiter(
      () => drawn++,
      () => 1000,
      timers,
    ).now();
    assert.equal(drawn, 1);
  });
});
