/**
 * A comparison that tells a story: `large` answers best and is slow and dear, `small` is fast and cheap and answers worse, and
 * `large fp8` is nearly as good at half the price, so that it is the choice under the limits.
 */
import type {
  CompareAxis,
  CompareCase,
  CompareCaseCell,
  CompareCell,
  ComparePanelState,
  CompareRow,
  Contender,
  ContenderAnswers,
  RaceLane,
} from '../../src/protocol/compare-panel';
import type { CurveResult, MatrixTrend } from '../../src/protocol/run-json';
import type { SloCell } from '../../src/protocol/run-comparison';

export const [SMALL, LARGE, FP8] = ['shop/small', 'shop/large', 'shop/large-fp8'] as const;

export function contender(id: string, label: string, more: Partial<Contender> = {}): Contender {
  return {
    id,
    label,
    tool: 'promptrig',
    run: {
      id: '20261126-041000-shop',
      name: 'Shop assistant',
      startedAt: '2026-11-26T04:10:00.000Z',
      path: '.promptrig/runs/20261126-041000-shop',
      commit: '61d857a90b1c',
    },
    target: label,
    endpoint: 'local-vllm',
    model: `shop-${label.replaceAll(' ', '-')}`,
    prompt: 'prompts/support.txt',
    params: {},
    verdict: 'pass',
    error: null,
    notes: [],
    caveats: [],
    ...more,
  };
}

export const contenders: Contender[] = [
  contender(SMALL, 'small', { verdict: 'fail', params: { quantization: 'none' } }),
  contender(LARGE, 'large', { verdict: 'fail', params: { quantization: 'none' } }),
  contender(FP8, 'large fp8', { verdict: 'pass', params: { quantization: 'fp8' } }),
];

const METRICS: ComparePanelState['metrics'] = {
  'quality.pass_rate': {
    label: 'Pass rate',
    unit: 'ratio',
    formula: 'passed / (answers - skipped)',
    meaning: 'Share of the answers that meet every assertion of their case.',
  },
  ttft: {
    label: 'TTFT',
    unit: 'ms',
    formula: 'first token - scheduled send',
    meaning: 'Time until a reader sees the first token.',
  },
  goodput: {
    label: 'Goodput',
    unit: '1/s',
    formula: 'requests that meet every SLO / time',
    meaning: 'Good requests a second.',
  },
  'cost.per_good': {
    label: 'Cost per good request',
    unit: 'USD',
    formula: 'cost / good requests',
    meaning: 'What a request that meets every SLO costs.',
  },
};

type Numbers = [value: number | null, low?: number, high?: number, n?: number];

function cells(
  values: Numbers[],
  against: (Partial<NonNullable<CompareCell['against']>> | null)[],
  reference: number,
): CompareCell[] {
  const base = values[reference]?.[0] ?? null;
  return values.map(([value, low, high, n], i) => {
    const one = against[i];
    return {
      value,
      n: n ?? null,
      ci: low === undefined || high === undefined ? null : [low, high],
      against:
        one == null || value === null || base === null
          ? null
          : { difference: value - base, ci: null, pAdjusted: null, verdict: 'not tested', ...one },
      notes: [],
    };
  });
}

export function rowOf(
  metric: string,
  stat: string | null,
  values: Numbers[],
  more: Partial<CompareRow> & { against?: (Partial<NonNullable<CompareCell['against']>> | null)[] } = {},
): CompareRow {
  const definition = METRICS[metric];
  const { against = [], ...rest } = more;
  return {
    metric,
    stat,
    label: [definition?.label ?? metric, stat].filter((part) => part !== null).join(' '),
    unit: definition?.unit ?? 'ms',
    better: 'lower',
    winner: null,
    conclusion: 'no difference shown',
    ...rest,
    cells: cells(values, against, 1),
  };
}

const AXES: CompareAxis[] = [
  { axis: 'quality.pass_rate', label: 'Pass rate', unit: 'ratio', better: 'higher' },
  { axis: 'ttft.p99', label: 'TTFT p99', unit: 'ms', better: 'lower' },
  { axis: 'goodput', label: 'Goodput', unit: '1/s', better: 'higher' },
  { axis: 'cost.per_good', label: 'Cost per good request', unit: 'USD', better: 'lower' },
];

export function sloCell(target: string, value: number | null, verdict: SloCell['verdict'], low = false): SloCell {
  return { target, value, verdict, confidence: low ? 'low' : 'high' };
}

export function caseCell(state: CompareCaseCell['state'], more: Partial<CompareCaseCell> = {}): CompareCaseCell {
  const passed = state === 'passed' ? 3 : 0;
  return { state, passed, of: 3, flaky: false, score: null, answer: 'You have 30 days.', reason: '', ...more };
}

