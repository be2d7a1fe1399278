/**
 * Cosine of the angle between two vectors, a.b / (|a| |b|): from -1, opposite, to 1, the same direction.
 * @returns null where one of them has no direction, being all zeros
 * @throws RangeError where they are not of the same length
 */
export function cosineSimilarity(a: readonly number[], b: readonly number[]): number | null {
  if (a.length !== b.length) throw new RangeError(`vectors of ${a.length} and ${b.length} numbers cannot be compared`);
  const scaleA = largest(a);
  const scaleB = largest(b);
  if (scaleA === 0 || scaleB === 0) return null;
  let dot = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    // Scaled, since squares of very large or small numbers leave the range of numbers.
    const x = (a[i] ?? 0) / scaleA;
    const y = (b[i] ?? 0) / scaleB;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  // Rounding may carry it past the ends.
  return Math.min(1, Math.max(-1, dot / Math.sqrt(squaresA * squaresB)));
}

function largest(vector: readonly number[]): number {
  let most = 0;
  for (const value of vector) most = Math.max(most, Math.abs(value));
  return most;
}
