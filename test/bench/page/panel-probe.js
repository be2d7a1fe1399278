// What the bench of the run panel measures inside of its page. Evaluated once the page is there; needs fake-host.js.
(() => {
  const frames = new Map();
  const longTasksMs = [];
  const request = window.requestAnimationFrame.bind(window);
  // Callbacks of one frame share its time: what they take together is what the frame took of ours.
  window.requestAnimationFrame = (callback) =>
    request((time) => {
      const startedMs = performance.now();
      callback(time);
      frames.set(time, (frames.get(time) ?? 0) + performance.now() - startedMs);
    });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) longTasksMs.push(entry.duration);
  }).observe({ type: 'longtask' });
  const task = () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    });
  let replayed = 0;
  const prefix = ({ target, stage }) => `${target}/${stage}/`;
  // A recorded delta as it would come later in a longer run: instants move on, and numbers of requests go on counting.
  const later = (text, seq, shiftMs, firstId) => {
    const message = JSON.parse(text);
    message.seq = seq;
    for (const change of message.changes) {
      if (change.kind === 'points') {
        const { points } = change;
        points.t = points.t.map((t) => t + shiftMs);
        points.ids = points.ids.map((_, i) => prefix(change) + (firstId + i));
        replayed += points.t.length;
      } else if (change.kind === 'stage' && change.patch.elapsedMs !== undefined) change.patch.elapsedMs += shiftMs;
    }
    return message;
  };
  globalThis.probe = {
    frames: () => [...frames.values()].filter((ms) => ms > 0.05),
    longTasks: () => longTasksMs,
    forget: () => {
      frames.clear();
      longTasksMs.length = 0;
    },
    /** Resolves with the page's own time once an element is painted. */
    painted: (selector) =>
      new Promise((resolve) => {
        const look = () => {
          if (document.querySelector(selector)?.textContent)
            request(() => setTimeout(() => resolve(performance.now())));
          else request(look);
        };
        look();
      }),
    /** Resolves once an element has this text. */
    says: (selector, text) =>
      new Promise((resolve) => {
        const look = () => {
          if (document.querySelector(selector)?.textContent === text) resolve(true);
          else setTimeout(look, 20);
        };
        look();
      }),
    /** Resolves when the page has acknowledged a message. */
    acknowledged: (seq) =>
      new Promise((resolve) => {
        const look = () => {
          if (fakeHost.posted().some((message) => message.type === 'ack' && message.seq >= seq)) resolve(true);
          else setTimeout(look, 2);
        };
        look();
      }),
    /** Posts recorded deltas at their own pace, again and again, until `forMs` are over. */
    play: async (texts, spanMs, forMs, fromSeq, shiftMs) => {
      const startedMs = performance.now();
      let i = 0;
      while (performance.now() - startedMs < forMs) {
        const round = Math.floor(i / texts.length);
        window.postMessage(later(texts[i % texts.length], fromSeq + i, shiftMs + round * spanMs, replayed), '*');
        i++;
        await new Promise((resolve) =>
          setTimeout(resolve, Math.max(0, startedMs + i * (spanMs / texts.length) - performance.now())),
        );
      }
      return i;
    },
    /** Posts what recorded deltas would be over `rounds` times their span, as fast as the page takes it. */
    rush: async (texts, spanMs, fromRound, rounds, fromSeq) => {
      let seq = fromSeq;
      for (let round = fromRound; round < fromRound + rounds; round++) {
        for (const text of texts) {
          window.postMessage(later(text, seq++, round * spanMs, replayed), '*');
          if (seq % 20 === 0) {
            await task();
            await new Promise((resolve) => setTimeout(resolve));
          }
        }
        fakeHost.posted();
        await new Promise((resolve) => request(resolve));
      }
      return { seq, replayed };
    },
  };
})();
