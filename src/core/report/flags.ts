import type { StageResult } from '../../protocol/run-json';
import { formatCount, formatValue } from '../metrics/format';

/** Everything a reader must know before trusting a stage's numbers, each as a sentence. */
export function stageCaveats(stage: StageResult): string[] {
  return [...stage.flags.map((flag) => flagSentence(flag, stage)), ...approximations(stage)];
}

/** A flag in two words, for a column; the flag itself where it is unknown. */
export function flagWords(flag: string): string {
  return flag.replaceAll('_', ' ');
}

function flagSentence(flag: string, stage: StageResult): string {
  switch (flag) {
    case 'client_limited':
      return (
        `The load generator itself was the bottleneck (p99 of its dispatch lag ${formatValue(stage.client.dispatch_lag_p99_ms, 'ms')}), ` +
        `so this stage cannot pass: lower the rate or use a machine with more free cores.`
      );
    case 'not_for_latency':
      return 'The model was asked through the editor, which adds its own delays: times and rates are shown, and get no verdict.';
    case 'clock_jump':
      return 'The clock of this machine jumped while the stage ran (it was suspended?), so its times cannot be trusted: run again.';
    case 'tokens_mixed':
      return 'Output tokens were counted in more than one way, so token rates and TPOT mix unlike numbers.';
    case 'hidden_tokens':
      return 'The server bills tokens that it never streamed: TPOT looks smaller than it is.';
    case 'not_steady':
      return 'Latency or concurrency kept growing over the window: the server is saturating.';
    case 'low_samples':
      return 'The sample is too small for some of its percentiles: run longer, or at a higher rate.';
    case 'no_samples':
      return 'No request was due inside the measured window: run longer, or shorten warm-up and cool-down.';
    case 'stopped':
      return 'The stage was stopped before its end; its numbers cover what had run.';
    default:
      return `Note: ${flagWords(flag)}.`;
  }
}

function approximations({ metrics }: StageResult): string[] {
  const names = Object.keys(metrics).filter((name) => metrics[name]?.method === 'hdr');
  if (names.length === 0) return [];
  const most = Math.max(...names.map((name) => metrics[name]?.n ?? 0));
  return [
    `Percentiles of ${names.join(', ')} are from a histogram with 3 significant digits: ` +
      `up to ${formatCount(most)} values are more than are kept one by one.`,
  ];
}
