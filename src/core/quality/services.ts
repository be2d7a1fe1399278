import type { RunPlan } from '../../protocol/plan';
import type { QualityServices } from './types';

export interface ServiceOptions {
  plan: Pick<RunPlan, 'judge' | 'allowCode'>;
  signal: AbortSignal;
}

/** What the assertions of a run may ask for. */
export function qualityServices({ signal }: ServiceOptions): QualityServices {
  return {
    judge: () => null,
    embedder: () => null,
    code: { run: () => Promise.resolve({ kind: 'skipped', reason: 'user code does not run here' }) },
    parsers: () => Promise.reject(new Error('the parsers cannot be loaded')),
    signal,
  };
}
