/** Every state has a codicon, a colour and a word: never colour alone. */
import type { CaseOutcome, RunVerdict, SloResult, Verdict } from '../src/protocol/run-json';
import type { RunPanelState } from '../src/protocol/run-panel';

export type Tone = 'pass' | 'fail' | 'inconclusive' | 'running' | 'neutral';

export interface Word {
  icon: string;
  tone: Tone;
  word: string;
}

const VERDICTS: Record<RunVerdict, Word> = {
  pass: { icon: 'pass', tone: 'pass', word: 'Pass' },
  fail: { icon: 'error', tone: 'fail', word: 'Fail' },
  inconclusive: { icon: 'question', tone: 'inconclusive', word: 'Inconclusive' },
  error: { icon: 'warning', tone: 'fail', word: 'Error' },
};

const PROVISIONAL: Record<Verdict, string> = {
  pass: 'Pass so far',
  fail: 'Over so far',
  inconclusive: 'Too early to say',
};

const STATUSES: Record<RunPanelState['status'], Word> = {
  idle: { icon: 'circle-outline', tone: 'neutral', word: 'Not run yet' },
  running: { icon: 'sync', tone: 'running', word: 'Running' },
  completed: { icon: 'check', tone: 'neutral', word: 'Completed' },
  stopped: { icon: 'debug-stop', tone: 'inconclusive', word: 'Stopped' },
  crashed: { icon: 'flame', tone: 'fail', word: 'Crashed' },
  error: { icon: 'warning', tone: 'fail', word: 'Could not run' },
};

const OUTCOMES: Record<CaseOutcome, Word> = {
  passed: VERDICTS.pass,
  failed: VERDICTS.fail,
  error: VERDICTS.error,
  skipped: { icon: 'debug-step-over', tone: 'neutral', word: 'Skipped' },
};

/** An answer that is being streamed, and one whose stream nobody will end any more. */
export const ANSWERING: Word = { icon: 'sync', tone: 'running', word: 'Running' };
export const INTERRUPTED: Word = { icon: 'debug-disconnect', tone: 'inconclusive', word: 'Cut off' };

export const WAITING: Word = { icon: 'clockface', tone: 'neutral', word: 'Waiting' };

export function verdictWord(verdict: RunVerdict): Word {
  return VERDICTS[verdict];
}

/** A verdict that more samples may still turn round. A limit that is a minimum is missed by being under it. */
export function provisionalWord(verdict: Verdict, minimum: boolean): Word {
  return { ...VERDICTS[verdict], word: verdict === 'fail' && minimum ? 'Under so far' : PROVISIONAL[verdict] };
}

export function statusWord(status: RunPanelState['status']): Word {
  return STATUSES[status];
}

const ENDS: Record<string, string> = {
  failed: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
  truncated: 'Cut off',
};

/** How a request ended; `row` knows more than its point, once it is there. */
export function requestWord(
  { ok, warmup }: { ok: boolean; warmup: boolean },
  row?: { outcome: string; errorKind: string | null },
): Word {
  if (ok)
    return warmup
      ? { icon: 'circle-outline', tone: 'neutral', word: 'Not counted' }
      : { ...VERDICTS.pass, word: 'Done' };
  const word = row?.errorKind ?? ENDS[row?.outcome ?? 'failed'] ?? 'Failed';
  return row?.outcome === 'cancelled' ? { icon: 'circle-slash', tone: 'neutral', word } : { ...VERDICTS.fail, word };
}

export function outcomeWord(outcome: CaseOutcome): Word {
  return OUTCOMES[outcome];
}

const RANK: Record<Verdict, number> = { fail: 0, inconclusive: 1, pass: 2 };

/** Rank of a list of SLOs by its worst verdict, 0 the worst; 3 for an empty list. */
export function worstOf(results: readonly SloResult[]): number {
  return Math.min(3, ...results.map(({ verdict }) => RANK[verdict]));
}

/** Rank of the verdict of a run or of a part of it; what could not be judged is as bad as a miss. */
export function rankOfRun(verdict: RunVerdict): number {
  return verdict === 'error' ? RANK.fail : RANK[verdict];
}

export function rankOf(verdict: Verdict): number {
  return RANK[verdict];
}
