/** The run against its baseline, for a terminal: verdicts in words first, then the numbers. */
import type { BaselineComparison } from '../../protocol/run-json';
import { baselineName, orderedRows, ROW_LOOK, rowText } from './baseline-rows';
import { columns, type Cell } from './columns';
import { levelOf, pointsWithInterval } from './points';
import { INDENT, sentence } from './sentence';
import type { Paint } from './style';

/** Rows beyond these are in run.json: ten a stage and target. */
const SHOWN_ROWS = 30;

export interface BaselineContext {
  paint: Paint;
  width: number;
  confidence: number;
}

export function baselineLines(baseline: BaselineComparison, context: BaselineContext): string[] {
  const { paint, confidence } = context;
  const lines = ['', `${paint('strong', 'Against the baseline')}  ${paint('dim', baselineName(baseline))}`];
  if (baseline.error !== undefined) return [...lines, ...sentence(baseline.error, context, 'bad')];
  for (const text of baseline.regressions) lines.push(...sentence(`✗ regression: ${text}`, context, 'bad'));
  for (const text of baseline.improvements) lines.push(...sentence(`✓ improvement: ${text}`, context, 'good'));
  // A lost case is named with its regression; where chance could have done it, it is still worth a look.
  if (baseline.regressions.length === 0 && (baseline.lost?.length ?? 0) > 0) {
    const names = (baseline.lost ?? []).map(({ case_id: id, before, now }) => `${id} (${before} before, ${now} now)`);
    const text = `~ no longer right, which chance could have done, too: ${names.join(', ')}`;
    lines.push(...sentence(text, context, 'unsure'));
  }
  const rows = orderedRows(baseline);
  if (rows.length > 0) lines.push(...rowLines(baseline, context));
  else if (baseline.pairs.length === 0 && (baseline.caveats ?? []).length === 0) {
    lines.push(...sentence('the baseline has no target and no case in common with this run', context, 'unsure'));
  }
  if (baseline.rows === undefined) {
    for (const pair of baseline.pairs.filter(({ verdict }) => verdict === 'no difference shown')) {
      const text = `${pair.second}: no difference shown · ${pointsWithInterval(pair.difference, pair.ci, confidence)} over ${pair.cases} cases, ${pair.only_first} lost, ${pair.only_second} won`;
      lines.push(...sentence(text, context, 'dim'));
    }
  }
  for (const text of baseline.caveats ?? []) lines.push(...sentence(`~ ${text}`, context, 'unsure'));
  return lines;
}

function rowLines(baseline: BaselineComparison, { paint, width, confidence }: BaselineContext): string[] {
  const rows = orderedRows(baseline);
  const targets = new Set(rows.map(({ target }) => target)).size;
  const texts = rows.slice(0, SHOWN_ROWS).map((row) => ({ row, text: rowText(row, targets) }));
  const head = ['', 'metric', '', 'before', 'now', 'difference', `${levelOf(confidence)} CI`, 'tolerated'];
  const cells = (withInterval: boolean): Cell[][] => [
    head
      .filter((_, index) => withInterval || index < 6)
      .map((text, index) => ({ text, tone: 'dim', ...(index > 2 ? { align: 'right' as const } : {}) })),
    ...texts.map(({ row, text }): Cell[] => {
      const { sign, tone } = ROW_LOOK[row.verdict];
      return [
        { text: sign, tone },
        { text: text.metric, tone: tone === 'plain' ? 'plain' : tone },
        { text: text.place, tone: 'dim' },
        { text: text.before, align: 'right' },
        { text: text.now, align: 'right' },
        { text: text.difference, align: 'right', tone },
        ...(withInterval
          ? [
              { text: text.ci, align: 'right' as const },
              { text: text.tolerated, align: 'right' as const, tone: 'dim' as const },
            ]
          : []),
        { text: text.verdict, tone },
      ];
    }),
  ];
  const lines = columns(cells(width >= 110), paint).map((line) => INDENT + line);
  const more = rows.length - texts.length;
  if (more > 0) lines.push(`${INDENT}${paint('dim', `and ${more} more numbers, in run.json`)}`);
  return lines;
}
