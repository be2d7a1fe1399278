/** Which stages of two targets are the same load. */
import type { ComparedStage } from './compared-run';

/** Two rates or concurrencies that differ by less are the same load. */
const SAME_LOAD = 0.05;

/** Cases with cases; load stages by name, then by load, and a lone one with a lone one. */
export function matchStages(
  first: readonly ComparedStage[],
  second: readonly ComparedStage[],
): { matched: [ComparedStage, ComparedStage][]; unmatched: { stage: ComparedStage; side: 'first' | 'second' }[] } {
  const matched: [ComparedStage, ComparedStage][] = [];
  const left = new Set(first);
  const right = new Set(second);
  const take = (fits: (a: ComparedStage, b: ComparedStage) => boolean): void => {
    for (const a of [...left]) {
      const b = [...right].find((stage) => a.isCases === stage.isCases && fits(a, stage));
      if (b === undefined) continue;
      matched.push([a, b]);
      left.delete(a);
      right.delete(b);
    }
  };
  take((a, b) => a.isCases || a.name === b.name);
  take((a, b) => sameLoad(a, b));
  const load = (stages: ReadonlySet<ComparedStage>): ComparedStage[] => [...stages].filter(({ isCases }) => !isCases);
  if (load(left).length === 1 && load(right).length === 1) take(() => true);
  matched.sort(([a], [b]) => first.indexOf(a) - first.indexOf(b));
  return {
    matched,
    unmatched: [
      ...[...left].map((stage) => ({ stage, side: 'first' as const })),
      ...[...right].map((stage) => ({ stage, side: 'second' as const })),
    ].filter(({ stage }) => !stage.isCases),
  };
}

export function sameLoad(a: ComparedStage, b: ComparedStage): boolean {
  const close = (x: number | null, y: number | null): boolean =>
    x !== null && y !== null && Math.abs(x - y) <= SAME_LOAD * Math.max(x, y);
  return a.loop === b.loop && (close(a.rate, b.rate) || (a.rate === null && close(a.concurrency, b.concurrency)));
}
