/** How this thread itself fared while it measured: the generator judges itself. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay, performance, type EventLoopUtilization, type IntervalHistogram } from 'node:perf_hooks';

/** The delay is sampled by a timer of the event loop; an idle loop shows this much, which is subtracted. */
const SAMPLE_MS = 5;

export interface ThreadHealth {
  eventLoopDelayP99Ms: number;
  /** Share of one core, 0 to 1. */
  cpu: number;
}

/**
 * Watches one thread between `start` and `stop`.
 *
 * CPU is the thread's own where the platform tells it (Node's `threadCpuUsage`, else Linux's schedstat), less the time spent
 * spinning up to a due time, which ends when there is work. Elsewhere it is the share of time in which the event loop was
 * not idle, an upper bound.
 */
export class HealthWatch {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  private startedMs = 0;
  private startCpuMs: number | null = null;
  private startUtilization: EventLoopUtilization | undefined;

  start(): void {
    this.delay.reset();
    this.delay.enable();
    this.startedMs = performance.now();
    this.startCpuMs = threadCpuMs();
    this.startUtilization = performance.eventLoopUtilization();
  }

  /** @param spinMs time spent spinning since `start` */
  stop(spinMs: number): ThreadHealth {
    this.delay.disable();
    const wallMs = performance.now() - this.startedMs;
    const endCpuMs = threadCpuMs();
    const busyMs =
      this.startCpuMs !== null && endCpuMs !== null
        ? endCpuMs - this.startCpuMs
        : performance.eventLoopUtilization(this.startUtilization).active;
    const p99 = this.delay.percentile(99) / 1e6;
    return {
      eventLoopDelayP99Ms: Number.isFinite(p99) ? Math.max(0, p99 - SAMPLE_MS) : 0,
      cpu: wallMs > 0 ? Math.min(1, Math.max(0, (busyMs - spinMs) / wallMs)) : 0,
    };
  }
}

/** CPU time of the calling thread in ms; null where it cannot be told. */
function threadCpuMs(): number | null {
  const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } };
  if (threadCpuUsage !== undefined) {
    const { user, system } = threadCpuUsage.call(process);
    return (user + system) / 1000;
  }
  if (process.platform !== 'linux') return null;
  try {
    // Synchronous, so that it is this thread that the kernel takes for "self".
    const nanoseconds = Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]);
    return Number.isFinite(nanoseconds) ? nanoseconds / 1e6 : null;
  } catch {
    // A kernel without schedstat: the caller falls back to the event loop's utilisation.
    return null;
  }
}
