import * as os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from './report';

export function describeMachine(): Machine {
  return {
    os: `${os.platform()} ${os.release()} ${os.arch()}`,
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    node: process.versions.node,
  };
}

/** Load average of the last minute; null on Windows, which has none and says 0. */
export function loadAverage(): number | null {
  return process.platform === 'win32' ? null : (os.loadavg()[0] ?? null);
}

interface CpuTimes {
  idle: number;
  total: number;
}

/** Share of all cores (0 to 1) that was in use over `ms`, in which this process does nothing. */
export async function busyShare(ms: number, signal: AbortSignal): Promise<number> {
  const before = cpuTimes();
  await sleep(ms, undefined, { signal });
  return shareBetween(before, cpuTimes());
}

/** 0 where no time has passed on the cores' clocks, which tick slowly. */
export function shareBetween(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total;
  if (!(total > 0)) return 0;
  return Math.min(1, Math.max(0, 1 - (after.idle - before.idle) / total));
}

function cpuTimes(): CpuTimes {
  let idle = 0;
  let total = 0;
  for (const { times } of os.cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}