export const cases: CompareCase[] = [
  {
    id: 'refund-window',
    name: 'Refund window',
    tags: ['refunds'],
    differs: true,
    cells: [
      caseCell('failed', { reason: 'does not contain "30 days"', answer: 'You have two weeks to send it back.' }),
      caseCell('passed'),
      caseCell('passed'),
    ],
  },
  {
    id: 'polite-refusal',
    name: 'Polite refusal',
    tags: ['tone'],
    differs: true,
    cells: [
      caseCell('failed', { passed: 1, flaky: true, reason: 'the answer is curt' }),
      caseCell('passed'),
      caseCell('passed', { passed: 2, flaky: true }),
    ],
  },
  {
    id: 'greeting',
    name: 'Greeting',
    tags: ['tone'],
    differs: false,
    cells: [caseCell('passed'), caseCell('passed'), caseCell('passed')],
  },
  {
    id: 'json-order',
    name: 'Order as JSON',
    tags: ['format'],
    differs: true,
    cells: [caseCell('passed'), caseCell('error', { reason: 'timed out after 30 s' }), null],
  },
];

export function answersOf(id: string, ...answers: (string | null)[]): ContenderAnswers {
  return {
    id,
    repeats: answers.map((answer, repeat) => ({
      repeat,
      state: 'passed',
      answer,
      reasoning: null,
      ttftMs: 120 + repeat,
      e2eMs: 1840,
      outputTokens: 42,
      costUsd: 0.0012,
      assertions: [{ label: 'contains "30 days"', state: 'pass', reason: 'found at the end' }],
    })),
  };
}

export function curve(more: Partial<CurveResult> = {}, slowness = 1): CurveResult {
  const rates = [2, 4, 8, 12, 16];
  const values = [120, 128, 150, 210, 420].map((ms) => ms * slowness);
  return {
    stage: 'capacity',
    pointer: '/load/stages/1',
    kind: 'capacity',
    status: 'found',
    points: rates.map((rate, i) => ({
      stage: `capacity @ ${rate}/s`,
      rate,
      rps: rate * 0.98,
      goodput: rate * 0.9,
      verdict: (values[i] ?? 0) <= 250 ? 'pass' : 'fail',
      values: { 'ttft.p99 <= 250ms': values[i] ?? null },
    })),
    rate: 12,
    bracket: [12, 16],
    confidence: 'high',
    cost_per_good: 0.0021,
    conclusion: 'Up to 12/s meets the SLOs.',
    verdict: 'pass',
    ...more,
  };
}

export function trend(more: Partial<MatrixTrend> = {}): MatrixTrend {
  return {
    param: 'temperature',
    fixed: 'model shop-large',
    points: [0, 0.3, 0.7, 1].map((value, i) => ({
      value,
      target: contenders[i % 3]?.id ?? '',
      pass_rate: 0.95 - i * 0.04,
      score: 0.9 - i * 0.03,
      flake_rate: i * 0.05,
      output_tokens: 180 + i * 12,
      distinct: 1 + i * 0.6,
      ttft_p50: 110 + i,
      e2e_p50: 1600 + i * 90,
      e2e_p99: 2600 + i * 140,
      cost_per_request: 0.002 + i * 0.0001,
    })),
    ...more,
  };
}

