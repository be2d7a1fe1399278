/** Words of a comparison; each has a codicon and a colour, and never a colour alone. */
import type { CompareCaseCell, CompareCell, ContenderAnswers, RaceLane } from '../../src/protocol/compare-panel';
import { verdictWord, type Word } from '../words';

type Against = NonNullable<CompareCell['against']>['verdict'];

const AGAINST: Record<Against, Word> = {
  better: { icon: 'thumbsup', tone: 'pass', word: 'better' },
  worse: { icon: 'thumbsdown', tone: 'fail', word: 'worse' },
  'no difference shown': { icon: 'dash', tone: 'neutral', word: 'no difference shown' },
  'not tested': { icon: 'circle-slash', tone: 'neutral', word: 'not tested' },
};

const CASES: Record<CompareCaseCell['state'], Word> = {
  passed: verdictWord('pass'),
  failed: verdictWord('fail'),
  error: verdictWord('error'),
  skipped: { icon: 'debug-step-over', tone: 'neutral', word: 'Skipped' },
  'not judged': { icon: 'circle-outline', tone: 'neutral', word: 'Not judged' },
  running: { icon: 'sync', tone: 'running', word: 'Running' },
};

const ASSERTIONS: Record<ContenderAnswers['repeats'][number]['assertions'][number]['state'], Word> = {
  pass: verdictWord('pass'),
  fail: verdictWord('fail'),
  error: verdictWord('error'),
  skipped: CASES.skipped,
};

const LANES: Record<RaceLane['status'], Word> = {
  waiting: { icon: 'clockface', tone: 'neutral', word: 'Waiting' },
  streaming: { icon: 'sync', tone: 'running', word: 'Streaming' },
  done: { icon: 'check', tone: 'neutral', word: 'Done' },
  error: { icon: 'warning', tone: 'fail', word: 'Error' },
};

export const BEST: Word = { icon: 'star-full', tone: 'pass', word: 'best' };
export const FLAKY: Word = { icon: 'git-compare', tone: 'inconclusive', word: 'flaky' };

export function againstWord(verdict: Against): Word {
  return AGAINST[verdict];
}

export function caseWord(state: CompareCaseCell['state']): Word {
  return CASES[state];
}

export function assertionWord(state: keyof typeof ASSERTIONS): Word {
  return ASSERTIONS[state];
}

export function laneWord(status: RaceLane['status']): Word {
  return LANES[status];
}
