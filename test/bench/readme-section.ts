/** The part of README.md that holds the measured table. */
const START = '<!-- bench -->';
const END = '<!-- /bench -->';

/**
 * `readme` with what lies between the two marker comments replaced by `body`.
 * @throws Error where the markers are missing or in the wrong order
 */
export function withBenchSection(readme: string, body: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start === -1 || end < start) {
    throw new Error(`README.md has no ${START} followed by ${END}: there is no place to write the table to.`);
  }
  return `${readme.slice(0, start + START.length)}\n\n${body.trim()}\n\n${readme.slice(end)}`;
}
