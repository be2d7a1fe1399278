/** What each contender says of every SLO that one of them was judged by. */
import type { CompareSloRow } from '../../protocol/compare-panel';
import type { SloCell } from '../../protocol/run-comparison';
import { parseSloExpression } from '../metrics/slo';
import { meets } from '../metrics/verdict';
import type { ComparedStage } from './compared-run';
import type { Entry } from './panel-source';

/** @param counterpart the stage of a contender that corresponds to one of another's */
export function sloRows(
  entries: readonly Entry[],
  counterpart: (stage: string, entry: Entry) => ComparedStage | null,
): CompareSloRow[] {
  const rows = new Map<string, CompareSloRow>();
  for (const [index, { target }] of entries.entries()) {
    const { quality, stages, id } = target.compared;
    const found = [
      ...(quality?.slo ?? []).map((slo) => ({ slo, stage: '' })),
      ...stages.flatMap(({ name, isCases, slo }) => slo.map((one) => ({ slo: one, stage: isCases ? '' : name }))),
    ];
    for (const { slo, stage } of found) {
      const key = JSON.stringify([slo.expr, stage]);
      const row = rows.get(key) ?? { expr: slo.expr, stage, cells: entries.map(() => null) };
      rows.set(key, row);
      const { value, verdict, confidence } = slo;
      row.cells[index] = { target: id, value, verdict, confidence };
    }
  }
  for (const row of rows.values()) {
    row.cells = row.cells.map((cell, index) => {
      const entry = entries[index];
      return cell ?? (entry === undefined ? null : foreignCell(entry, row, counterpart(row.stage, entry)));
    });
  }
  return [...rows.values()];
}

/** What another tool's number would say, by its own definition: never with more than low confidence. */
function foreignCell({ source, target }: Entry, { expr }: CompareSloRow, stage: ComparedStage | null): SloCell | null {
  const parsed = parseSloExpression(expr);
  if (source.tool === 'promptrig' || stage === null || !parsed.ok) return null;
  const { metric, stat, op, limit } = parsed;
  const value = stat === null ? stage.rates[metric] : stage.metrics[metric]?.stats[stat];
  if (value == null) return null;
  const verdict = meets(value, op, limit) ? 'pass' : 'fail';
  return { target: target.compared.id, value, verdict, confidence: 'low', foreign: true };
}
