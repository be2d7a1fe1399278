/** The limits that charts of a latency draw. */
import { formatValue } from '../../src/protocol/format';
import type { Limit } from '../charts/stage-layer';
import type { StageView } from './store';

/** The upper limits that are set for a metric of a stage. A run opened from its files has results and may have no plan. */
export function limitsOf({ slos, results }: StageView['data'], metric: string): Limit[] {
  const expressions = slos.length > 0 ? slos : results;
  return expressions.flatMap(({ expr, limit }) => {
    const [, name, stat = '', operator] = /^(\w+)(?:\.(\S+))?\s*(<=?)/.exec(expr) ?? [];
    if (name !== metric) return [];
    return [{ value: limit, label: `${stat} ${operator === '<' ? '<' : '≤'} ${formatValue(limit, 'ms')}`.trim() }];
  });
}
