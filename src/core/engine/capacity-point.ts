/** What the probes of one rate say together. */
import type { Confidence } from '../../protocol/run-json';
import type { CapacityPoint, Probe, ProbeVerdict, RateVerdict } from './capacity-types';

export class RateEvidence {
  readonly verdicts: ProbeVerdict[] = [];

  constructor(readonly rate: number) {}

  get attempts(): number {
    return this.verdicts.length;
  }

  get errors(): number {
    return this.verdicts.filter(({ verdict }) => verdict === 'error').length;
  }

  get limited(): number {
    return this.verdicts.filter(isLimited).length;
  }

  /**
   * By majority of the probes that could judge; sure ones count twice. Where they are even, or none is for passing, it fails:
   * the question is which rate still meets the SLOs. Null where no probe says anything.
   */
  get verdict(): RateVerdict | null {
    const { pass, fail } = this.votes();
    if (pass === 0 && fail === 0) return this.doubtful > 0 ? 'fail' : null;
    return pass > fail ? 'pass' : 'fail';
  }

  /** Whether the evidence is that of one sure probe, or of two that agree with none against them. */
  get confidence(): Confidence {
    const { pass, fail } = this.votes();
    return Math.max(pass, fail) >= 2 && Math.min(pass, fail) === 0 ? 'high' : 'low';
  }

  /** Whether another probe of this rate could not change, or must not be asked about, its verdict. */
  settled(repeats: number): boolean {
    if (this.attempts >= repeats) return true;
    const { pass, fail } = this.votes();
    return Math.abs(pass - fail) >= 2;
  }

  /** The bar for the two ends of the bracket: not one probe alone, however sure, because a stall makes a sure verdict too. */
  confirmed(repeats: number): boolean {
    return this.settled(repeats) && this.attempts >= Math.min(2, repeats);
  }

  point(): CapacityPoint {
    const { rate, verdict, confidence } = this;
    return { rate, verdict, confidence, probes: [...this.verdicts] };
  }

  /** Mean over the probes that passed; null where none says. */
  get goodput(): number | null {
    const known = this.verdicts.flatMap(({ verdict, goodput }) =>
      verdict === 'pass' && goodput !== undefined ? [goodput] : [],
    );
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  }

  /** The reason of the last probe with the given verdict. */
  reason(verdict: ProbeVerdict['verdict']): string | undefined {
    return this.verdicts.filter((item) => item.verdict === verdict).at(-1)?.reason;
  }

  private get doubtful(): number {
    return this.verdicts.filter((item) => !isLimited(item) && voteOf(item) === null && item.verdict !== 'error').length;
  }

  private votes(): { pass: number; fail: number } {
    const votes = { pass: 0, fail: 0 };
    for (const item of this.verdicts) {
      const vote = voteOf(item);
      if (vote !== null) votes[vote] += item.confidence === 'high' ? 2 : 1;
    }
    return votes;
  }
}

/** Null where a probe does not judge: it was inconclusive or in error, the client was the limit, or a pass was not steady. */
function voteOf(item: ProbeVerdict): RateVerdict | null {
  if (isLimited(item)) return null;
  if (item.verdict === 'pass') return item.steady === false ? null : 'pass';
  return item.verdict === 'fail' ? 'fail' : null;
}

/** The client's limit makes no miss: what was missed may have been missed by the client. */
function isLimited(item: ProbeVerdict): boolean {
  return item.clientLimited === true && item.verdict !== 'error';
}

const TIMES = ['', '', ', again', ', third time', ', fourth time', ', fifth time'];

/** The next probe of a rate that has been tried `attempts` times. */
export function probeOf(index: number, rate: number, attempts: number): Probe {
  const attempt = attempts + 1;
  return { index, rate, attempt, label: `${rate}/s${TIMES[attempt] ?? `, ${attempt}th time`}` };
}
