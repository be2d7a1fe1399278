import { integratedAutocorrelationTime } from './autocorrelation';

/** A provisional autocorrelation time, estimated anew only when the sample has grown by a quarter: a tick must stay cheap. */
export class LiveTau {
  private tau = 1;
  private at = 0;

  /** @param series called where the estimate is due */
  of(n: number, series: () => Float64Array): number {
    if (n > this.at * 1.25) {
      this.tau = integratedAutocorrelationTime(series());
      this.at = n;
    }
    return this.tau;
  }
}
