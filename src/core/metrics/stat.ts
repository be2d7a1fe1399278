/** Statistics of a distribution by name: `mean`, `min`, `max`, `stdev`, `p99`, `p99.9`. */

/** The share of samples below a percentile's value, such as 0.99 for `p99`; null where `stat` is no percentile strictly between 0 and 100. */
export function shareOfPercentile(stat: string): number | null {
  const digits = /^p(\d{1,2}(?:\.\d{1,3})?)$/.exec(stat)?.[1];
  if (digits === undefined) return null;
  // Dividing the decimal digits as an integer keeps p99.9 at 0.999, not 0.9990000000000001.
  const [whole = '0', fraction = ''] = digits.split('.');
  const share = Number(whole + fraction) / 10 ** (2 + fraction.length);
  return share > 0 && share < 1 ? share : null;
}

/** Whether `text` names a statistic that an SLO may use. */
export function isStat(text: string): boolean {
  return text === 'mean' || text === 'min' || text === 'max' || text === 'stdev' || shareOfPercentile(text) !== null;
}
