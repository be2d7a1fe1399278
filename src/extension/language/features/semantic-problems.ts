import type { Diagnostic } from '../../../core/spec/document';
import type { RunPlan } from '../../../protocol/plan';
import { languageBundle } from '../../spec/load';
import type { ParsedDocument } from '../documents';
import type { WorkspaceFiles } from '../workspace-files';
import type { Surroundings } from './surroundings';

/** What is well-formed and not meant, and what a rate asks of this machine. */
export class SemanticProblems {
  constructor(
    private readonly surroundings: Surroundings,
    private readonly workspaceFiles: WorkspaceFiles,
  ) {}

  /** @param plan of the file; null where there is none */
  async of(parsed: ParsedDocument, plan: RunPlan | null): Promise<Diagnostic[]> {
    const { uri, text, document } = parsed;
    const language = languageBundle();
    const workspace = await this.workspaceFiles.load(uri);
    const found = await language.findingsWithFiles(text, document, { workspace, complete: true }, (path) =>
      this.surroundings.readText(uri, path),
    );
    const checked = plan === null ? null : await language.readDoctor(language.doctorFile(process.env));
    if (plan === null || checked === null) return found;
    return [...found, ...language.ceilingFindings(document, plan, checked, language.describeMachine())];
  }
}
