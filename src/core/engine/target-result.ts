import { QualityTally, type QualityOptions } from '../metrics/quality';
import { isQuality } from './stage-context';
import type { RunPlan, TargetPlan } from '../../protocol/plan';
import type { CaseRecord, TargetResult } from '../../protocol/run-json';

/** A target of which nothing has run yet. */
export function emptyTarget(target: TargetPlan): TargetResult {
  return {
    id: target.id,
    endpoint: target.endpoint.name,
    // The plan that is run has the address of the editor's server; who reads the results is to know whose model it was.
    api: target.endpoint.indirect === true ? 'vscode-lm' : target.endpoint.api,
    model: target.endpoint.model,
    prompt: target.prompt,
    params: target.params,
    hardware: { ...target.endpoint.hardware },
    quality: null,
    stages: [],
    cost: { total: null, per_request: null, per_1m_output: null, per_good: null },
    verdict: 'inconclusive',
  };
}

/** Quality of one target from its case records; those of load stages are no part of it. */
export function qualityOf(plan: RunPlan, target: TargetPlan, records: CaseRecord[]): TargetResult['quality'] {
  const tally = qualityTally(target);
  for (const record of records) if (record.stage === undefined) tally.add(record);
  return tally.result(qualityOptions(plan, target));
}

/** Counts the quality cases of a target. */
export function qualityTally(target: TargetPlan): QualityTally {
  return new QualityTally(new Map(target.cases.map((item) => [item.pointer, item.weight])));
}

export function qualityOptions(plan: RunPlan, target: TargetPlan): Omit<QualityOptions, 'weights'> {
  return { slos: target.caseSlos.filter(isQuality), confidence: plan.confidence, policy: plan.policy };
}
