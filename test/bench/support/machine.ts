/** The machine that was measured on, and how much of it others used meanwhile. */
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** One line for the head of a table. */
export function machineDescription(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const memoryGb = (totalmem() / 2 ** 30).toFixed(0);
  return `${availableParallelism()} cores of ${model}, ${memoryGb} GiB, ${type()} ${release()}, Node ${process.version}`;
}

/** CPU time in ms that all cores together have spent on anything but idling. */
export function machineBusyMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

/** Share (0 to 1) of all cores that is in use, watched for `forMs`: before a bench it is what others use. */
export async function busyShare(forMs: number): Promise<number> {
  const before = machineBusyMs();
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, forMs));
  return (machineBusyMs() - before) / ((performance.now() - startMs) * availableParallelism());
}

export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}
