/** Where the results of earlier runs belong in the file as it is now, and whether they still hold there. */
import { isAboutQuality, type NodeReference, type Observation } from './observations';
import type { Scope, Subject, Survey, SurveyNode } from './survey';

export interface Placed {
  observation: Observation;
  /** Something that the result depends on has changed since. */
  stale: boolean;
}

/** `Survey.inputs` as it is stored with an observation: one on quality depends on how answers are judged as well. */
export function inputsOf(survey: Survey, subject: Subject, isQuality: boolean): string | undefined {
  const inputs = survey.inputs(subject);
  return inputs === undefined || !isQuality ? inputs : `${inputs}+${survey.judging()}`;
}

/**
 * Finds the place of each observation in the file as it is now. Within a scope a node is recognised by its content first
 * (so that it may move), then by its position (so that an edited one keeps its last value, marked stale).
 */
export function placeObservations(survey: Survey, observations: readonly Observation[]): Map<SurveyNode, Placed[]> {
  const placed = new Map<SurveyNode, Placed[]>();
  if (observations.length === 0) return placed;
  const groups = new Map<string, { stored: Map<string, Observation[]>; nodes: SurveyNode[] }>();
  for (const node of survey.nodes) {
    const name = `${node.kind} ${node.scope}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { stored: new Map(), nodes: [node] });
    else group.nodes.push(node);
  }
  const renamed = renamedScopes(survey, observations);
  for (const observation of observations) {
    const { scope } = observation.node;
    const group = groups.get(`${observation.node.kind} ${renamed.get(scope) ?? scope}`);
    if (group === undefined) continue;
    const name = `${observation.node.index} ${observation.node.hash}`;
    const items = group.stored.get(name);
    if (items === undefined) group.stored.set(name, [observation]);
    else items.push(observation);
  }
  for (const { stored, nodes } of groups.values()) {
    if (stored.size > 0) settleGroup(survey, stored, nodes, renamed, placed);
  }
  return placed;
}

/** Those that still have a place in the file; results of cases that were taken out have none. */
export function stillWritten(survey: Survey, observations: readonly Observation[]): Observation[] {
  const placed = new Set([...placeObservations(survey, observations).values()].flat().map((item) => item.observation));
  return observations.filter((observation) => placed.has(observation));
}

function settleGroup(
  survey: Survey,
  stored: Map<string, Observation[]>,
  nodes: SurveyNode[],
  renamed: ReadonlyMap<Scope, Scope>,
  placed: Map<SurveyNode, Placed[]>,
): void {
  const waiting = new Set(nodes);
  const put = (node: SurveyNode, items: readonly Observation[]): void => {
    placed.set(
      node,
      items.map((observation) => ({
        observation,
        stale: node.hash !== observation.node.hash || hasChanged(survey, node, renamedSubject(observation, renamed)),
      })),
    );
  };
  const settle = (matches: (node: SurveyNode, reference: NodeReference) => boolean): void => {
    for (const [name, items] of stored) {
      const reference = items[0]?.node;
      if (reference === undefined) continue;
      let node: SurveyNode | undefined;
      for (const candidate of waiting) {
        if (!matches(candidate, reference)) continue;
        node = candidate;
        break;
      }
      if (node === undefined) continue;
      waiting.delete(node);
      stored.delete(name);
      put(node, items);
    }
  };
  // Most are where they were; the rest is looked for among what is left.
  for (const [name, items] of stored) {
    const node = nodes[items[0]?.node.index ?? -1];
    if (node === undefined || items[0]?.node.hash !== node.hash) continue;
    waiting.delete(node);
    stored.delete(name);
    put(node, items);
  }
  if (stored.size === 0) return;
  settle((node, reference) => node.hash === reference.hash);
  settle((node, reference) => node.index === reference.index);
}

/** Whether what was asked, or how the answer was judged, is no longer what it was. */
function hasChanged(survey: Survey, node: SurveyNode, observation: Observation): boolean {
  const isQuality = isAboutQuality(observation);
  if (inputsOf(survey, observation.subject, isQuality) !== observation.inputs) return true;
  if (observation.files === undefined) return false;
  const files = survey.files(observation.subject, node, isQuality);
  // One that is not read yet is no reason to doubt a result; the survey is made anew once it is.
  return files !== undefined && files !== '' && files !== observation.files;
}

function renamedSubject(observation: Observation, renamed: ReadonlyMap<Scope, Scope>): Observation {
  if (renamed.size === 0) return observation;
  const { subject } = observation;
  const now = subject === 'cases' ? undefined : renamed.get(subject);
  return now === undefined || now === 'file' ? observation : { ...observation, subject: now };
}

/**
 * Cases and stages that have another name now: their results speak of a name that the file no longer has, and exactly one that
 * has no results asks the very same.
 */
function renamedScopes(survey: Survey, observations: readonly Observation[]): Map<Scope, Scope> {
  const current = new Set<string>([...survey.cases, ...survey.stages].map(({ scope }) => scope));
  const known = new Set<string>();
  const lost = new Map<Subject, string>();
  for (const { subject, inputs } of observations) {
    known.add(subject);
    if (subject !== 'cases' && !current.has(subject)) lost.set(subject, inputs);
  }
  const renamed = new Map<Scope, Scope>();
  if (lost.size === 0) return renamed;
  const candidates = new Map<string, Scope[]>();
  for (const { scope } of [...survey.cases, ...survey.stages]) {
    if (scope === 'file' || known.has(scope)) continue;
    const name = `${scope.slice(0, 5)} ${survey.inputs(scope) ?? ''}`;
    candidates.set(name, [...(candidates.get(name) ?? []), scope]);
  }
  const claims = new Map<Scope, Scope[]>();
  for (const [subject, inputs] of lost) {
    if (subject === 'cases') continue;
    const found = candidates.get(`${subject.slice(0, 5)} ${inputs}`) ?? [];
    const [only] = found;
    if (found.length === 1 && only !== undefined) claims.set(only, [...(claims.get(only) ?? []), subject]);
  }
  for (const [now, before] of claims) {
    const [only] = before;
    if (before.length === 1 && only !== undefined) renamed.set(only, now);
  }
  return renamed;
}
