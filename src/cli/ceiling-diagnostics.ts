import { ceilingWarnings } from '../core/doctor/ceiling';
import type { DoctorReport, Machine } from '../core/doctor/report';
import type { Diagnostic } from '../core/spec/document';
import type { PlannedFile } from './planned-files';

const TOP = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** What a file's stages offer beyond what this machine was found to measure well, each at its stage. */
export function ceilingDiagnostics(file: PlannedFile, report: DoctorReport, machine: Machine): Diagnostic[] {
  if (file.plan === null) return [];
  return ceilingWarnings(file.plan, report, machine).map(({ pointer, severity, message }) => ({
    code: 'client-ceiling',
    message,
    path: file.path,
    range: file.document.rangeOf(pointer) ?? TOP,
    severity,
    pointer,
    suggestions: [],
  }));
}
