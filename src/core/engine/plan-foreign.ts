/** Imported files: what they refer to is read, then they are planned like any other. */
import type { Diagnostic } from '../spec/document';
import type { ForeignPart } from '../spec/foreign/types';
import { globFiles } from '../spec/foreign/glob-files';
import type { EvalDocument } from '../spec/parse';
import type { PlanInput, PlanOutput } from './plan';
import type { PlanSelection } from './plan-select';

const NO_ENDPOINT = 'no-runnable-endpoint';

/** Plans an imported file by `plan`, once it holds everything that it refers to. */
export async function planForeign(
  input: PlanInput,
  foreign: ForeignPart,
  plan: (input: PlanInput) => Promise<PlanOutput>,
): Promise<PlanOutput> {
  const { document: written, select = {} } = input;
  const io = { readFile: input.readFile, glob: input.glob ?? globFiles, env: input.env ?? process.env };
  const { document, diagnostics } = await foreign.load(io);
  if (foreign.idle !== undefined && (document.spec?.cases ?? []).length === 0) {
    // A folder may hold prompts that are no evaluations: they must not keep the others from running.
    return { plan: null, diagnostics: [...diagnostics, note(document, 'nothing-to-run', foreign.idle, 'warning')] };
  }
  const isAsked = (document.spec?.endpoints ?? []).length > 0 || (select.endpoints ?? []).length > 0;
  if (document.spec !== null && !isAsked && !document.diagnostics.some(({ severity }) => severity === 'error')) {
    const message =
      'The file has no provider that can be asked from here. Choose an endpoint with --endpoint NAME, such as one of promptrig.yaml or "sim".';
    return { plan: null, diagnostics: [...diagnostics, note(document, NO_ENDPOINT, message, 'error')] };
  }
  const output = await plan({ ...input, document, select: translated(select, written, document) });
  return { plan: output.plan, diagnostics: [...diagnostics, ...output.diagnostics] };
}

function note(document: EvalDocument, code: string, message: string, severity: Diagnostic['severity']): Diagnostic {
  const at = code === NO_ENDPOINT ? '/endpoints' : '';
  return {
    code,
    message,
    path: document.path,
    range: (at === '' ? undefined : document.rangeOf(at)) ?? document.outline.nameRange,
    severity,
    pointer: at,
    suggestions: [],
  };
}

/** One place of the file may hold many cases, which are known only now: whoever asked for the place asked for all of them. */
function translated(select: PlanSelection, written: EvalDocument, loaded: EvalDocument): PlanSelection {
  if ((select.cases ?? []).length === 0) return select;
  const cases = (select.cases ?? []).flatMap((wanted): string[] => {
    const places = written.outline.cases
      .filter(({ id, name, pointer }) => [id, name, pointer].includes(wanted))
      .map(({ pointer }) => pointer);
    const holders = places.map((place) => loaded.hints?.holderOf(place) ?? place);
    const found = loaded.outline.cases.filter(({ pointer }) => holders.includes(pointer.replace(/#\d+$/, '')));
    return found.length > 0 ? found.map(({ pointer }) => pointer) : [wanted];
  });
  return { ...select, cases };
}
