/** A comparison with what is pinned as a report of its own. */
import type { BaselineComparison } from '../../protocol/run-json';
import { plainData, plainJson } from './plain';
import { painter } from './style';
import { baselineLines } from './table-baseline';

export function renderBaselineTable(
  raw: BaselineComparison,
  { colour, width, confidence }: { colour: boolean; width: number; confidence: number },
): string {
  const comparison = plainData(raw);
  const paint = painter(colour);
  const lines = baselineLines(comparison, { paint, width, confidence });
  const { regressions, verdict } = comparison;
  const count = regressions.length;
  const end =
    count > 0
      ? paint('bad', `✗ ${count} ${count === 1 ? 'regression' : 'regressions'}`)
      : verdict === 'inconclusive'
        ? paint('unsure', '~ inconclusive')
        : paint('good', '✓ no regression shown');
  return `${[...lines, '', end].join('\n')}\n`;
}

export function renderBaselineJson(comparison: BaselineComparison): string {
  return `${plainJson(JSON.stringify(comparison, null, 2))}\n`;
}
