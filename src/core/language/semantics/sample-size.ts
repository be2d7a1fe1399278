/** Percentiles that fewer requests are planned for than any verdict on them needs. */
import { samplesForPercentile } from '../../metrics/binomial';
import { formatCount } from '../../metrics/format';
import { shareOfPercentile } from '../../metrics/stat';
import { durationOf } from '../../spec/node-values';
import type { Finding, Reporter } from '../../spec/reporter';
import { nodeAt, type Span } from '../../spec/tree';
import type { SemanticScope } from './check';
import type { FoundSlo, FoundSlos, Stage } from './slos';
import { measuredRequests, type MeasuredRequests } from './stage-plan';

const DEFAULT_CONFIDENCE = 0.95;

/** A preset with three percentiles is one line of the file, and gets one finding. */
interface Shortage {
  slo: FoundSlo;
  stage: Stage;
  needed: number;
  planned: MeasuredRequests;
}

export function checkSampleSizes(
  { slos, stages }: FoundSlos,
  { workspace, source }: SemanticScope,
  report: Reporter,
): void {
  const confidence = workspace?.defaults?.confidence ?? DEFAULT_CONFIDENCE;
  const worst = new Map<string, Shortage>();
  for (const slo of slos) {
    const needed = samplesNeeded(slo, confidence);
    if (needed === null) continue;
    for (const stage of slo.stage === null ? stages : [slo.stage]) {
      const planned = measuredRequests(stage.node);
      if (planned === undefined || planned.count >= needed) continue;
      const known = worst.get(slo.pointer);
      if (known === undefined || needed / planned.count > known.needed / known.planned.count)
        worst.set(slo.pointer, { slo, stage, needed, planned });
    }
  }
  for (const shortage of worst.values()) report.add(findingOf(shortage, source, report));
}

/** Null for what is no percentile of requests: the gaps of `itl` are far more than these. */
function samplesNeeded({ parsed }: FoundSlo, confidence: number): number | null {
  const share = shareOfPercentile(parsed.stat ?? '');
  if (share === null || parsed.metric === 'itl') return null;
  const tail = parsed.op === '<=' || parsed.op === '<' ? share : 1 - share;
  return samplesForPercentile(tail, confidence);
}

function findingOf({ slo, stage, needed, planned }: Shortage, source: string, report: Reporter): Finding {
  const about = Math.floor(planned.count);
  const subject = `${slo.parsed.metric}.${slo.parsed.stat}`;
  const from = slo.preset === undefined ? '' : ` of "${slo.preset}"`;
  const seconds = lengthFor(stage, needed, planned);
  const remedy = seconds === null ? '' : ` ${seconds} s would do.`;
  const duration = nodeAt(stage.node, ['duration']);
  return {
    code: 'few-requests',
    message:
      `"${subject}"${from} can only be met for certain by ${formatCount(needed)} independent requests, and ` +
      `"${stage.name}" measures about ${formatCount(about)}: a pass will be of low confidence.${remedy}`,
    span: report.headOf(slo.node),
    severity: 'info',
    pointer: slo.pointer,
    suggestions:
      seconds === null || duration === undefined || !isWritten(duration.span, source)
        ? []
        : [
            {
              title: `Lengthen "${stage.name}" to ${seconds}s`,
              edits: [{ span: duration.span, newText: `${seconds}s` }],
            },
          ],
  };
}

/** Seconds that the stage needs in all; null where time does not decide. */
function lengthFor({ node }: Stage, needed: number, { ratePerS }: MeasuredRequests): number | null {
  if (ratePerS === undefined) return null;
  const spentMs = (durationOf(node, 'warmup') ?? 0) + (durationOf(node, 'cooldown') ?? 0);
  return Math.ceil(spentMs / 1000 + needed / ratePerS);
}

/** Not an alias, whose anchor others may use. */
function isWritten({ start }: Span, source: string): boolean {
  return source[start] !== '*';
}
