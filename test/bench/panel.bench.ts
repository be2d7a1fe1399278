/** What the run panel costs: its drawing, the traffic to it, its memory, and how soon it is there; in a real Chromium. */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { CDPSession, Page } from 'playwright-core';
import { openStoredRun } from '../../src/core/run-panel/stored-run';
import { systemClock } from '../../src/core/util/clock';
import { DeltaSender } from '../../src/extension/webviews/delta-sender';
import { toWire } from '../../src/protocol/run-panel-wire';
import type { HostToRunPanel, RunPanelState } from '../../src/protocol/run-panel';
import { PanelBrowser, type PanelPage } from '../webview/panel-page';
import { points, runState } from '../webview/run-fixture';
import type { Bench, BenchContext, BenchRow } from './bench';
import { busyShare } from './support/machine';
import { writeLargeRun } from './support/panel-run';
import { recordPanel, type Recording } from './support/panel-recording';
import { dist, root, temporaryDir } from './support/paths';
import { percent } from './support/reasons';
import { residentMib } from './support/resident-memory';
import { median, ms, quantile, times } from './support/stats';

const POINTS = 50_000;
const STREAMS = 1_000;
/** What one of them takes where nothing is late. */
const STREAM_S = 2.1;
const REDRAW_MS = 8;
const FRAME_MS = 50;
const TRAFFIC_BYTES_PER_S = 200_000;
const REQUESTS = 100_000;
const FIRST_PAINT_MS = 1_000;
const MEMORY_MIB = 300;
const GROWTH = 0.05;
/** How often the heap is looked at in the replay of an hour. */
const HOUR_SAMPLES = 40;
/** Requests that the page keeps of a stage. */
const KEPT_REQUESTS = 100_000;
const EMPTY_PAINT_MS = 300;
const BUNDLE_BYTES = 550_000;
/** The points that are there before the streams run lie in the stretch before them. */
const BEFORE_MS = 600_000;

export const bench: Bench = {
  name: 'panel',
  title: 'The run panel',
  order: 30,
  async run(context) {
    const { log, quick, signal } = context;
    const recording = await recordPanel(STREAMS, quick ? 4_000 : 12_000, signal);
    log(`recorded ${recording.deltas.length} deltas of ${recording.requests} requests in ${ms(recording.spanMs)}`);
    const browser = await PanelBrowser.start();
    try {
      return [
        ...(await redraws(browser, recording, context)),
        traffic(recording),
        ...(await finishedRun(browser, context)),
        await hour(browser, recording, context),
        await emptyPanel(browser, context),
        bundles(),
      ];
    } finally {
      await browser.stop();
    }
  },
};

async function open(browser: PanelBrowser): Promise<PanelPage> {
  const panel = await browser.open();
  await panel.page.evaluate(readFileSync(join(__dirname, 'page', 'panel-probe.js'), 'utf8'));
  return panel;
}

/** Posts a message as the editor does, and waits until the page has it. */
async function post(page: Page, message: HostToRunPanel): Promise<void> {
  const text = JSON.stringify(JSON.stringify(toWire(message)));
  await page.evaluate(`fakeHost.send(JSON.parse(${text}))`);
  await page.evaluate(`probe.acknowledged(${message.seq})`);
}

function running(recording: Recording, lastsMs: number, pointsBefore: number, beforeMs: number): RunPanelState {
  const state = structuredClone(recording.state);
  const stage = state.targets[0]?.stages[0];
  const target = state.targets[0];
  if (stage === undefined || target === undefined) throw new Error('The recorded run has no stage.');
  stage.elapsedMs += beforeMs;
  // An axis that had to grow would be drawn anew each time, which the replay of an hour in a minute would do in every frame.
  stage.plannedMs = lastsMs;
  stage.points = points(pointsBefore, { lengthMs: beforeMs, warmupMs: 0 }).map((point, i) => ({
    ...point,
    request: `${target.id}/${stage.name}/before ${i}`,
  }));
  return state;
}

