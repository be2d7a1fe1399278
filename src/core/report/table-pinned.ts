/** Pinned baselines for a terminal: where each comes from, and the numbers that later runs are held against. */
import type { BaselineDistribution, BaselineFile } from '../../protocol/baseline';
import { Sketch } from '../compare/sketch';
import { formatCount, formatValue } from '../metrics/format';
import { columns, type Cell } from './columns';
import { plainData } from './plain';
import { INDENT } from './sentence';
import { painter, VERDICT_LOOK, type Paint } from './style';

export interface ShownBaseline {
  /** As it is to be shown. */
  path: string;
  file: BaselineFile;
}

export function renderPinned(baselines: readonly ShownBaseline[], { colour }: { colour: boolean }): string {
  const paint = painter(colour);
  return `${baselines.flatMap((each) => ['', ...linesOf(plainData(each), paint)]).join('\n')}\n`;
}

function linesOf({ path, file }: ShownBaseline, paint: Paint): string[] {
  const { pinned, model, quality, stages } = file;
  const look = VERDICT_LOOK[pinned.verdict];
  const commit =
    pinned.commit === null ? '' : `, commit ${pinned.commit.slice(0, 7)}${pinned.dirty ? ' with changes' : ''}`;
  const lines = [
    `${paint('strong', `${file.eval} · ${file.target}`)}  ${paint(look.tone, `${look.sign} ${look.word}`)}`,
    INDENT + paint('dim', path),
    INDENT + paint('dim', `pinned ${pinned.at.slice(0, 16).replace('T', ' ')} from ${pinned.run}${commit}`),
    INDENT + paint('dim', `${model}, measured on ${pinned.machine}`),
  ];
  if (quality !== undefined) {
    const cases = Object.values(quality.cases);
    const whole = cases.filter(({ passed, of }) => passed === of).length;
    const rate = quality.pass_rate === null ? '' : `, ${formatValue(quality.pass_rate, 'ratio')} of all answers`;
    lines.push(`${INDENT}quality  ${formatCount(whole)} of ${formatCount(cases.length)} cases always right${rate}`);
  }
  for (const [name, stage] of Object.entries(stages)) {
    const { requests, failed } = stage.errors;
    const errors = failed === 0 ? '' : `, ${formatCount(failed)} failed`;
    lines.push(`${INDENT}${paint('strong', name)}  ${stage.load} · ${formatCount(requests)} requests${errors}`);
    if (stage.unfit !== undefined)
      lines.push(INDENT + paint('unsure', `~ ${stage.unfit}: its latencies are not compared`));
    const rows = Object.entries(stage.metrics).map(([metric, data]) => metricRow(metric, data));
    if (rows.length === 0) continue;
    const head = ['metric', 'p50', 'p95', 'p99', 'mean', 'n', 'worth'];
    const header = head.map((text, index): Cell => ({ text, tone: 'dim', ...(index > 0 ? { align: 'right' } : {}) }));
    lines.push(...columns([header, ...rows], paint).map((line) => INDENT + INDENT + line));
  }
  return lines;
}

function metricRow(metric: string, data: BaselineDistribution): Cell[] {
  const sketch = new Sketch(data);
  const value = (number: number): Cell => ({ text: formatValue(number, data.unit), align: 'right' });
  return [
    { text: metric },
    ...[0.5, 0.95, 0.99].map((share) => value(sketch.quantile(share))),
    value(data.mean),
    { text: formatCount(data.n), align: 'right' },
    { text: formatCount(Math.round(sketch.worthAt(0.5))), align: 'right', tone: 'dim' },
  ];
}
