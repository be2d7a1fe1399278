/** The frame of a client process: says that it is loaded, takes jobs, answers each with a report. */
import { monotonicMs } from '../../../src/core/util/clock';
import { machineBusyMs } from '../support/machine';
import type { ClientJob, ClientReport, FromClient } from './protocol';

export function serveJobs(work: (job: ClientJob) => Promise<ClientReport>): void {
  const send = (message: FromClient): void => void process.send?.(message);
  process.on('message', (job: ClientJob) => {
    work(job).then(
      (report) => send({ type: 'report', report }),
      (error: unknown) =>
        send({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
  send({ type: 'ready' });
}

export type Usage = Pick<ClientReport, 'cpuMs' | 'wallMs' | 'machineBusyMs'>;

/** Starts to count what this process uses; the function that it returns tells how much it was. */
export function watchUsage(): () => Usage {
  const cpu = process.cpuUsage();
  const busyMs = machineBusyMs();
  const startMs = monotonicMs();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      cpuMs: (user + system) / 1000,
      wallMs: monotonicMs() - startMs,
      machineBusyMs: machineBusyMs() - busyMs,
    };
  };
}
