/** One run in one line, from its `run.json`. */
import type { RunNotes } from '../../core/results/notes';
import { formatValue } from '../../protocol/format';
import type { RunJson, RunVerdict } from '../../protocol/run-json';
import { l10n } from '../l10n';

export interface RunSummary {
  /** Absolute. */
  dir: string;
  /** The folder's name. */
  id: string;
  /** As the run names itself, also after its folder was renamed: what baselines know it by. */
  runId: string;
  name: string;
  startedAt: Date;
  state: 'finished' | 'running' | 'broken';
  /** Null where it is not over, or cannot be read. */
  verdict: RunVerdict | null;
  /** Length in ms; null where it is not over. */
  elapsedMs: number | null;
  /** `5 of 6 SLOs · 83% passed`; of one that cannot be read, why. */
  result: string;
  targets: string[];
  /** The eval file, as the run names it. */
  source: string;
  tags: string[];
  models: string[];
  /** Null where the eval was in no git repository. */
  commit: string | null;
  /** With changes that are in no commit. */
  dirty: boolean;
  /** What the person has written on it. */
  note: string;
  /** The person has said that it is to be kept. */
  keep: boolean;
}

const WORDS: Record<RunVerdict, string> = {
  pass: l10n.t('passed'),
  fail: l10n.t('failed'),
  inconclusive: l10n.t('inconclusive'),
  error: l10n.t('could not be judged'),
};

const ICONS: Record<RunVerdict, { icon: string; color: string }> = {
  pass: { icon: 'pass', color: 'testing.iconPassed' },
  fail: { icon: 'error', color: 'testing.iconFailed' },
  inconclusive: { icon: 'question', color: 'list.warningForeground' },
  error: { icon: 'circle-slash', color: 'testing.iconErrored' },
};

const NO_NOTES: RunNotes = { note: '', keep: false };

export function summaryOf(dir: string, id: string, run: RunJson, notes: RunNotes = NO_NOTES): RunSummary {
  const startedAt = new Date(run.started_at);
  const isOver = run.status !== 'running';
  const elapsedMs = run.finished_at === null ? null : new Date(run.finished_at).getTime() - startedAt.getTime();
  return {
    dir,
    id,
    runId: run.id,
    name: run.name,
    startedAt: Number.isNaN(startedAt.getTime()) ? (dateOf(id) ?? new Date(0)) : startedAt,
    state: isOver ? 'finished' : 'running',
    verdict: isOver ? run.verdict : null,
    elapsedMs: elapsedMs !== null && Number.isFinite(elapsedMs) ? elapsedMs : null,
    result: resultOf(run),
    targets: run.targets.map((target) => target.id),
    source: run.source.path,
    tags: run.tags,
    models: [...new Set(run.targets.map((target) => target.model))].filter((model) => model !== ''),
    commit: run.environment.git?.commit ?? null,
    dirty: run.environment.git?.dirty ?? false,
    ...notes,
  };
}

/** A folder whose `run.json` says nothing to this version. */
export function brokenSummary(
  dir: string,
  id: string,
  why: string,
  changedAt: Date,
  notes: RunNotes = NO_NOTES,
): RunSummary {
  return {
    dir,
    id,
    runId: id,
    name: id.replace(/^\d{8}T\d{6}Z-/, ''),
    startedAt: dateOf(id) ?? changedAt,
    state: 'broken',
    verdict: null,
    elapsedMs: null,
    result: why,
    targets: [],
    source: '',
    tags: [],
    models: [],
    commit: null,
    dirty: false,
    ...notes,
  };
}

/** The instant that the name of a run's folder begins with; null where it has none. */
export function dateOf(id: string): Date | null {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z/.exec(id);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** State and verdict in a word. */
export function wordOf({ state, verdict }: Pick<RunSummary, 'state' | 'verdict'>): string {
  if (state === 'broken') return l10n.t('cannot be read');
  if (verdict === null) return l10n.t('not finished');
  return WORDS[verdict];
}

export function iconOf({ state, verdict }: Pick<RunSummary, 'state' | 'verdict'>): { icon: string; color: string } {
  if (state === 'broken') return { icon: 'warning', color: 'list.warningForeground' };
  if (verdict === null) return { icon: 'debug-pause', color: 'testing.iconQueued' };
  return ICONS[verdict];
}

/**
 * Whether every word of a filter occurs in what is known of a run: its name, file, verdict, targets, models, tags, commit and note.
 * @param marks words that its row shows besides, such as that it is pinned
 */
export function matchesText(run: RunSummary, filter: string, marks: readonly string[] = []): boolean {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const text = [
    run.name,
    run.id,
    run.source,
    wordOf(run),
    run.result,
    run.commit ?? '',
    run.note,
    ...run.targets,
    ...run.models,
    ...run.tags,
    ...marks,
  ]
    .join(' ')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

function resultOf(run: RunJson): string {
  const parts: string[] = [];
  const slos = run.targets.flatMap((target) => [
    ...(target.quality?.slo ?? []),
    // The steps of a sweep or a search are reported and decide nothing by themselves.
    ...target.stages.filter((stage) => stage.part_of === undefined).flatMap((stage) => stage.slo),
  ]);
  if (slos.length > 0) {
    const met = slos.filter((slo) => slo.verdict === 'pass').length;
    parts.push(slos.length === 1 ? l10n.t('{0} of 1 SLO', met) : l10n.t('{0} of {1} SLOs', met, slos.length));
  }
  const asked = sum(run, (quality) => quality.cases - quality.skipped);
  if (asked > 0) parts.push(l10n.t('{0} passed', formatValue(sum(run, (quality) => quality.passed) / asked, 'ratio')));
  const rates = run.targets.flatMap((target) => (target.curves ?? []).flatMap((curve) => curve.rate ?? []));
  const [rate] = rates;
  if (rate !== undefined && rates.length === 1) parts.push(l10n.t('up to {0}', formatValue(rate, '1/s')));
  if (run.targets.length > 1) parts.push(l10n.t('{0} targets', run.targets.length));
  if (run.status === 'stopped' || run.status === 'crashed')
    parts.push(`${run.status}${run.status_reason === undefined ? '' : ` (${run.status_reason})`}`);
  return parts.join(' · ');
}

type Quality = NonNullable<RunJson['targets'][number]['quality']>;

function sum(run: RunJson, of: (quality: Quality) => number): number {
  return run.targets.reduce((total, { quality }) => total + (quality === null ? 0 : of(quality)), 0);
}
