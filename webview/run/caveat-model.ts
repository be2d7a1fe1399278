/** Which remarks on the measurement belong to what is shown. */
import { isWhole } from './curve-model';
import type { Shown } from './selection';

/** Of the stage; for one that is the sum of its steps, what is to be known of them, once each with the steps it is true of. */
export function caveatsOf({ target, stage }: Shown): string[] {
  if (stage === null) return [];
  if (!isWhole(stage)) return stage.data.caveats ?? [];
  const steps = new Map<string, string[]>();
  for (const { data } of target.stages) {
    if (data.partOf !== stage.data.name) continue;
    for (const text of data.caveats ?? []) steps.set(text, [...(steps.get(text) ?? []), data.name]);
  }
  return [...steps].map(([text, names]) => `${namesText(names)}: ${text}`);
}

function namesText(names: readonly string[]): string {
  const [first = '', second] = names;
  if (names.length > 2) return `${first} and ${names.length - 1} more steps`;
  return second === undefined ? first : `${first} and ${second}`;
}
