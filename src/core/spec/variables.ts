import type { Json } from '../../protocol/plan';
import { shortText } from './naming';

export interface ExpandedVars {
  vars: Record<string, Json>;
  /** Tells the combinations of one case apart; empty where the case does not expand. */
  suffix: string;
}

/**
 * The variables of a case: as they are, or with `expand` one set for every combination of the elements of its list-valued
 * variables. Only the case's own lists expand, not those of the file. `overflow` where there are more than `limit`.
 */
export function expandVars(
  merged: Record<string, Json>,
  own: Record<string, Json>,
  expand: boolean,
  limit: number,
): { cases: ExpandedVars[]; overflow: boolean } {
  const lists = expand ? Object.entries(own).filter((entry): entry is [string, Json[]] => Array.isArray(entry[1])) : [];
  let cases: ExpandedVars[] = [{ vars: merged, suffix: '' }];
  for (const [key, values] of lists) {
    const next: ExpandedVars[] = [];
    for (const { vars, suffix } of cases) {
      for (const value of values) {
        if (next.length >= limit) return { cases: fill(next, lists), overflow: true };
        next.push({
          vars: { ...vars, [key]: value },
          suffix: `${suffix === '' ? '' : `${suffix}, `}${key}=${shortText(value)}`,
        });
      }
    }
    cases = next;
  }
  return { cases, overflow: false };
}

/** Lists that were not reached before the limit take their first element. */
function fill(cases: ExpandedVars[], lists: [string, Json[]][]): ExpandedVars[] {
  return cases.map(({ vars, suffix }) => {
    const filled = { ...vars };
    for (const [key, values] of lists) if (filled[key] === values && values[0] !== undefined) filled[key] = values[0];
    return { vars: filled, suffix };
  });
}
