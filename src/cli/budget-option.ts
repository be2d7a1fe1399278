import { parseDurationMs, parseUsd } from '../core/spec/units';
import type { BudgetPlan } from '../protocol/plan';
import { CliError } from './exit-code';

const EXPECTED = `It must be an amount such as '$0.50', tokens such as 200000tokens, or a time such as 10m.`;

/**
 * Reads the values of `--budget`, each of another kind: money (`$0.50`, or `0.50USD` for shells that take `$0` for a variable),
 * tokens (`200000tokens`), time (`10m`). Throws CliError for anything else, zero, and two of one kind.
 */
export function parseBudget(values: readonly string[]): BudgetPlan {
  const budget: BudgetPlan = {};
  for (const value of values) {
    const [kind, amount] = parseLimit(value);
    if (budget[kind] !== undefined) throw new CliError(`--budget sets two limits of one kind; the second is ${value}.`);
    budget[kind] = amount;
  }
  return budget;
}

function parseLimit(value: string): [kind: keyof BudgetPlan, amount: number] {
  const text = value.trim();
  const tokens = /^(\d[\d_,]*)\s*tok(?:en)?s?$/i.exec(text)?.[1];
  const money = /^([\d.]+)\s*usd$/i.exec(text)?.[1];
  const found: [keyof BudgetPlan, number | null][] = [
    ['tokens', tokens === undefined ? null : Number(tokens.replace(/[_,]/g, ''))],
    ['costUsd', parseUsd(money === undefined ? text : `$${money}`)],
    ['timeMs', parseDurationMs(text)],
  ];
  for (const [kind, amount] of found) {
    if (amount === null) continue;
    if (amount === 0) throw new CliError(`--budget ${value} leaves nothing to run with. ${EXPECTED}`);
    return [kind, amount];
  }
  // "$0.50" in double quotes: the shell puts its own name in place of $0.
  const eaten = /sh\.\d+$/.test(text) ? ' The shell has replaced $0; write the amount in single quotes.' : '';
  throw new CliError(`--budget ${value} cannot be read. ${EXPECTED}${eaten}`);
}
