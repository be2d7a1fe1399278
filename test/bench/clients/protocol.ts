/** What crosses between a bench and the process of a client that it measures. Plain data; instants are `monotonicMs()`. */

export type ClientLoad =
  /** Everything at once, then nothing more. */
  | { kind: 'burst'; streams: number }
  /** An open loop: one request every `1 / rate` seconds, or a Poisson process. */
  | { kind: 'constant' | 'poisson'; rate: number; warmupMs: number; measuredMs: number };

export interface ClientJob {
  /** Base URL of the server, ending in `/v1`. */
  url: string;
  load: ClientLoad;
  seed: number;
  /** Entry of the installed `openai` package. */
  sdkEntry?: string;
  /** Folder for the results of ours; it does not exist yet. */
  outDir?: string;
  /** The product's bundles. */
  dist?: string;
  /** Before the burst, a round of short answers on as many connections: what the SDK cannot do by itself, done for it. */
  warmUp?: boolean;
}

export interface ClientRequest {
  /** The `x-request-id` that it was sent with. */
  id: string;
  scheduledMs: number;
  /** Null where it was never sent. For the SDK, which does not tell, it is the moment of the call: too early, in its favour. */
  sentMs: number | null;
  /** One for each content event. */
  arrivalsMs: Float64Array;
  completed: boolean;
  /** Whether it lies in the measured part of the load. */
  measured: boolean;
}

export interface ClientReport {
  requests: ClientRequest[];
  /** User and system time of the whole process, from just before the first request to just after the last. */
  cpuMs: number;
  wallMs: number;
  /** CPU time that the whole machine spent meanwhile, whoever used it. */
  machineBusyMs: number;
  /** Of ours only: what the product itself says. */
  own?: { limited: boolean; dispatchLagP99Ms: number; workerCpuShare: number; workers: number };
}

export type FromClient =
  { type: 'ready' } | { type: 'report'; report: ClientReport } | { type: 'failed'; message: string };
