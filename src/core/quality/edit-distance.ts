import { distance } from 'fastest-levenshtein';
import { commonEnd, firstDifference } from './excerpt';

/**
 * Cells of the table that may be computed, 32 at a time: about half a second. It is enough for two texts of 60,000 characters
 * that have nothing in common.
 */
const MOST_CELLS = 4e9;

export type Distance =
  | { kind: 'exact'; distance: number }
  /** The texts are too long to be compared, but their lengths alone differ by this many characters. */
  | { kind: 'at least'; distance: number }
  /** Within this many edits of each other they are not; how many there are beyond is not known. */
  | { kind: 'more than'; distance: number }
  | { kind: 'too long' };

/**
 * Insertions, deletions and replacements of characters (UTF-16 units, as in promptfoo) that turn one text into the other.
 * V. I. Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals", 1966.
 * @param within the distance that matters: texts too long for an exact answer are only held against it
 */
export function editDistance(left: string, right: string, within: number): Distance {
  // What both start and end with costs nothing: a long answer is most often a long text with a few changes.
  const start = firstDifference(left, right);
  const end = commonEnd(left, right, start);
  const a = left.slice(start, left.length - end);
  const b = right.slice(start, right.length - end);
  if (a.length * b.length <= MOST_CELLS) return { kind: 'exact', distance: distance(a, b) };
  const difference = Math.abs(a.length - b.length);
  if (difference > within) return { kind: 'at least', distance: difference };
  const band = Math.floor(within);
  // A cell of a band costs what 32 of the bit-parallel table do.
  if (Math.min(a.length, b.length) * (2 * band + 1) > MOST_CELLS / 32) return { kind: 'too long' };
  const banded = bandedDistance(a, b, band);
  return banded === null ? { kind: 'more than', distance: band } : { kind: 'exact', distance: banded };
}

/**
 * The distance where it is at most `band`, else null, in time proportional to length times band: a path of fewer edits never
 * leaves the band around the diagonal. E. Ukkonen, "Algorithms for approximate string matching", 1985.
 */
function bandedDistance(a: string, b: string, band: number): number | null {
  const width = 2 * band + 1;
  const far = band + 1;
  // Of row i, the cell of column j stands at j - i + band.
  let row = new Int32Array(width).fill(far);
  let next = new Int32Array(width);
  for (let j = 0; j <= Math.min(band, b.length); j++) row[j + band] = j;
  for (let i = 1; i <= a.length; i++) {
    next.fill(far);
    const unit = a.charCodeAt(i - 1);
    let best = far;
    for (let k = Math.max(0, band - i); k < width && i + k - band <= b.length; k++) {
      const j = i + k - band;
      const replaced = j === 0 ? far : (row[k] as number) + (unit === b.charCodeAt(j - 1) ? 0 : 1);
      const removed = (k + 1 < width ? (row[k + 1] as number) : far) + 1;
      const added = (k > 0 && j > 0 ? (next[k - 1] as number) : far) + 1;
      const cell = Math.min(replaced, removed, added, far);
      next[k] = cell;
      if (cell < best) best = cell;
    }
    if (best >= far) return null;
    [row, next] = [next, row];
  }
  const cell = row[b.length - a.length + band] as number;
  return cell >= far ? null : cell;
}