async function redraws(browser: PanelBrowser, recording: Recording, { log, quick }: BenchContext): Promise<BenchRow[]> {
  const panel = await open(browser);
  const { page } = panel;
  const forMs = quick ? 4_000 : 15_000;
  try {
    await post(page, { type: 'snapshot', seq: 1, state: running(recording, BEFORE_MS + 3 * forMs, POINTS, BEFORE_MS) });
    const deltas = JSON.stringify(recording.deltas);
    // The first seconds compile what the rest runs.
    const warm = await page.evaluate<number>(`probe.play(${deltas}, ${recording.spanMs}, 3000, 2, ${BEFORE_MS})`);
    await page.evaluate('probe.forget()');
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const cpuBeforeMs = await taskMs(session);
    const [, othersShare] = await Promise.all([
      page.evaluate(
        `probe.play(${deltas}, ${recording.spanMs}, ${forMs}, ${2 + warm}, ${BEFORE_MS + recording.spanMs * 2})`,
      ),
      busyShare(forMs),
    ]);
    const cpuMs = (await taskMs(session)) - cpuBeforeMs;
    await session.detach();
    const frames = await page.evaluate<number[]>('probe.frames()');
    const longTasks = await page.evaluate<number[]>('probe.longTasks()');
    const longest = Math.max(...frames);
    log(`${frames.length} redraws: ${ms(median(frames))}, longest ${ms(longest)}; ${longTasks.length} long tasks`);
    const peer = await chartJsDefaults(browser, quick);
    log(`chart.js with its defaults: ${ms(peer.frameMs)} a frame, ${ms(peer.updateMs)} an update`);
    const load = `the machine was ${percent(othersShare)} busy meanwhile, this bench included`;
    return [
      {
        what: `Redraw of all charts with ${count(POINTS)} requests, while ${count(STREAMS)} streams run`,
        reach: `≤ ${REDRAW_MS} ms (median)`,
        measured: `${ms(median(frames))}, p95 ${ms(quantile(frames, 0.95))}`,
        met: median(frames) <= REDRAW_MS,
        note: `${frames.length} redraws; all of the page's work in a frame; ${ms(cpuMs / frames.length)} of CPU for each, messages, layout and painting included; ${load}`,
      },
      {
        what: `Longest task of the page meanwhile`,
        reach: `≤ ${FRAME_MS} ms`,
        measured: ms(Math.max(longest, ...longTasks)),
        met: Math.max(longest, ...longTasks) <= FRAME_MS,
        note: `${longTasks.length} of more than ${FRAME_MS} ms, messages and drawing alike; ${load}`,
      },
      {
        what: `The same points in one scatter chart of chart.js with its defaults`,
        reach: '–',
        measured: `${ms(peer.updateMs)} an update, in frames of ${ms(peer.frameMs)}`,
        met: null,
        note: `${times(peer.updateMs / median(frames))} of our redraw of all charts`,
      },
    ];
  } finally {
    await panel.close();
  }
}

/** What adding a point costs with chart.js as its documentation shows it. */
async function chartJsDefaults(browser: PanelBrowser, quick: boolean): Promise<{ updateMs: number; frameMs: number }> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: "import Chart from 'chart.js/auto'; globalThis.Chart = Chart;", resolveDir: root },
    bundle: true,
    minify: true,
    write: false,
    logLevel: 'warning',
  });
  const panel = await open(browser);
  const { page } = panel;
  try {
    await page.evaluate(outputFiles[0]?.text ?? '');
    const data = JSON.stringify(points(POINTS).map(({ t, ttft }) => ({ x: Math.round(t), y: Math.round(ttft ?? 0) })));
    return await page.evaluate<{ updateMs: number; frameMs: number }>(`(async () => {
      const box = document.createElement('div');
      box.style.width = '520px';
      box.style.height = '200px';
      const canvas = document.createElement('canvas');
      box.append(canvas);
      document.body.replaceChildren(box);
      const data = ${data};
      const chart = new Chart(canvas, { type: 'scatter', data: { datasets: [{ label: 'TTFT', data }] } });
      const rest = () => new Promise((resolve) => setTimeout(resolve, 1500));
      await rest();
      const updates = [];
      const frames = [];
      for (let i = 0; i < ${quick ? 1 : 3}; i++) {
        probe.forget();
        data.push({ x: 60000 + i, y: 150 });
        const startedMs = performance.now();
        chart.update();
        const syncMs = performance.now() - startedMs;
        await rest();
        const drawn = probe.frames();
        frames.push(...drawn);
        updates.push(drawn.reduce((sum, ms) => sum + ms, syncMs));
      }
      const middle = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
      return { updateMs: middle(updates), frameMs: middle(frames) };
    })()`);
  } finally {
    await panel.close();
  }
}