export function compareState(more: Partial<ComparePanelState> = {}): ComparePanelState {
  return {
    title: 'Shop assistant: small, large, large fp8',
    status: 'done',
    statusText: '',
    confidence: 0.95,
    contenders,
    reference: LARGE,
    stages: [
      { name: 'steady chat', load: 'poisson 8/s' },
      { name: 'burst', load: 'burst 40' },
    ],
    stage: 'steady chat',
    sections: [
      {
        kind: 'quality',
        rows: [
          rowOf(
            'quality.pass_rate',
            null,
            [
              [0.812, 0.76, 0.86, 240],
              [0.946, 0.91, 0.97, 240],
              [0.938, 0.9, 0.965, 240],
            ],
            {
              better: 'higher',
              conclusion: 'no difference shown between large and large fp8',
              against: [
                { ci: [-0.18, -0.09], pAdjusted: 0.0004, verdict: 'worse' },
                null,
                { ci: [-0.03, 0.015], pAdjusted: 0.61, verdict: 'no difference shown' },
              ],
            },
          ),
        ],
      },
      {
        kind: 'latency',
        rows: [
          rowOf(
            'ttft',
            'p99',
            [
              [121, 114, 130, 478],
              [312, 298, 329, 478],
              [184, 176, 195, 478],
            ],
            {
              winner: SMALL,
              conclusion: 'small is better than every other',
              against: [
                { ci: [-208, -175], pAdjusted: 0.0003, verdict: 'better' },
                null,
                { ci: [-146, -110], pAdjusted: 0.0003, verdict: 'better' },
              ],
            },
          ),
          rowOf('ttft', 'p50', [[62, 60, 64, 478], [140, 136, 144, 478], [null]], {
            conclusion: 'not tested: large fp8 has no value',
            against: [{ ci: [-82, -73], pAdjusted: 0.0003, verdict: 'better' }, null, null],
          }),
        ],
      },
      {
        kind: 'rates',
        note: 'not tested: one number a run says nothing about how it scatters',
        rows: [
          rowOf('goodput', null, [[7.9], [5.1], [7.4]], {
            better: 'higher',
            conclusion: 'not tested',
            against: [
              { reason: 'a rate has no sample of its own' },
              null,
              { reason: 'a rate has no sample of its own' },
            ],
          }),
        ],
      },
      {
        kind: 'cost',
        note: 'not tested: one number a run says nothing about how it scatters',
        rows: [
          rowOf('cost.per_good', null, [[0.0004], [0.0048], [0.0021]], {
            conclusion: 'not tested',
            against: [
              { reason: 'a cost has no sample of its own' },
              null,
              { reason: 'a cost has no sample of its own' },
            ],
          }),
        ],
      },
    ],
    tested: 5,
    slos: [
      {
        expr: 'quality.pass_rate >= 90%',
        stage: '',
        cells: [sloCell(SMALL, 0.812, 'fail'), sloCell(LARGE, 0.946, 'pass'), sloCell(FP8, 0.938, 'pass', true)],
      },
      {
        expr: 'ttft.p99 <= 250ms',
        stage: 'steady chat',
        cells: [sloCell(SMALL, 121, 'pass'), sloCell(LARGE, 312, 'fail'), sloCell(FP8, 184, 'pass')],
      },
      {
        expr: 'itl.p99 <= 50ms',
        stage: 'steady chat',
        cells: [sloCell(SMALL, 22, 'pass'), null, sloCell(FP8, null, 'inconclusive', true)],
      },
    ],
    axes: AXES,
    pareto: {
      x: 'ttft.p99',
      y: 'quality.pass_rate',
      points: [
        { id: SMALL, x: 121, y: 0.812, xCi: [114, 130], yCi: [0.76, 0.86] },
        { id: LARGE, x: 312, y: 0.946, xCi: [298, 329], yCi: [0.91, 0.97] },
        { id: FP8, x: 184, y: 0.938, xCi: [176, 195], yCi: [0.9, 0.965] },
      ],
      front: [SMALL, LARGE, FP8],
      dominated: [],
      leftOut: [],
      limits: [
        { axis: 'ttft.p99', value: 250, expr: 'ttft.p99 <= 250ms' },
        { axis: 'quality.pass_rate', value: 0.9, expr: 'quality.pass_rate >= 90%' },
      ],
    },
    triangles: {
      axes: ['quality.pass_rate', 'ttft.p99', 'cost.per_good'],
      full: 2,
      items: [triangle(SMALL, 0.902, 2.07, 2), triangle(LARGE, 1.05, 0.8, 0.52), triangle(FP8, 1.04, 1.36, 1.19)],
    },
    selection: {
      aim: 'quality.pass_rate',
      result: {
        subject_to: ['ttft.p99 <= 250ms', 'cost.per_good <= $0.0025'],
        fitting: [
          { id: SMALL, sure: true },
          { id: FP8, sure: false },
        ],
        rejected: [
          { id: LARGE, reasons: ['ttft.p99 is 312 ms, 62 ms over', 'cost.per_good is $0.0048, $0.0023 over'] },
        ],
        choices: [
          {
            axis: 'quality.pass_rate',
            best: { id: LARGE, value: 0.946 },
            chosen: { id: FP8, value: 0.938 },
            cost: 0.008,
          },
        ],
      },
      sentence: 'large fp8 is the best that fits: a pass rate of 93.8%. The limits cost 0.8 points against large.',
      invalid: [],
    },
    cases,
    matrix: [],
    curves: [],
    caveats: ['The runs of small and large fp8 were 2 hours apart.'],
    race: [],
    metrics: METRICS,
    ...more,
  };
}

function triangle(id: string, ...scores: number[]) {
  return {
    id,
    corners: ['quality.pass_rate', 'ttft.p99', 'cost.per_good'].map((axis, i) => ({
      axis,
      score: scores[i] ?? null,
      formula: `${axis} against its limit = ${scores[i] ?? 'unknown'}`,
    })),
  };
}

export function raceLane(id: string, more: Partial<RaceLane> = {}): RaceLane {
  return {
    id,
    case: 'refund-window',
    caseName: 'Refund window',
    text: '',
    ttftMs: null,
    chunks: 0,
    status: 'waiting',
    e2eMs: null,
    ...more,
  };
}
