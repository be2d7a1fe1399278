export interface SuiteCounts {
  passed: number;
  failed: number;
  /** Why the suite counts as failed beyond its failed tests; empty when nothing is wrong. */
  problems: string[];
}

/**
 * What a suite came to, from the words of the counting reporter and the suite's exit code.
 * A suite that crashed, ran nothing, left tests out or failed without a failed test counts as one failure more, so that
 * no way of not running a test can look like success.
 * @param words the reporter's file; undefined when it was never written.
 * @param exitCode null when a signal ended the suite.
 */
export function suiteCounts(words: string | undefined, exitCode: number | null): SuiteCounts {
  const events = (words ?? '').split('\n').filter((word) => word !== '');
  const count = (event: string): number => events.filter((word) => word === event).length;
  const passed = count('pass');
  const failed = count('fail');
  const pending = count('pending');
  const problems: string[] = [];
  if (count('end') === 0) problems.push('it ended before its tests did');
  else if (passed + failed + pending === 0) problems.push('it ran no test');
  if (pending > 0 && failed === 0) problems.push(`${pending} of its tests were left out`);
  if (exitCode !== 0 && failed === 0 && problems.length === 0) {
    problems.push(`it ended with ${exitCode === null ? 'a signal' : `code ${exitCode}`} though no test failed`);
  }
  return { passed, failed: failed + (problems.length > 0 ? 1 : 0), problems };
}
