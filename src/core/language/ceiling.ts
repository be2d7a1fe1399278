import { ceilingWarnings } from '../doctor/ceiling';
import type { DoctorReport, Machine } from '../doctor/report';
import type { Diagnostic } from '../spec/document';
import type { EvalDocument } from '../spec/parse';
import type { RunPlan } from '../../protocol/plan';

const TOP = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** What the stages of a plan offer beyond what this machine was found to measure well, each at its rate. */
export function ceilingFindings(
  document: EvalDocument,
  plan: RunPlan,
  report: DoctorReport,
  machine: Machine,
): Diagnostic[] {
  return ceilingWarnings(plan, report, machine).map(({ pointer, severity, message }) => ({
    code: 'client-ceiling',
    message,
    path: document.path,
    range: rateRange(document, pointer) ?? TOP,
    severity,
    pointer,
    suggestions: [],
  }));
}

/** The stage is many lines long; the number that is too high is one of these. */
function rateRange(document: EvalDocument, pointer: string): Diagnostic['range'] | undefined {
  for (const key of ['rate', 'peak', 'to', 'concurrency', 'max_concurrency']) {
    const range = document.rangeOf(`${pointer}/${key}`);
    if (range !== undefined) return range;
  }
  return document.rangeOf(pointer);
}
