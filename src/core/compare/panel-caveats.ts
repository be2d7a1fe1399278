/** Why contenders are not quite comparable, a sentence each: other files, loads, machines, uncommitted changes, other definitions. */
import type { CommonStages } from './panel-stages';
import { toolName, type Entry, type PanelSource } from './panel-source';
import { stageCaveats } from './run-comparison';

export function panelCaveats(
  entries: readonly Entry[],
  reference: Entry | null,
  stages: CommonStages,
  stage: string | null,
): string[] {
  const sources = [...new Set(entries.map(({ source }) => source))];
  return [
    ...new Set([
      ...fileCaveats(sources),
      ...machineCaveats(sources),
      ...sources.flatMap((source) => sourceCaveats(source, sources.length > 1)),
      ...loadCaveats(entries, reference, stages, stage),
    ]),
  ];
}

function fileCaveats(sources: readonly PanelSource[]): string[] {
  const files = sources.flatMap(({ file }) => file ?? []);
  const paths = [...new Set(files.map(({ path }) => path))];
  if (paths.length > 1) return [`The runs are of different files: ${paths.join(', ')}.`];
  const [only] = paths;
  const digests = new Set(files.map(({ sha256 }) => sha256));
  if (only === undefined || digests.size < 2) return [];
  return [`${only} differs between the runs: what was asked may not be the same.`];
}

function machineCaveats(sources: readonly PanelSource[]): string[] {
  const machines = [...new Set(sources.flatMap(({ machine }) => machine ?? []))];
  return machines.length > 1 ? [`The clients differ: ${machines.join('; ')}.`] : [];
}

function sourceCaveats({ tool, name, id, dirty, commit, caveats }: PanelSource, isOneOfSeveral: boolean): string[] {
  // Names of runs of one file are the same.
  const lead = isOneOfSeveral ? `${tool === 'promptrig' ? `${name} (${id})` : name}: ` : '';
  const own = caveats.map((text) => `${lead}${text}`);
  if (dirty)
    own.push(`${lead}measured with uncommitted changes${commit === null ? '' : ` on top of ${commit.slice(0, 10)}`}.`);
  if (tool !== 'promptrig')
    own.push(`${name} was measured by ${toolName(tool)}, whose definitions differ: see the notes of its numbers.`);
  return own.map((text) => text.charAt(0).toUpperCase() + text.slice(1));
}

function loadCaveats(
  entries: readonly Entry[],
  reference: Entry | null,
  stages: CommonStages,
  stage: string | null,
): string[] {
  if (reference === null || stage === null) return [];
  const own = stages.of(stage, reference);
  if (own === null) return [`${reference.label} was not measured under "${stage}".`];
  return entries.flatMap((entry) => {
    if (entry === reference || entry.target.compared.stages.length === 0) return [];
    const theirs = stages.of(stage, entry);
    if (theirs === null)
      return [`${entry.label} has no stage of the name or the load of "${stage}": it takes no part in its numbers.`];
    return stageCaveats(own, theirs).map((text) => `${entry.label}, ${text}`);
  });
}
