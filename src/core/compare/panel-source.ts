/** What a compare panel compares: targets of runs of ours and of results of other tools, each under an id of its own. */
import type { Json } from '../../protocol/plan';
import type { ComparedTool, MetricNote } from '../../protocol/run-comparison';
import type { MatrixTrend, RunVerdict } from '../../protocol/run-json';
import type { ComparedTarget } from './compared-run';
import type { CaseTally } from './panel-cases';

/** A run, or another tool's file. */
export interface PanelSource {
  tool: ComparedTool;
  id: string;
  /** Folder of a run of ours, file of another tool's: no two sources have the same. */
  path: string;
  name: string;
  startedAt: string | null;
  /** The file that was run; null of other tools. */
  file: { path: string; sha256: string } | null;
  commit: string | null;
  dirty: boolean;
  machine: string | null;
  /** Level of its own intervals; null where it has none. */
  confidence: number | null;
  notes: MetricNote[];
  /** Of the run as a whole, a sentence each. */
  caveats: string[];
  targets: PanelTarget[];
  matrix: MatrixTrend[];
}

export interface PanelTarget {
  compared: ComparedTarget;
  endpoint: string;
  prompt: string;
  params: Record<string, Json>;
  verdict: RunVerdict | null;
  /** Why it has no numbers. */
  error: string | null;
  caveats: string[];
  /** What each stage did, for a person, by its name. */
  loads: ReadonlyMap<string, string>;
  /** By case id, in the order of the file. */
  cases: ReadonlyMap<string, CaseTally>;
}

/** A target among those that are compared. */
export interface Entry {
  id: string;
  label: string;
  source: PanelSource;
  target: PanelTarget;
}

const LABEL_CHARACTERS = 48;
const TOOL_NAMES: Record<ComparedTool, string> = {
  promptrig: 'Promptrig',
  guidellm: 'GuideLLM',
  vllm: 'vLLM',
  aiperf: 'AIPerf',
  'genai-perf': 'GenAI-Perf',
};

export function toolName(tool: ComparedTool): string {
  return TOOL_NAMES[tool];
}

/**
 * Every target of every source in the order of the sources; those of one run by their names, whatever order was drawn for it.
 * Ids stay the same when other sources come and go.
 */
export function entriesOf(sources: readonly PanelSource[], removed: ReadonlySet<string> = new Set()): Entry[] {
  const all = sources.flatMap((source) => {
    const byName = [...source.targets].sort((a, b) => (a.compared.id < b.compared.id ? -1 : 1));
    return byName.map((target) => ({ id: entryId(source, target.compared.id), source, target }));
  });
  const shown = all.filter(({ id }) => !removed.has(id));
  const labels = labelsOf(shown);
  return shown.map((entry, index) => ({ ...entry, label: labels[index] ?? entry.id }));
}

/** Runs have ids of their own; files of other tools may share a name, not a path. */
export function entryId({ tool, id, path }: Pick<PanelSource, 'tool' | 'id' | 'path'>, target: string): string {
  return `${tool === 'promptrig' ? id : path}/${target}`;
}

/** The target's name where it is enough, else with its run's time, else with a number: all of them different. */
function labelsOf(entries: readonly Omit<Entry, 'label'>[]): string[] {
  const names = entries.map(({ source, target }) =>
    source.tool === 'promptrig' ? target.compared.id : joined(target.compared.model, toolName(source.tool)),
  );
  const timed = disambiguated(names, (index) => timeOf(entries[index]?.source.startedAt ?? null));
  const exact = disambiguated(timed, (index) => entries[index]?.source.id ?? '');
  const short = exact.map((label) => cut(label));
  const seen = new Map<string, number>();
  const all = new Set(short);
  return short.map((label) => {
    const count = (seen.get(label) ?? 0) + 1;
    seen.set(label, count);
    if (count === 1) return label;
    for (let number = count; ; number++) {
      const numbered = `${label} #${number}`;
      if (all.has(numbered)) continue;
      all.add(numbered);
      return numbered;
    }
  });
}

/** Adds to each label that occurs more than once. */
function disambiguated(labels: readonly string[], addition: (index: number) => string): string[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return labels.map((label, index) => ((counts.get(label) ?? 0) > 1 ? joined(label, addition(index)) : label));
}

function joined(name: string, addition: string): string {
  return [name, addition].filter((part) => part !== '').join(' · ');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `26 Nov 04:10`, in the time of this machine. */
function timeOf(startedAt: string | null): string {
  const date = new Date(startedAt ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getDate()} ${MONTHS[date.getMonth()] ?? ''} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** The middle is left out: names of a matrix differ at their ends. */
function cut(label: string): string {
  if (label.length <= LABEL_CHARACTERS) return label;
  const half = Math.floor((LABEL_CHARACTERS - 1) / 2);
  return `${label.slice(0, half)}…${label.slice(label.length - half)}`;
}

/** Parameters in which entries differ, by entry. */
export function differingParams(entries: readonly Entry[]): Record<string, string>[] {
  const names = new Set(entries.flatMap(({ target }) => Object.keys(target.params)));
  const differing = [...names].filter(
    (name) => new Set(entries.map(({ target }) => JSON.stringify(target.params[name]))).size > 1,
  );
  return entries.map(({ target }) =>
    Object.fromEntries(
      differing.flatMap((name) => {
        const value = target.params[name];
        return value === undefined ? [] : [[name, cut(typeof value === 'string' ? value : JSON.stringify(value))]];
      }),
    ),
  );
}
