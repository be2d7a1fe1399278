/** What a peer says of one request, on the machine's monotonic clock. */
export interface PeerRequest {
  /** Finds the request in the simulator's records. */
  key: string;
  firstMs: number;
  /** TTFT as the peer reports it. */
  ttftMs: number;
  /** Every gap between content events; null where the peer keeps their mean only. */
  gapsMs: number[] | null;
  meanGapMs: number;
}

export interface PeerRun {
  requests: PeerRequest[];
  /** Of the tool and all its processes, their start included. */
  cpuMs: number;
}
