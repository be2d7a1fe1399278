import type { AssertionResult, CaseOutcome, CaseRecord, QualityResult } from '../../protocol/run-json';
import { formatInterval, formatValue } from '../metrics/format';
import { wrap } from './layout';
import { levelOf } from './points';
import { sloLines } from './table-slo';
import { varianceLines } from './table-variance';
import type { TableContext } from './table';
import type { Tone } from './style';

/** More findings than this are in cases.ndjson: a screen full of them hides the verdicts. */
const SHOWN = 20;

/** The quality of a target: one line of numbers, each finding at its line of the file, and the quality SLOs. */
export function qualityLines(quality: QualityResult, cases: CaseRecord[], context: TableContext): string[] {
  const { paint, run } = context;
  const lines = [`${paint('strong', 'Quality')}  ${summary(quality, run.confidence)}`];
  const findings = collect(cases);
  for (const finding of findings.slice(0, SHOWN)) lines.push(...findingLines(finding, context));
  const more = findings.length - SHOWN;
  if (more > 0) lines.push(`  ${paint('dim', `and ${more} more, in cases.ndjson`)}`);
  lines.push(...sloLines(quality.slo, context).map((line) => `  ${line}`));
  lines.push(...varianceLines(quality, context));
  return lines;
}

function summary(quality: QualityResult, confidence: number): string {
  const asked = quality.cases - quality.skipped;
  const level = levelOf(confidence);
  const interval =
    quality.ci === null ? '' : `, ${level} CI ${formatInterval(quality.ci, quality.pass_rate ?? 0, 'ratio')}`;
  const rate = quality.pass_rate === null ? '' : ` (${formatValue(quality.pass_rate, 'ratio')}${interval})`;
  return [
    asked === 0 ? 'nothing was asked' : `${quality.passed} of ${asked} answers passed${rate}`,
    quality.failed === 0 ? '' : `${quality.failed} failed`,
    quality.errors === 0 ? '' : `${quality.errors} in error`,
    quality.skipped === 0 ? '' : `${quality.skipped} skipped`,
    quality.score === null ? '' : `score ${Number(quality.score.toPrecision(3))}`,
    quality.flake_rate === null || quality.flake_rate === 0 ? '' : `${formatValue(quality.flake_rate, 'ratio')} flaky`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** What the repeats of one case found at one place of the file. */
interface Finding {
  pointer: string;
  outcome: Exclude<CaseOutcome, 'passed'>;
  /** Severity below `error`: it is shown, but decides nothing. */
  minor: boolean;
  label: string;
  caseName: string;
  reason: string;
  count: number;
  of: number;
}

function collect(all: CaseRecord[]): Finding[] {
  // Those of load stages are many of the same; the stage tells how many.
  const cases = all.filter((record) => record.stage === undefined);
  const repeats = new Map<string, number>();
  for (const record of cases) repeats.set(record.case, (repeats.get(record.case) ?? 0) + 1);
  const found = new Map<string, Finding>();
  const add = (record: CaseRecord, finding: Omit<Finding, 'caseName' | 'count' | 'of'>) => {
    const key = JSON.stringify([record.case, finding.pointer, finding.label, finding.outcome]);
    const known = found.get(key);
    if (known !== undefined) known.count++;
    else found.set(key, { ...finding, caseName: record.name, count: 1, of: repeats.get(record.case) ?? 1 });
  };
  for (const record of cases) {
    const failed = record.assertions.some((assertion) => assertion.outcome === 'failed');
    // A request that failed leaves every assertion in error for the one reason that the case carries, too.
    if (record.assertions.length === 0 || (record.outcome === 'error' && !failed)) {
      if (record.outcome !== 'passed') {
        const reason = record.reason ?? 'without a reason';
        add(record, { pointer: record.case, outcome: record.outcome, minor: false, label: record.outcome, reason });
      }
      continue;
    }
    for (const assertion of record.assertions) {
      const { outcome, pointer } = assertion;
      if (outcome === 'passed') continue;
      // With a threshold the score decides, and no single assertion.
      const minor = assertion.severity !== 'error' || record.outcome === 'passed';
      add(record, { pointer, outcome, minor, ...describe(assertion) });
    }
  }
  const order = ['failed', 'error', 'skipped'];
  return [...found.values()].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
}

/** Types whose expected text is short enough to stand beside their name. */
const SHORT = /^(?:not-)?(?:equals|contains|icontains|ttft|latency)$/;

function describe({ type, name, expected, reason }: AssertionResult): { label: string; reason: string } {
  if (name !== undefined) return { label: `${name} (${type})`, reason };
  if (expected === undefined || !SHORT.test(type) || expected.length > 40) return { label: type, reason };
  const bare = type.startsWith('not-') ? expected.replace(/^not /, '') : expected;
  const shown = /^[<>]/.test(bare) ? bare : `"${bare}"`;
  // The reason need not repeat what stands right before it.
  const lead = `does not contain ${shown}`;
  const rest = reason.startsWith(lead) ? reason.slice(lead.length).replace(/^[;:,]?\s*/, '') : reason;
  return { label: `${type} ${shown}`, reason: rest };
}

const LOOK: Record<Finding['outcome'], { sign: string; tone: Tone }> = {
  failed: { sign: '✗', tone: 'bad' },
  error: { sign: '!', tone: 'bad' },
  skipped: { sign: '○', tone: 'dim' },
};

function findingLines(finding: Finding, { run, paint, width, lineOf }: TableContext): string[] {
  const line = lineOf?.(finding.pointer);
  const place = line === undefined ? run.source.path : `${run.source.path}:${line}`;
  const look = LOOK[finding.outcome];
  const tone = finding.minor ? 'unsure' : look.tone;
  const repeats = finding.of > 1 ? ` (${finding.count} of ${finding.of} answers)` : '';
  const note = finding.minor ? ' (does not decide)' : '';
  const head = `  ${place} ${paint(tone, `${look.sign} ${finding.label}`)} · ${finding.caseName}${repeats}${note}`;
  const reason = wrap(finding.reason, Math.max(20, width - 8)).map((part) => `      ${paint('dim', part)}`);
  return [head, ...reason];
}
