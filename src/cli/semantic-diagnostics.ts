import * as fs from 'node:fs/promises';
import type { DoctorReport } from '../core/doctor/report';
import { describeMachine } from '../core/doctor/machine';
import { ceilingFindings } from '../core/language/ceiling';
import { findingsWithFiles } from '../core/language/semantics/with-files';
import type { Diagnostic } from '../core/spec/document';
import type { EvalDocument } from '../core/spec/parse';
import type { PlannedFile } from './planned-files';

/**
 * All that is to be said about a file, by its place: what the parser and the planner found, what is well-formed and not meant,
 * and what the stages ask of this machine.
 */
export async function everyDiagnostic(
  file: PlannedFile,
  workspace: EvalDocument | undefined,
  checked: DoctorReport | null,
): Promise<Diagnostic[]> {
  const semantic = await findingsWithFiles(file.text, file.document, { workspace, complete: true }, readText);
  const ceilings =
    file.plan === null || checked === null ? [] : ceilingFindings(file.document, file.plan, checked, describeMachine());
  const known = new Set(semantic.map(keyOf));
  // What both say is said once, by the one that knows a remedy.
  const planned = file.diagnostics.filter((diagnostic) => !known.has(keyOf(diagnostic)));
  return [...planned, ...semantic, ...ceilings].sort(byPlace);
}

function keyOf({ code, path, pointer }: Diagnostic): string {
  return `${code} ${path} ${pointer ?? ''}`;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await fs.readFile(path, 'utf8');
  } catch {
    // A file that is not there has been reported by the planner.
    return undefined;
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  if (a.path !== b.path) return a.path < b.path ? -1 : 1;
  return a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
}
