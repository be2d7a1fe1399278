/**
 * What this version can run. Every key of the format is parsed and typed; what is missing here is reported as
 * `not-supported-yet` at its line. A feature that learns to run is added here and nowhere else in the parser.
 */
import type { ApiKind, LoadPattern } from '../../protocol/plan';

export const SUPPORTED_APIS: ReadonlySet<ApiKind> = new Set(['openai-chat', 'sim']);

export const SUPPORTED_PATTERNS: ReadonlySet<LoadPattern> = new Set([
  'sync',
  'concurrent',
  'throughput',
  'constant',
  'poisson',
  'gamma',
  'ramp',
  'burst',
  'trace',
  'sweep',
  'capacity',
]);

/** Without `not-`, which every one of them may have. */
export const SUPPORTED_ASSERTIONS: ReadonlySet<string> = new Set([
  'equals',
  'contains',
  'icontains',
  'regex',
  'is-json',
  'ttft',
  'latency',
]);

/**
 * Keys of the format that are understood but not run, by where they stand. A `judge` alone does nothing: the assertions that
 * need one are not supported either, and say so themselves.
 */
export const UNSUPPORTED_KEYS: Readonly<Record<'file' | 'case' | 'stage' | 'assertion', ReadonlySet<string>>> = {
  file: new Set(['dataset', 'baseline', 'interleave']),
  case: new Set(['turns']),
  stage: new Set(),
  assertion: new Set(['transform']),
};
