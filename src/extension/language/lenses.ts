/** Which buttons stand above which lines of a file, as data. */
import type { EvalOutline, TextRange } from '../../core/spec/document';
import type { EvalDocument } from '../../core/spec/parse';
import type { EvalSpec } from '../../core/spec/schema';
import { CommandId } from '../contributions';
import type { Survey } from './survey';
import { l10n } from '../l10n';

export interface LensPlan {
  range: TextRange;
  title: string;
  tooltip: string;
  command: string;
  /** What it is about, by its id in the outline; null for a command that is told nothing. */
  item: { id?: string } | null;
}

export interface LensSituation {
  running: boolean;
  /** What the last results of the file say. */
  verdict: { icon: string; text: string } | null;
  hasCommand: (id: string) => boolean;
}

/** Commands of other surfaces; their lenses are there where package.json contributes them. Each is told `{ uri, id }`. */
export const LensCommand = {
  compareTargets: 'promptrig.compareTargets',
  debugCase: 'promptrig.debugCase',
  testEndpoint: 'promptrig.testEndpoint',
} as const;

/** Files of every kind that have something to run, imported ones as well, and endpoints wherever they are declared. */
export function lensesOf(
  { survey, document }: { survey: Survey; document: Pick<EvalDocument, 'kind' | 'spec' | 'outline'> },
  { running, verdict, hasCommand }: LensSituation,
): LensPlan[] {
  const lenses: LensPlan[] = [];
  const add = (
    range: TextRange,
    title: string,
    tooltip: string,
    command: string,
    item: LensPlan['item'] = null,
  ): void => {
    lenses.push({ range, title, tooltip, command, item });
  };
  const { cases, stages } = survey;
  const isEval = document.kind !== 'workspace';
  if (isEval) {
    const top = lineStart(survey.nameRange);
    if (running) {
      add(top, l10n.t('$(debug-stop) Stop'), l10n.t('Stop the run; what was measured is kept'), CommandId.stop);
    } else if (cases.length > 0 || stages.length > 0) {
      add(top, l10n.t('$(play) Run eval'), l10n.t('Run the cases, then the load stages'), CommandId.runEval, {});
      if (stages.length > 0)
        add(top, l10n.t('$(dashboard) Run load'), l10n.t('Run the load stages only'), CommandId.runLoad, {});
      if (hasSeveralTargets(document.spec) && hasCommand(LensCommand.compareTargets))
        add(
          top,
          l10n.t('$(git-compare) Compare targets'),
          l10n.t('The targets of this file side by side'),
          LensCommand.compareTargets,
          {},
        );
    }
    if (verdict !== null)
      add(top, `$(${verdict.icon}) ${verdict.text}`, l10n.t('Open the run panel'), CommandId.openRunPanel);
  }
  if (hasCommand(LensCommand.testEndpoint)) {
    for (const item of tested(document.outline)) {
      add(
        item.anchor,
        l10n.t('$(plug) Test'),
        l10n.t('Ask "{0}" for one short answer', item.name),
        LensCommand.testEndpoint,
        {
          id: item.id,
        },
      );
    }
  }
  if (!isEval || running) return lenses;
  for (const { id, name, anchor, pointer } of cases) {
    if (pointer === DATASET) {
      add(anchor, l10n.t('$(play) Run rows'), l10n.t('Run every row of {0}', name), CommandId.runCase, { id });
      continue;
    }
    add(anchor, l10n.t('$(play) Run'), l10n.t('Run the case "{0}"', name), CommandId.runCase, { id });
    if (hasCommand(LensCommand.debugCase))
      add(
        anchor,
        l10n.t('$(debug-alt) Debug'),
        l10n.t('Run the case "{0}" once and show everything about it', name),
        LensCommand.debugCase,
        { id },
      );
  }
  for (const { id, name, anchor } of stages) {
    add(anchor, l10n.t('$(play) Run'), l10n.t('Run the load stage "{0}"', name), CommandId.runStage, { id });
  }
  return lenses;
}

const DATASET = '/dataset';

/** An endpoint that is only named here is tested where it is declared. */
function tested({ endpoints }: EvalOutline): EvalOutline['endpoints'] {
  return endpoints.filter(({ range, name }) => range.end.line > range.start.line || !isBareName(range, name));
}

/** Whether the node is as long as the name, quoted or not: `endpoints: [vllm-fp8]`. */
function isBareName({ start, end }: TextRange, name: string): boolean {
  return end.line === start.line && end.character - start.character <= name.length + 2;
}

/** Told from the text alone: endpoints, prompt variants and the combinations of a matrix multiply. */
export function hasSeveralTargets(spec: EvalSpec | null): boolean {
  if (spec === null) return false;
  const { endpoints = [], prompts, matrix } = spec;
  if (endpoints.length > 1) return true;
  if (prompts !== undefined && Object.keys(prompts).length > 1) return true;
  return Object.values(matrix ?? {}).some((values) => Array.isArray(values) && values.length > 1);
}

function lineStart({ start }: TextRange): TextRange {
  const at = { line: start.line, character: 0 };
  return { start: at, end: at };
}
