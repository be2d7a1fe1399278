import * as path from 'node:path';
import { doctorFile, readDoctor } from '../core/doctor/cache';
import { WORKSPACE_FILE } from '../core/spec/discover';
import type { Diagnostic } from '../core/spec/document';
import { painter } from '../core/report/style';
import { countDiagnostics } from './diagnostics';
import { EXIT } from './exit-code';
import { findFiles } from './find-files';
import { wantsColour, type CliIo } from './io';
import { FilePlanner } from './planned-files';
import { printDiagnostics } from './print-diagnostics';
import { everyDiagnostic } from './semantic-diagnostics';
import { workspaceRoot } from './workspace-root';

/**
 * `promptrig validate [PATH…]`: parses and plans every file without sending anything, and prints what is wrong.
 * @returns 2 where a file has an error, else 0. @throws CliError or PromptrigError where a path is not there or unreadable.
 */
export async function validateCommand(io: CliIo, paths: readonly string[], flags: { quiet: boolean }): Promise<number> {
  const paint = painter(wantsColour(io.stdout, io.env));
  const files = await findFiles(paths, io.cwd);
  const planner = new FilePlanner({ cwd: io.cwd, select: {}, overrides: {} });
  const diagnostics: Diagnostic[] = [];
  const texts = new Map<string, string>();
  const checked = await readDoctor(doctorFile(io.env));
  for (const file of files) {
    const planned = await planner.plan(file.path);
    texts.set(planned.path, planned.text);
    const sharedPath = path.join(workspaceRoot(path.dirname(planned.path), io.cwd), WORKSPACE_FILE);
    const shared = (await planner.workspaceFiles()).find((item) => item.path === sharedPath);
    diagnostics.push(...(await everyDiagnostic(planned, shared?.document, checked)));
  }
  for (const shared of await planner.workspaceFiles()) {
    if (texts.has(shared.path)) continue;
    texts.set(shared.path, shared.text);
    diagnostics.push(...shared.document.diagnostics);
  }
  printDiagnostics(io.stdout, diagnostics, texts, { paint, cwd: io.cwd, errorsOnly: flags.quiet });
  const invalid = diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  if (!flags.quiet || invalid) {
    const count = `${texts.size} ${texts.size === 1 ? 'file' : 'files'}: ${countDiagnostics(diagnostics)}`;
    io.stdout.write(`${paint(invalid ? 'bad' : 'good', invalid ? '✗' : '✓')} ${count}\n`);
  }
  return invalid ? EXIT.usage : EXIT.pass;
}
