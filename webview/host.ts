/** The typed edge to the extension: the only place that touches `acquireVsCodeApi`. */
interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Host<In, Out, State extends object> {
  post(message: Out): void;
  /** Calls `listener` with each message of the extension. Returns the function that stops it. */
  onMessage(listener: (message: In) => void): () => void;
  /** What was saved before the view was hidden or the window reloaded; null on the first start. */
  restore(): State | null;
  /** Kept by the editor while the view is hidden and over reloads. */
  save(state: State): void;
}

/** Connects to the extension. May be called once a page: the editor hands its API out once. */
export function connectHost<In extends { type: string }, Out, State extends object>(): Host<In, Out, State> {
  const api = acquireVsCodeApi();
  return {
    post: (message) => api.postMessage(message),
    onMessage: (listener) => {
      const receive = (event: MessageEvent<unknown>) => {
        if (isMessage<In>(event.data)) listener(event.data);
      };
      window.addEventListener('message', receive);
      return () => window.removeEventListener('message', receive);
    },
    restore: () => {
      const state = api.getState();
      return typeof state === 'object' && state !== null ? (state as State) : null;
    },
    save: (state) => api.setState(state),
  };
}

/** Browser extensions and developer tools post to windows, too; only what carries a `type` can be ours. */
function isMessage<In extends { type: string }>(data: unknown): data is In {
  return typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string';
}
