/** Row by row, whether the two agree. */
import { ROWS, type CompatRow } from './rows';
import { markOf } from './setting';
import type { CompatVerdict, Verdicts } from './verdicts';

export interface Comparison {
  row: CompatRow;
  index: number;
  promptfoo: CompatVerdict | undefined;
  ours: CompatVerdict | undefined;
  agrees: boolean;
}

/** An assertion that one of the two could not evaluate agrees with nothing. */
export function compare(promptfoo: Verdicts, ours: Verdicts): Comparison[] {
  return ROWS.map((row, index) => {
    const theirs = promptfoo.get(markOf(index));
    const own = ours.get(markOf(index));
    const evaluated = own !== undefined && own.outcome !== 'error' && own.outcome !== 'skipped';
    return { row, index, promptfoo: theirs, ours: own, agrees: evaluated && theirs?.pass === own.pass };
  });
}

/** A line for each row on which they differ, with what each of them says. */
export function describeDifferences(comparisons: readonly Comparison[]): string[] {
  return comparisons
    .filter(({ agrees }) => !agrees)
    .map(({ row, index, promptfoo, ours }) => {
      const asked = JSON.stringify(row.value ?? row.assert ?? row.threshold ?? '').slice(0, 80);
      return (
        `${index} ${row.type} ${asked}: promptfoo ${promptfoo?.outcome ?? 'has no result'} ` +
        `(${short(promptfoo?.reason)}), Promptrig ${ours?.outcome ?? 'has no result'} (${short(ours?.reason)})`
      );
    });
}

function short(text = ''): string {
  return text.replace(/\s+/g, ' ').slice(0, 160);
}