function traffic(recording: Recording): BenchRow {
  const perSecond = recording.bytes / (recording.spanMs / 1000);
  const ended = recording.requests / (recording.spanMs / 1000);
  // Streams of a machine that is too busy for them end less often, and would be too easy a reach.
  const enough = ended >= (0.8 * STREAMS) / STREAM_S;
  return {
    what: `Traffic from the extension to the panel with ${count(STREAMS)} streams`,
    reach: `≤ ${TRAFFIC_BYTES_PER_S / 1000} kB/s`,
    measured: `${(perSecond / 1000).toFixed(0)} kB/s`,
    met: enough || perSecond > TRAFFIC_BYTES_PER_S ? perSecond <= TRAFFIC_BYTES_PER_S : null,
    note: `${ended.toFixed(0)} requests/s end (${(STREAMS / STREAM_S).toFixed(0)} where the machine keeps up), ${(recording.deltas.length / (recording.spanMs / 1000)).toFixed(1)} messages/s as JSON`,
  };
}

/** Opens a stored run as the extension does: what run.json says at once, requests as they are read. */
async function finishedRun(browser: PanelBrowser, { log, quick }: BenchContext): Promise<BenchRow[]> {
  const requests = quick ? REQUESTS / 10 : REQUESTS;
  const dir = temporaryDir();
  try {
    const bytes = await writeLargeRun(join(dir, 'run'), requests);
    log(`${count(requests)} requests on disk: ${(bytes / 1e6).toFixed(0)} MB`);
    const opening = openStoredRun(join(dir, 'run'));
    const panel = await open(browser);
    const { page } = panel;
    try {
      const stored = await opening;
      const painted = page.evaluate<number>("probe.painted('.tile-value')");
      let sent = Promise.resolve();
      const sender: DeltaSender = new DeltaSender(
        () => stored.state,
        (message) => {
          sent = sent.then(() => post(page, message)).then(() => sender.onMessage({ type: 'ack', seq: message.seq }));
        },
        systemClock,
      );
      const startedMs = performance.now();
      sender.onMessage({ type: 'ready' });
      await stored.load((changes) => sender.push(changes), new AbortController().signal);
      const paintMs = await painted;
      await page.evaluate(`probe.says('.requests .section-head p', '${count(requests)}')`);
      const allMs = performance.now() - startedMs;
      sender.dispose();
      await sent;
      const memory = await memoryOf(page);
      log(`painted after ${ms(paintMs)}, all read after ${ms(allMs)}, heap ${memory.heapMib.toFixed(0)} MiB`);
      const residentText = memory.residentMib === null ? '' : `; its process has ${memory.residentMib.toFixed(0)} MiB`;
      return [
        {
          what: `Opening a finished run of ${count(requests)} requests: first paint of its verdicts`,
          reach: `≤ ${FIRST_PAINT_MS / 1000} s`,
          measured: ms(paintMs),
          met: requests === REQUESTS ? paintMs <= FIRST_PAINT_MS : null,
          note: `from the start of its page; all requests are drawn and listed after ${ms(allMs)} (${(bytes / 1e6).toFixed(0)} MB)`,
        },
        {
          what: `Memory of the page with ${count(requests)} requests`,
          reach: `≤ ${MEMORY_MIB} MiB`,
          measured: `${memory.heapMib.toFixed(0)} MiB of script`,
          met: requests === REQUESTS ? Math.max(memory.heapMib, memory.residentMib ?? 0) <= MEMORY_MIB : null,
          note: `after a collection${residentText}, which is what is held to the reach`,
        },
      ];
    } finally {
      await panel.close();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The updates of an hour, one after the other as fast as the page takes them. */
async function hour(
  browser: PanelBrowser,
  recording: Recording,
  { log, quick, signal }: BenchContext,
): Promise<BenchRow> {
  const lastsMs = quick ? 360_000 : 3_600_000;
  const rounds = Math.ceil(lastsMs / recording.spanMs);
  const panel = await open(browser);
  const { page } = panel;
  try {
    await post(page, { type: 'snapshot', seq: 1, state: running(recording, lastsMs, 0, 0) });
    const deltas = JSON.stringify(recording.deltas);
    const step = Math.max(1, Math.ceil(rounds / HOUR_SAMPLES));
    const heaps: number[] = [];
    let seq = 2;
    let replayed = 0;
    for (let round = 0; round < rounds; round += step) {
      signal.throwIfAborted();
      const part = Math.min(step, rounds - round);
      ({ seq, replayed } = await page.evaluate<{ seq: number; replayed: number }>(
        `probe.rush(${deltas}, ${recording.spanMs}, ${round}, ${part}, ${seq})`,
      ));
      heaps.push((await memoryOf(page)).heapMib);
    }
    // Requests are halved each time their bound is reached, so that what is held goes up and down: peaks are compared.
    const peak = (from: number, to: number): number =>
      Math.max(...heaps.slice(Math.floor(from * heaps.length), Math.ceil(to * heaps.length)));
    const before = peak(0.25, 0.5);
    const after = peak(0.75, 1);
    const growth = after / before - 1;
    log(`${count(replayed)} requests in ${count(seq)} messages: MiB ${heaps.map((heap) => heap.toFixed(0)).join(' ')}`);
    return {
      what: 'Growth of the page over one hour of updates, after a collection',
      reach: `≤ ${percent(GROWTH)}`,
      measured: `${(100 * growth).toFixed(1)}% (${before.toFixed(1)} to ${after.toFixed(1)} MiB)`,
      // Before the bound is reached there is nothing to hold.
      met: quick || replayed < 4 * KEPT_REQUESTS ? null : growth <= GROWTH,
      note: `${count(replayed)} requests replayed in ${count(seq)} messages; peak of the last quarter over that of the second`,
    };
  } finally {
    await panel.close();
  }
}

async function emptyPanel(browser: PanelBrowser, { quick }: BenchContext): Promise<BenchRow> {
  const paintsMs: number[] = [];
  for (let i = 0; i < (quick ? 3 : 9); i++) {
    const panel = await browser.open();
    await panel.snapshot(runState({ status: 'idle', verdict: null, targets: [] }));
    const paint = await panel.page.evaluate<number | null>(
      "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null",
    );
    if (paint !== null) paintsMs.push(paint);
    await panel.close();
  }
  return {
    what: 'First paint of an empty panel',
    reach: `≤ ${EMPTY_PAINT_MS} ms (median)`,
    measured: `${ms(median(paintsMs))}, slowest ${ms(Math.max(...paintsMs))}`,
    met: median(paintsMs) <= EMPTY_PAINT_MS,
    note: `${paintsMs.length} pages, from the start of each; how long an editor takes to make a webview is not part of it`,
  };
}

function bundles(): BenchRow {
  const { size } = statSync(join(dist, 'webview', 'run.js'));
  return {
    what: "The panel's bundle",
    reach: `≤ ${BUNDLE_BYTES / 1000} kB`,
    measured: `${(size / 1000).toFixed(0)} kB`,
    met: size <= BUNDLE_BYTES,
  };
}

/** CPU time of the page's main thread. */
async function taskMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000;
}

async function memoryOf(page: Page): Promise<{ heapMib: number; residentMib: number | null }> {
  const session = await page.context().newCDPSession(page);
  try {
    // One pass leaves what only finalizers held.
    for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
    await session.send('Performance.enable');
    const { metrics } = await session.send('Performance.getMetrics');
    const used = metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN;
    return { heapMib: used / 2 ** 20, residentMib: await rendererMib(page) };
  } finally {
    await session.detach();
  }
}

/** Of the largest renderer, which is the page's; null where the platform does not tell. */
async function rendererMib(page: Page): Promise<number | null> {
  const browser = page.context().browser();
  if (browser === null) return null;
  const session: CDPSession = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => residentMib(id) ?? 0);
    const largest = Math.max(0, ...sizes);
    return largest === 0 ? null : largest;
  } finally {
    await session.detach();
  }
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
