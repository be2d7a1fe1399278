/** What a traced run tells of each request of its quality cases. Secrets are masked, long texts are cut. */
export interface RequestTrace {
  /** From 1; a quality case may be asked again. */
  attempt: number;
  request: {
    method: string;
    /** With its query, from the root of the origin. */
    path: string;
    headers: [name: string, value: string][];
    body: string;
  };
  /** Null where none came. */
  response: { status: number; headers: [name: string, value: string][] } | null;
  /** Content events in their order. */
  events: TraceEvent[];
  /** Events beyond the bound. */
  eventsLeftOut: number;
  /** The body of the response as it arrived, up to a bound. */
  received: string;
  /** Whether `received` or the request's body was cut. */
  cut: boolean;
}

export interface TraceEvent {
  /** Ms from the instant at which the request had been sent. */
  atMs: number;
  kind: 'answer' | 'reasoning' | 'tool call';
  /** Empty for a part of a tool call: its text is put together in the answer. */
  text: string;
}
