/** SLO lists expanded and sent to where they are judged. */
import type { Severity, SloPlan } from '../../protocol/plan';
import { metricOf } from '../metrics/definitions';
import { parseSloExpression, type ParsedSlo } from '../metrics/slo';
import type { EvalSpec } from '../spec/schema';
import type { SloItemSpec } from '../spec/schema-load';
import { slosOf, sloText, stagesOf, type Located } from '../spec/spec-lists';
import { readSlo, type WorkspacePresets } from '../spec/spec-slo';
import type { PlanProblems } from './plan-problems';
import type { LocatedStage } from './plan-stages';

export interface RoutedSlos {
  /** Judged on the stage `cases`. */
  cases: SloPlan[];
  /** Of the file, judged on every load stage. */
  everyStage: SloPlan[];
  /** Of a stage, by its pointer. */
  ofStage: Map<string, SloPlan[]>;
}

interface Context {
  what: 'all' | 'cases' | 'load';
  presets: WorkspacePresets;
  stages: readonly LocatedStage[];
  problems: PlanProblems;
}

/**
 * A quality SLO of the file is judged on the cases; any other on every load stage, or on the cases in a file without load
 * stages. One of a stage is judged on that stage, a quality SLO on the answers to the cases that it sends. Where only the
 * cases of a file with load stages are run, its latency SLOs are not judged: they speak of the load.
 */
export function routeSlos(spec: EvalSpec, context: Context): RoutedSlos {
  const { what, stages } = context;
  const ofFile = slosOf(spec.slo, '/slo').flatMap((item) => expand(item, context));
  const hasLoad = stagesOf(spec).length > 0;
  const quality = ofFile.filter(isQuality);
  const others = ofFile.filter((slo) => !isQuality(slo));
  const ofStage = new Map(
    stages.map(({ value, pointer }) => {
      const own = slosOf(value.slo, `${pointer}/slo`).flatMap((item) => expand(item, context));
      for (const slo of own.filter((each) => isQuality(each) && isMadeUp(value))) {
        context.problems.at(
          'misplaced-slo',
          `The made-up prompts of this stage have no right answer, so "${slo.expr}" cannot be judged on it; move it to the "slo" of the file, or let the stage send the cases.`,
          slo.pointer,
        );
      }
      return [pointer, own] as const;
    }),
  );
  return {
    cases: what === 'load' ? [] : hasLoad ? quality : [...quality, ...others],
    everyStage: others,
    ofStage,
  };
}

function isMadeUp({ pattern, input_tokens: inputTokens, cases }: LocatedStage['value']): boolean {
  return pattern === 'trace' || (inputTokens !== undefined && cases === undefined);
}

function isQuality({ metric }: SloPlan): boolean {
  return metricOf(metric)?.kind === 'quality';
}

function expand(item: Located<SloItemSpec>, { presets, problems }: Context): SloPlan[] {
  const { value: text, pointer: textPointer } = sloText(item);
  const severity: Severity = (typeof item.value === 'string' ? undefined : item.value.severity) ?? 'error';
  const name = typeof item.value === 'string' ? undefined : item.value.name;
  const read = readSlo(text, presets);
  switch (read.kind) {
    case 'expression':
      return [{ pointer: item.pointer, ...limitsOf(read.parsed), severity, ...(name === undefined ? {} : { name }) }];
    case 'preset':
      return read.slos.flatMap((expression): SloPlan[] => {
        const parsed = parseSloExpression(expression);
        if (parsed.ok) return [{ pointer: item.pointer, ...limitsOf(parsed), severity, preset: read.name }];
        problems.at(
          'bad-preset',
          `The preset "${read.name}" holds "${expression}", which cannot be read: ${parsed.message}`,
          textPointer,
        );
        return [];
      });
    case 'unknown-preset':
      problems.at('unknown-preset', read.message, textPointer, {
        suggestions: suggestionsOf(read.near, textPointer, problems),
      });
      return [];
    case 'error':
      // Of a text in the file; the parser has reported it with its exact place.
      problems.at('bad-slo', read.error.message, textPointer, {
        range:
          problems.document.rangeWithin(textPointer, read.error.offset, read.error.length) ??
          problems.document.outline.nameRange,
      });
      return [];
  }
}

function suggestionsOf(near: readonly string[], pointer: string, problems: PlanProblems) {
  const range = problems.document.rangeOf(pointer);
  if (range === undefined) return [];
  return near.map((newText) => ({ title: `Change to "${newText}"`, edits: [{ range, newText }] }));
}

function limitsOf({ expr, metric, stat, op, limit, unit }: ParsedSlo) {
  return { expr, metric, stat, op, limit, unit };
}
