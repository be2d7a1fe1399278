/** Settings of a whole configuration: those that have a counterpart, and what becomes of the others. */
import type { Json } from '../../../../protocol/plan';
import type { Span } from '../../tree';
import type { Cursor } from '../cursor';

const MOST = 10_000;

/** Keys of the native file with their values and places. */
export function readSettings(root: Cursor): [string, Json, Span][] {
  const found: [string, Json, Span][] = [];
  const option = (key: string) => root.get('commandLineOptions')?.get(key) ?? root.get('evaluateOptions')?.get(key);
  const whole = (key: string, native: string) => {
    const value = option(key);
    const number = value?.number;
    if (value === undefined || number === undefined || number < 1) return;
    found.push([native, Math.min(MOST, Math.floor(number)), value.mainSpan]);
  };
  whole('repeat', 'repeat');
  whole('maxConcurrency', 'concurrency');
  const time = option('maxEvalTimeMs');
  if (time?.number !== undefined && time.number > 0)
    found.push(['budget', { time: `${time.number}ms` }, time.mainSpan]);
  return found;
}

const MAPPED_OPTIONS: ReadonlySet<string> = new Set(['repeat', 'maxConcurrency', 'maxEvalTimeMs']);
/** Options that change what is shown or kept, not what is asked. */
const HARMLESS_OPTIONS: ReadonlySet<string> = new Set([
  ...[
    'cache',
    'progressBar',
    'showProgressBar',
    'verbose',
    'share',
    'write',
    'table',
    'generateSuggestions',
    'envPath',
    'output',
  ],
]);

/** Keys of a configuration that are read elsewhere. */
const READ: ReadonlySet<string> = new Set([
  ...[
    'description',
    'tags',
    'prompts',
    'providers',
    'targets',
    'tests',
    'scenarios',
    'defaultTest',
    'assertionTemplates',
    'env',
  ],
  ...['evaluateOptions', 'commandLineOptions', '$schema'],
]);
const CHANGES_NOTHING: Readonly<Record<string, string>> = {
  outputPath: 'reports are chosen with --format',
  sharing: 'results stay on this machine',
  tracing: 'traces are not recorded',
  metadata: 'it is not kept with the results',
  writeLatestResults: 'results are always kept',
};
const NOT_RUN: Readonly<Record<string, string>> = {
  derivedMetrics: 'metrics made of other metrics have no counterpart',
  extensions: 'code that runs before or after tests is not run, and what it would change stays as it is',
  nunjucksFilters: 'filters made of code are not run; a prompt that uses one cannot be rendered',
  redteam: 'red teaming has no counterpart',
  plugins: 'red teaming has no counterpart',
  strategies: 'red teaming has no counterpart',
};

/** Says of every key without a counterpart what becomes of it. */
export function reportUnused(root: Cursor): void {
  const { problems } = root.context;
  for (const [key, value] of root.entries) {
    if (READ.has(key) || value.isEmpty || key.startsWith('x-')) continue;
    const nothing = Object.hasOwn(CHANGES_NOTHING, key) ? CHANGES_NOTHING[key] : undefined;
    const reason = Object.hasOwn(NOT_RUN, key) ? NOT_RUN[key] : undefined;
    if (nothing !== undefined) problems.ignored(`"${key}" has no effect here: ${nothing}.`, value.keyPlace);
    else if (reason !== undefined) problems.skipped(`"${key}" is not run: ${reason}.`, value.keyPlace);
    else problems.ignored(`"${key}" has no counterpart and no effect.`, value.keyPlace);
  }
  for (const block of ['evaluateOptions', 'commandLineOptions']) {
    for (const [key, value] of root.get(block)?.entries ?? []) {
      if (MAPPED_OPTIONS.has(key) || HARMLESS_OPTIONS.has(key)) continue;
      problems.ignored(`"${key}" has no counterpart and no effect.`, value.keyPlace);
    }
  }
  if (root.get('providers') !== undefined && root.get('targets') !== undefined)
    problems.ignored('"targets" has no effect beside "providers".', root.get('targets')?.keyPlace ?? root.place);
}
