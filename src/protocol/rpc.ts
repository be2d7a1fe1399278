/** The two interfaces on either side of the engine process, and the handshake between them. */
import type { EngineEvent } from './events';
import type { RunPlan } from './plan';
import type { RunJson } from './run-json';

export const PROTOCOL_VERSION = 1;

/** What the host may ask of the engine. */
export interface EngineCommands {
  /** First call. Rejects where the versions differ. */
  hello(protocolVersion: number): Promise<{ protocolVersion: number; pid: number }>;
  /**
   * Executes a plan; resolves when its files are written. One run at a time. Expected failures come back as data, since
   * an error loses its class and code between processes.
   * `secrets` maps an endpoint's name to its API key; they are held in memory only.
   */
  start(plan: RunPlan, secrets: Record<string, string>): Promise<StartResult>;
  /** Evaluates a run whose engine died from what it had written to `dir`, and stores the result with status `crashed`. */
  recover(dir: string, reason: string): Promise<StartResult>;
  /** Ends the run in progress: what is in flight is cancelled, what was measured is kept. */
  cancel(reason: string): Promise<void>;
  /** Ends the process when nothing runs any more. */
  shutdown(): Promise<void>;
}

/** What the engine tells the host. */
export interface EngineHost {
  events(batch: EngineEvent[]): void;
}

export type StartResult = { run: RunJson } | { error: { code: string; message: string; reason?: string } };
