/** A difference of two shares in points, with its sign: `+3.5`, `−12`, `0`. */
export function signedPoints(share: number): string {
  const points = Number((share * 100).toPrecision(3));
  return `${points > 0 ? '+' : points < 0 ? '−' : ''}${Math.abs(points)}`;
}

/** `+3.5 points (95% CI −1.2 to +8.1)`. */
export function pointsWithInterval(share: number, ci: readonly [number, number] | null, confidence: number): string {
  const points = `${signedPoints(share)} points`;
  return ci === null
    ? points
    : `${points} (${levelOf(confidence)} CI ${signedPoints(ci[0])} to ${signedPoints(ci[1])})`;
}

/** `95%`. */
export function levelOf(confidence: number): string {
  return `${Number((confidence * 100).toPrecision(3))}%`;
}
