/**
 * What is well-formed and still not meant: variables that nobody reads, cases that nothing judges, objectives that cannot be
 * answered. The editor and `promptrig validate` show it beside what the parser and the planner say.
 */
import type { Diagnostic } from '../../spec/document';
import { TextLines, withoutBom } from '../../spec/lines';
import type { EvalDocument } from '../../spec/parse';
import { Reporter } from '../../spec/reporter';
import type { WorkspaceSpec } from '../../spec/schema';
import { checkMeasurable } from './measurable';
import { checkSampleSizes } from './sample-size';
import { slosIn } from './slos';
import { checkUnjudged } from './unjudged';
import { unusedVariables, type ReadReference } from './unused';

export interface SemanticContext {
  /** `promptrig.yaml`, parsed; undefined where there is none. */
  workspace?: EvalDocument | undefined;
  /** False while it is not known whether there is one: then nothing is said about what it might hold. */
  complete: boolean;
  /** Texts of files that templates stand in; without them, variables may be read where nobody has looked. */
  readReference?: ReadReference;
}

export interface SemanticScope {
  source: string;
  workspace: WorkspaceSpec | undefined;
  complete: boolean;
}

/** After these the tree is a guess. */
const UNREADABLE = new Set(['yaml-syntax', 'too-deep', 'alias-bomb', 'file-too-large']);

/** The findings of an eval file, in the order of the file; none for other files. Linear in its size. */
export function semanticFindings(text: string, document: EvalDocument, context: SemanticContext): Diagnostic[] {
  const { root } = document;
  if (document.kind !== 'eval' || root?.kind !== 'map') return [];
  if (document.diagnostics.some(({ code, path }) => path === document.path && UNREADABLE.has(code))) return [];
  const source = withoutBom(text);
  const report = new Reporter(source, new TextLines(source));
  const workspace = context.workspace?.workspace;
  const scope: SemanticScope = { source, workspace, complete: context.complete };
  for (const finding of unusedVariables(root, source, context.readReference) ?? []) report.add(finding);
  checkUnjudged(root, source, report);
  const slos = slosIn(root, workspace?.presets ?? {});
  checkMeasurable(root, slos, scope, report);
  checkSampleSizes(slos, scope, report);
  return report.diagnostics(document.path);
}
