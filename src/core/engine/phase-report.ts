import type { PhaseResult } from '../metrics/phases';
import type { LineFit, NoFit } from '../metrics/phases-fit';
import type { LineReport, PhaseReport } from '../../protocol/run-json';

/** The phases of a stage as `run.json` holds them. */
export function phaseReport({ bound, sentence, prefill, decode, shares, cold }: PhaseResult): PhaseReport {
  return {
    bound,
    sentence,
    prefill: lineReport(prefill),
    decode: lineReport(decode),
    prefill_share:
      shares === null
        ? null
        : {
            value: shares.prefillShare,
            ci: shares.ci,
            prefill_ms: shares.prefillMs,
            decode_ms: shares.decodeMs,
            n: shares.n,
          },
    cold: {
      n: cold.cold,
      ttft_p50: cold.coldTtftMs,
      ttft_max: cold.coldTtftMaxMs,
      warm_ttft_p50: cold.warmTtftMs,
      connect_p50: cold.connectMs,
      extra: cold.extraMs,
      extra_ci: cold.extraCi,
    },
  };
}

function lineReport(line: LineFit | NoFit): LineReport {
  if (line.kind === 'none') return { kind: 'none', reason: line.reason };
  const { slope, slopeCi, base, baseCi, r2, n, nEffective, xRange } = line;
  return {
    kind: 'fit',
    slope,
    slope_ci: slopeCi,
    base,
    base_ci: baseCi,
    r2,
    n,
    n_effective: nEffective,
    x_range: xRange,
  };
}
