import assert from 'node:assert/strict';
import { answer, assertion } from './helpers';
import { evaluateOne, testRows } from './rows';

// The answer of the helpers took 120 ms to its first token, 20 ms a gap and 900 ms in all, and has 10 tokens.
describe('assertions on speed and cost', () => {
  testRows([
    { type: 'ttft', value: 120, text: 'x', outcome: 'passed', says: /TTFT 120 ms is within 120 ms/ },
    { type: 'ttft', value: 119.9, text: 'x', outcome: 'failed' },
    { type: 'ttft', threshold: 100, text: 'x', outcome: 'failed', says: /20(\.0)? ?ms over 100 ?ms/ },
    { type: 'ttft', value: '0.12s', text: 'x', outcome: 'passed' },
    { type: 'ttft', value: '100', text: 'x', outcome: 'failed' },
    { type: 'ttft', value: 'soon', text: 'x', outcome: 'error', says: /"soon".*300ms/ },
    { type: 'ttft', text: 'x', outcome: 'error', says: /needs a limit/ },
    { type: 'ttft', value: -1, text: 'x', outcome: 'error' },
    { type: 'ttft', value: 100, text: '', answer: { ttftMs: null }, outcome: 'error', says: /no token/ },

    { type: 'itl', value: '20ms', text: 'x', outcome: 'passed', says: /mean ITL 20 ms/ },
    { type: 'itl', threshold: 19, text: 'x', outcome: 'failed', says: /1 ms over 19 ms/ },
    { type: 'itl', value: 19, text: 'x', answer: { itlMs: null }, outcome: 'error', says: /fewer than two parts/ },

    { type: 'latency', threshold: 900, text: 'x', outcome: 'passed' },
    { type: 'latency', value: '899ms', text: 'x', outcome: 'failed' },
    { type: 'latency', value: 100, text: '', answer: { latencyMs: null }, outcome: 'error' },

    {
      type: 'cost',
      threshold: 0.002,
      text: 'x',
      answer: { costUsd: 0.002 },
      outcome: 'passed',
      says: /cost \$0\.002 is within \$0\.002/,
    },
    {
      type: 'cost',
      value: '$0.002',
      text: 'x',
      answer: { costUsd: 0.003 },
      outcome: 'failed',
      says: /cost \$0\.003 is \$0\.001 over \$0\.002/,
    },
    { type: 'cost', value: '0.002', text: 'x', answer: { costUsd: 0 }, outcome: 'passed' },
    { type: 'cost', value: 0.002, text: 'x', outcome: 'error', says: /not known: give the endpoint a price/ },
    { type: 'cost', value: 'cheap', text: 'x', answer: { costUsd: 0 }, outcome: 'error', says: /\$0\.002/ },

    {
      type: 'output-tokens',
      value: 10,
      text: 'x',
      outcome: 'passed',
      says: /the answer has 10 tokens, within 10 tokens/,
    },
    {
      type: 'output-tokens',
      threshold: 8,
      text: 'x',
      outcome: 'failed',
      says: /has 10 tokens, 2 tokens over 8 tokens/,
    },
    { type: 'output-tokens', value: '12', text: 'x', outcome: 'passed' },
    {
      type: 'output-tokens',
      value: 10,
      text: 'x',
      answer: { outputTokens: null },
      outcome: 'error',
      says: /not known/,
    },
    { type: 'output-tokens', value: '10 tokens', text: 'x', outcome: 'error' },
  ]);

  it('gives limit and value for a diff', async () => {
    const { expected, actual } = await evaluateOne(assertion('ttft', 100), answer('x'));
    assert.deepEqual([expected, actual], ['<= 100 ms', '120 ms']);
  });
});
