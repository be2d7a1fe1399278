/** Messages between the simulator's process and the one that started it. Plain data. */
import type { SimConfig } from '../../protocol/plan';

export type ToSimProcess =
  /** First message, once. */
  { type: 'start'; config: SimConfig; port?: number; model?: string; apiKey?: string } | { type: 'stop' };

export type FromSimProcess =
  | { type: 'ready'; url: string; port: number }
  /** It cannot start, or a message cannot be followed. `message` is a sentence for a person. */
  | { type: 'error'; message: string; reason?: string };
