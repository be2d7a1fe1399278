import type { Diagnostic } from '../core/spec/document';
import type { Paint } from '../core/report/style';
import { renderDiagnostic } from './diagnostics';
import type { TextSink } from './io';
import { shownPath } from './workspace-root';

/** Writes diagnostics with their excerpts; a file's text is looked up by its path. */
export function printDiagnostics(
  sink: TextSink,
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
  options: { paint: Paint; cwd: string; errorsOnly: boolean },
): void {
  for (const diagnostic of diagnostics) {
    if (options.errorsOnly && diagnostic.severity !== 'error') continue;
    const path = shownPath(diagnostic.path, options.cwd);
    const rendered = renderDiagnostic(diagnostic, texts.get(diagnostic.path), {
      paint: options.paint,
      width: sink.columns,
      path,
    });
    sink.write(`${rendered}\n`);
  }
}
