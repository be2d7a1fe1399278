/** What an SLO's expression sets as its limit: curves come with expressions alone. */

/** The number of an expression in the unit of its metric: `ttft.p99 <= 0.25s` is 250. Null where it says none. */
export function limitOf(expr: string): number | null {
  const match = /(?:<=?|>=?|≤|≥)\s*\$?\s*([\d.,_]+(?:e-?\d+)?)\s*(%|ms|s|us|µs|min)?/i.exec(expr);
  if (match === null) return null;
  const value = Number(match[1]?.replace(/[,_]/g, ''));
  if (!Number.isFinite(value)) return null;
  const scale: Record<string, number> = { '%': 0.01, ms: 1, s: 1000, us: 0.001, µs: 0.001, min: 60_000 };
  return value * (scale[match[2]?.toLowerCase() ?? ''] ?? 1);
}
