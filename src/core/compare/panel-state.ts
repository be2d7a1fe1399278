/** What the compare panel shows, from what is compared and what the person has chosen. */
import type { ComparePanelState, Contender } from '../../protocol/compare-panel';
import type { MatrixTrend } from '../../protocol/run-json';
import { METRICS } from '../metrics/definitions';
import { panelCandidate } from './panel-candidate';
import { caseGrid, type PlannedCase } from './panel-cases';
import { panelCaveats } from './panel-caveats';
import { defaultPair, panelAxes, panelFront, panelTriangles } from './panel-front';
import { panelRows, type AwaitedRows, type Contestant } from './panel-rows';
import { defaultChoice, panelSelection } from './panel-select';
import { sloRows } from './panel-slos';
import { differingParams, entriesOf, entryId, type Entry, type PanelSource } from './panel-source';
import { commonStages } from './panel-stages';
import type { PanelTests } from './panel-tests';

/** What the person has chosen; null is the default. */
export interface PanelChoices {
  reference: string | null;
  stage: string | null;
  axes: { x: string; y: string } | null;
  select: { aim: string; limits: string[] } | null;
  removed: string[];
}

export const NO_CHOICES: PanelChoices = { reference: null, stage: null, axes: null, select: null, removed: [] };

export interface PanelInput {
  sources: readonly PanelSource[];
  choices: PanelChoices;
  tests: PanelTests;
  confidence: number;
  planned?: ReadonlyMap<string, PlannedCase>;
  running?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of a run that goes on. */
  awaited?: AwaitedRows;
}

/** The part of the state that comes of the numbers; how it stands with reading and running is the host's to say. */
export type PanelNumbers = Omit<ComparePanelState, 'title' | 'status' | 'statusText' | 'advice' | 'race' | 'can'>;

export function panelNumbers(input: PanelInput): PanelNumbers {
  const { sources, choices, tests, confidence } = input;
  const entries = entriesOf(sources, new Set(choices.removed));
  const reference = referenceOf(entries, choices.reference);
  const stages = commonStages(entries, reference);
  const stage = stages.stages.find(({ name }) => name === choices.stage)?.name ?? stages.preferred;
  const contestants = entries.map((entry): Contestant => {
    const own = stages.of(stage, entry);
    return { entry, stage: own, candidate: panelCandidate(entry, own, tests) };
  });
  const candidates = contestants.map(({ candidate }) => candidate);
  const { sections, tested } = panelRows(contestants, {
    reference: reference?.id ?? '',
    ...{ confidence, tests, awaited: input.awaited },
  });
  const labels = new Map(entries.map(({ id, label }) => [id, label]));
  const pair = choices.axes ?? defaultPair(candidates);
  const choice = choices.select ?? defaultChoice(candidates);
  const grid = caseGrid(entries, input.planned, input.running ?? null);
  return {
    confidence,
    contenders: contendersOf(entries),
    reference: reference?.id ?? '',
    stages: stages.stages,
    stage,
    sections,
    tested,
    slos: sloRows(entries, (name, entry) => stages.of(name, entry)),
    axes: panelAxes(candidates),
    pareto: pair === null ? null : panelFront(candidates, pair),
    triangles: panelTriangles(candidates),
    selection: choice === null ? null : panelSelection(candidates, choice, (id) => labels.get(id) ?? id),
    cases: grid.cases,
    ...(grid.text === undefined ? {} : { casesText: grid.text }),
    matrix: matrixOf(entries),
    curves: entries.flatMap(({ id, target }) => target.compared.curves.map((curve) => ({ id, curve }))),
    caveats: panelCaveats(entries, reference, stages, stage),
    metrics: definitions(),
  };
}

/** The one that is asked for, where it is there; else the first that has numbers. */
function referenceOf(entries: readonly Entry[], wanted: string | null): Entry | null {
  const hasNumbers = ({ target }: Entry): boolean =>
    target.compared.quality !== null || target.compared.stages.length > 0;
  return entries.find(({ id }) => id === wanted) ?? entries.find(hasNumbers) ?? entries[0] ?? null;
}

function contendersOf(entries: readonly Entry[]): Contender[] {
  const params = differingParams(entries);
  return entries.map(({ id, label, source, target }, index) => ({
    id,
    label,
    tool: source.tool,
    run: {
      id: source.id,
      name: source.name,
      startedAt: source.startedAt,
      path: source.path,
      commit: source.commit,
    },
    target: target.compared.id,
    endpoint: target.endpoint,
    model: target.compared.model,
    prompt: target.prompt,
    params: params[index] ?? {},
    verdict: target.verdict,
    error: target.error,
    notes: source.notes,
    caveats: target.caveats,
  }));
}

/** Trends of the runs of which a contender is shown, by the ids of contenders. */
function matrixOf(entries: readonly Entry[]): MatrixTrend[] {
  const shown = new Set(entries.map(({ id }) => id));
  return [...new Set(entries.map(({ source }) => source))].flatMap((source) =>
    source.matrix.flatMap((trend) => {
      const points = trend.points
        .map((point) => ({ ...point, target: entryId(source, point.target) }))
        .filter(({ target }) => shown.has(target));
      return points.length < 2 ? [] : [{ ...trend, points }];
    }),
  );
}

function definitions(): ComparePanelState['metrics'] {
  return Object.fromEntries(
    Object.values(METRICS).map(({ name, label, unit, formula, meaning }) => [name, { label, unit, formula, meaning }]),
  );
}

/** Nothing is compared yet. */
export function emptyPanelState(status: ComparePanelState['status'], statusText: string): ComparePanelState {
  return {
    title: '',
    status,
    statusText,
    confidence: 0.95,
    contenders: [],
    reference: '',
    stages: [],
    stage: null,
    sections: [],
    tested: 0,
    slos: [],
    axes: [],
    pareto: null,
    triangles: null,
    selection: null,
    cases: [],
    matrix: [],
    curves: [],
    caveats: [],
    race: [],
    metrics: {},
  };
}
