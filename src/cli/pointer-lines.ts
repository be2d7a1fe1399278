import type { EvalOutline, OutlineItem } from '../core/spec/document';

/** Finds the line (from 1) of a JSON pointer by the places that a file's outline knows. */
export function lineOfPointer(document: { outline: EvalOutline }): (pointer: string) => number | undefined {
  const { cases, assertions, stages, slos, endpoints } = document.outline;
  const items: OutlineItem[] = [
    ...cases.flatMap((item) => [item, ...item.assertions]),
    ...assertions,
    ...stages.flatMap((item) => [item, ...item.slos]),
    ...slos,
    ...endpoints,
  ];
  const lines = new Map(items.map((item) => [item.pointer, item.anchor.start.line + 1]));
  return (pointer) => lines.get(pointer);
}
