/** Entry of a load worker's thread. */
import { parentPort, workerData } from 'node:worker_threads';
import { runLoadWorker } from '../core/load/worker-main';
import type { LoadWorkerData } from '../core/load/worker-protocol';

if (parentPort === null) throw new Error('worker.js runs as a worker thread only');

// A rejection is left unhandled on purpose: it ends the thread with an error, which its runner reports.
void runLoadWorker(parentPort, workerData as LoadWorkerData);
