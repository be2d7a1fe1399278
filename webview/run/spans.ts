/** The parts of an answer that its assertions speak of. */
import type { AssertionResult } from '../../src/protocol/run-json';

export interface Piece {
  text: string;
  /** Null for text that no assertion speaks of. */
  mark: { outcome: 'passed' | 'failed'; reason: string } | null;
}

interface Marked {
  from: number;
  to: number;
  outcome: 'passed' | 'failed';
  reason: string;
}

/** Cuts a text at the spans of its assertions; where they overlap, what failed is what is shown. */
export function piecesOf(text: string, assertions: readonly AssertionResult[]): Piece[] {
  const marks = marksOf(assertions, text.length);
  if (marks.length === 0) return [{ text, mark: null }];
  const edges = [...new Set([0, text.length, ...marks.flatMap(({ from, to }) => [from, to])])].sort((a, b) => a - b);
  const pieces: Piece[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const [from = 0, to = 0] = [edges[i], edges[i + 1]];
    const over = marks.filter((mark) => mark.from <= from && mark.to >= to);
    const top = over.find(({ outcome }) => outcome === 'failed') ?? over[0];
    const mark = top === undefined ? null : { outcome: top.outcome, reason: top.reason };
    const last = pieces.at(-1);
    if (last !== undefined && last.mark?.reason === mark?.reason && last.mark?.outcome === mark?.outcome)
      last.text += text.slice(from, to);
    else pieces.push({ text: text.slice(from, to), mark });
  }
  return pieces;
}

function marksOf(assertions: readonly AssertionResult[], length: number): Marked[] {
  return assertions.flatMap((assertion): Marked[] => {
    const { outcome, reason, spans = [], members = [] } = assertion;
    const own =
      outcome === 'passed' || outcome === 'failed'
        ? spans.flatMap(([start, end]): Marked[] => {
            const from = Math.max(0, start);
            const to = Math.min(length, end);
            return to > from ? [{ from, to, outcome, reason }] : [];
          })
        : [];
    return [...own, ...marksOf(members, length)];
  });
}
