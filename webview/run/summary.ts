/** The one sentence at the top: what the run says, or what it is doing. It is announced, so it changes only with the state. */
import { formatCount, formatValue } from '../../src/protocol/format';
import type { SloResult } from '../../src/protocol/run-json';
import type { RunHead, TargetView } from './store';

/** Shares of a run that are done, over all stages of all targets, 0 to 1. */
export function overallProgress(targets: readonly TargetView[]): number {
  // Steps are the progress of their stage.
  const stages = targets.flatMap((target) => target.stages).filter(({ data }) => data.partOf === undefined);
  const weight = (plannedMs: number | null) => plannedMs ?? 0;
  const timed = stages.every(({ data }) => data.plannedMs !== null);
  const total = stages.reduce((sum, { data }) => sum + (timed ? weight(data.plannedMs) : 1), 0);
  if (total === 0) return 0;
  return (
    stages.reduce((sum, { data }) => {
      const progress = data.status === 'done' ? 1 : data.status === 'waiting' ? 0 : data.progress;
      return sum + progress * (timed ? weight(data.plannedMs) : 1);
    }, 0) / total
  );
}

export function summarize(head: RunHead, targets: readonly TargetView[]): string {
  switch (head.status) {
    case 'idle':
      return '';
    case 'running':
      return runningSentence(targets);
    case 'completed':
      return outcomeSentence(targets);
    // The notice says it, with a way on.
    case 'stopped':
    case 'crashed':
    case 'error':
      return '';
  }
}

function runningSentence(targets: readonly TargetView[]): string {
  const everything = targets.flatMap((target) => target.stages.map((stage) => ({ target, stage })));
  const all = everything.filter(({ stage }) => stage.data.partOf === undefined);
  const at = all.findIndex(({ stage }) => stage.data.status === 'running');
  // By name the step that runs, by place the stage that it is a part of.
  const step = everything.find(({ stage }) => stage.data.partOf !== undefined && stage.data.status === 'running');
  const now = step ?? all[at];
  if (now === undefined) {
    const begun = everything.some(({ stage }) => stage.data.status === 'done');
    return begun ? 'Getting ready for the next stage.' : 'Starting the engine and warming its connections.';
  }
  const place = all.length === 1 ? '' : `, stage ${at + 1} of ${all.length}`;
  return `Measuring ${now.stage.data.name} on ${now.target.id}${place}.`;
}

function outcomeSentence(targets: readonly TargetView[]): string {
  const slos = targets.flatMap(resultsOf);
  const missed = slos.filter(({ verdict }) => verdict === 'fail').length;
  const open = slos.filter(({ verdict }) => verdict === 'inconclusive').length;
  const asked = targets.reduce((sum, { quality }) => sum + quality.total - quality.skipped, 0);
  const passed = targets.reduce((sum, { quality }) => sum + quality.passed, 0);
  const parts: string[] = [];
  if (slos.length > 0) {
    if (missed > 0 && slos.length === 1) parts.push('the SLO is missed');
    else if (missed > 0)
      parts.push(`${missed} of ${count(slos.length, 'SLO')} missed${open > 0 ? ` and ${open} inconclusive` : ''}`);
    else if (open > 0) parts.push(`${open} of ${count(slos.length, 'SLO')} inconclusive`);
    else parts.push(slos.length === 1 ? 'the SLO is met' : `all ${slos.length} SLOs are met`);
  }
  for (const { stage, rate, verdict } of targets.flatMap(({ curves }) => curves)) {
    if (rate !== null) parts.push(`up to ${formatValue(rate, '1/s')} meets the SLOs of ${stage}`);
    else if (verdict !== 'pass') parts.push(`no rate is known to meet the SLOs of ${stage}`);
  }
  if (asked > 0)
    parts.push(
      passed === asked ? `all ${count(asked, 'answer')} passed` : `${passed} of ${count(asked, 'answer')} passed`,
    );
  if (parts.length === 0) return 'Nothing in this file sets a limit or asserts an answer.';
  const sentence = parts.join('; ');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`;
}

/** Every SLO of a target once: the stage `cases` may list the quality SLOs, too. */
function resultsOf({ stages, quality }: TargetView): SloResult[] {
  const key = ({ pointer, expr }: SloResult) => `${pointer} ${expr}`;
  const ofStages = stages.filter(({ data }) => data.partOf === undefined).flatMap(({ data }) => data.results);
  const known = new Set(ofStages.map(key));
  return [...ofStages, ...quality.slo.filter((result) => !known.has(key(result)))];
}

/** What a run that broke off leaves behind. */
export function keptSentence(targets: readonly TargetView[]): string {
  const stages = targets.flatMap((target) => target.stages);
  const requests = stages.reduce((sum, { data }) => sum + data.counts.completed, 0);
  const answers = targets.reduce((sum, target) => sum + target.cases.length, 0);
  const kept: string[] = [];
  if (requests > 0) kept.push(count(requests, 'request'));
  if (answers > 0) kept.push(count(answers, 'answer'));
  return kept.length === 0 ? 'Nothing was measured before.' : `Measured before and kept: ${kept.join(', ')}.`;
}

function count(n: number, noun: string): string {
  return `${formatCount(n)} ${noun}${n === 1 ? '' : 's'}`;
}
