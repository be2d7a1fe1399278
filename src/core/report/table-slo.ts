import type { SloResult } from '../../protocol/run-json';
import { formatCount, formatInterval, formatValue } from '../metrics/format';
import { parseSloExpression } from '../metrics/slo';
import { columns, columnsWidth, type Cell } from './columns';
import { wrap } from './layout';
import { levelOf } from './points';
import { VERDICT_LOOK } from './style';
import type { TableContext } from './table';

/** Room that the target's and the stage's indentation take. */
const INDENTED = 4;

/** One row per SLO: verdict, expression, value, limit, sample, interval, confidence in words, and why. */
export function sloLines(slos: SloResult[], { run, paint, width }: TableContext): string[] {
  if (slos.length === 0) return [];
  const level = `${levelOf(run.confidence)} CI`;
  const head: Cell[] = ['verdict', 'SLO', 'value', 'limit', 'n', level, 'confidence'].map((text, index) => ({
    text,
    tone: 'dim',
    ...(index === 2 || index === 4 ? { align: 'right' } : {}),
  }));
  const rows = [head, ...slos.map(sloRow)];
  const withReasons = [
    [...head, { text: '' }],
    ...slos.map((slo): Cell[] => [...sloRow(slo), { text: slo.reason, tone: 'dim' }]),
  ];
  if (columnsWidth(withReasons) + INDENTED <= width) return columns(withReasons, paint);
  // Too narrow for the reason beside its row: it follows below, where it can wrap.
  return columns(rows, paint).flatMap((line, index) => {
    const reason = slos[index - 1]?.reason ?? '';
    if (reason === '') return [line];
    return [line, ...wrap(reason, Math.max(20, width - INDENTED - 4)).map((part) => `    ${paint('dim', part)}`)];
  });
}

function sloRow(slo: SloResult): Cell[] {
  const look = VERDICT_LOOK[slo.verdict];
  const parsed = parseSloExpression(slo.expr);
  const value = (amount: number) => (parsed.ok ? formatValue(amount, parsed.unit) : String(amount));
  const [subject, limit] = splitExpression(slo.expr);
  const weight = slo.severity === 'error' ? '' : ` (${slo.severity})`;
  return [
    { text: `${look.sign} ${look.word}${weight}`, tone: slo.severity === 'error' ? look.tone : 'unsure' },
    { text: slo.name === undefined ? subject : `${slo.name} (${subject})` },
    { text: slo.value === null ? '-' : value(slo.value), align: 'right' },
    { text: limit },
    { text: sample(slo), align: 'right' },
    { text: slo.ci === null || !parsed.ok ? '-' : formatInterval(slo.ci, slo.value ?? slo.ci[1], parsed.unit) },
    { text: slo.confidence, ...(slo.confidence === 'low' ? { tone: 'unsure' } : {}) },
  ];
}

/** Requests of a run are not independent: where they are worth fewer, that number is the one that counts. */
function sample(slo: SloResult): string {
  const effective = slo.n_effective === null ? slo.n : Math.round(slo.n_effective);
  return effective < slo.n ? `${formatCount(slo.n)} (worth ${formatCount(effective)})` : formatCount(slo.n);
}

/** `ttft.p99 <= 200ms` as `ttft.p99` and `<= 200ms`. */
function splitExpression(expr: string): [subject: string, limit: string] {
  const at = expr.search(/[<>]/);
  return at < 0 ? [expr, ''] : [expr.slice(0, at).trim(), expr.slice(at)];
}
