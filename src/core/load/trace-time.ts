/** Instants as traces write them: numbers of a known unit, or dates with up to nanoseconds. */

const DATE = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i;

/**
 * A date and time such as `2023-11-16 18:15:46.6805900` or `2024-05-10 00:00:00.009930+00:00`, as ms since 1970. Without a
 * zone it is taken for UTC: in local time a night of daylight saving would tear an hour into the trace.
 * @returns null where it is no such date, or one that does not exist
 */
export function parseDateMs(text: string): number | null {
  const match = DATE.exec(text.trim());
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 60) return null;
  const midnight = new Date(Date.UTC(year, month - 1, day));
  // The 31st of February would silently become a day of March.
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return null;
  const fraction = match[7] === undefined ? 0 : Number(`0.${match[7]}`) * 1000;
  const zone = zoneMs(match[8]);
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - zone;
}

function zoneMs(zone: string | undefined): number {
  if (zone === undefined || /^[zu]/i.test(zone)) return 0;
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2, 4));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** A plain decimal number; null for anything else (also for the empty text, which `Number` takes for 0). */
export function parseDecimal(text: string): number | null {
  const trimmed = text.trim();
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(trimmed)) return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}
