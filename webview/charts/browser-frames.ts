import type { FrameTimers } from './frame-limiter';

/** The page's own clock and frames. */
export const browserFrames: FrameTimers = {
  nowMs: () => performance.now(),
  requestFrame: (callback) => {
    requestAnimationFrame(callback);
  },
  setTimer: (callback, ms) => {
    setTimeout(callback, ms);
  },
};
