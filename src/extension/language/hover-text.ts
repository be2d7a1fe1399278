/** Markdown behind a line's end: the result first, then what it rests on. Texts of models and files are never rendered. */
import { formatCount, formatInterval, formatValue, significant } from '../../core/metrics/format';
import { metricOf } from '../../core/metrics/definitions';
import { parseSloExpression, type ParsedSlo } from '../../core/metrics/slo';
import type { Unit } from '../../protocol/plan';
import { byRate } from './curve-text';
import {
  asImageUri,
  distributionSvg,
  distributionText,
  type PictureInput,
  type PicturePalette,
} from './distribution-svg';
import { linksOf, type LinkContext } from './hover-links';
import { WORD } from './item-state';
import type { NodeStatus } from './line-ends';
import { escapeMarkdown, fenced, inlineCode, SPAN_END, SPAN_START, table, withSpans } from './markdown';
import {
  addTallies,
  total,
  type AssertionObservation,
  type BaselineObservation,
  type CaseObservation,
  type CurveObservation,
  type MemberObservation,
  type Observation,
  type Sample,
  type SloObservation,
  type StageObservation,
  type TurnObservation,
} from './observations';
import { iconIdOf } from './state-icons';
import { sloState } from './status-text';

const VERDICT = {
  pass: '$(pass) met',
  fail: '$(error) missed',
  inconclusive: '$(question) undecided',
  error: '$(circle-slash) error',
} as const;

/** Remarks on single steps: beyond it they would bury the table. */
const MOST_CAVEATS = 4;
/** Answers, pictures and rows that one hover shows. */
const MOST_SAMPLES = 3;
const MOST_PICTURES = 2;
const MOST_ROWS = 12;

export interface HoverContext {
  /** Absent where there is nothing to link to. */
  links?: LinkContext;
  /** Absent where no pictures are drawn. */
  palette?: PicturePalette;
}

/** The hover of one place. */
export function hoverMarkdown(status: NodeStatus, context: HoverContext = {}): string {
  const observations = status.placed.map(({ observation }) => observation);
  const of = <K extends Observation['kind']>(kind: K): Extract<Observation, { kind: K }>[] =>
    observations.filter((item): item is Extract<Observation, { kind: K }> => item.kind === kind);
  const parts = [`$(${iconIdOf(status.state)}) **${WORD[status.state]}** ${escapeMarkdown(status.node.name)}`];
  parts.push(...sloParts(of('slo'), context));
  parts.push(...assertionParts([...of('assertion'), ...of('member')], context));
  parts.push(...caseParts(of('case'), context));
  parts.push(...turnParts(of('turn'), context));
  const curves = of('curve');
  for (const curve of curves) parts.push(...curveParts(curve, caveatsOf(of('stage'), curve.target), context));
  // The steps of a curve are rows of its table.
  if (curves.length === 0) parts.push(...stageParts(of('stage'), context));
  for (const step of of('step')) {
    parts.push(`${inlineCode(step.target)}: step ${step.count}, ${inlineCode(step.step)}, is running.`);
  }
  for (const { target, stage } of of('per-step').slice(0, MOST_ROWS)) {
    parts.push(
      `${inlineCode(target)}: judged at each step of the stage ${inlineCode(stage)}. A miss at one rate is a finding about that rate; the stage says up to which rate this is met.`,
    );
  }
  for (const baseline of of('baseline')) parts.push(...baselineParts(baseline, context));
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What the metrics of expressions mean, each once. */
function definitionsOf(expressions: readonly string[]): string[] {
  const names = new Set(expressions.map((expr) => shapeOf(expr)?.metric ?? ''));
  return [...names].flatMap((name) => {
    const definition = metricOf(name);
    if (definition === undefined) return [];
    return [`**${definition.label}** = ${inlineCode(definition.formula)}  \n${escapeMarkdown(definition.meaning)}`];
  });
}

function sloParts(observations: readonly SloObservation[], context: HoverContext): string[] {
  const [first] = observations;
  if (first === undefined) return [];
  const order = { failed: 0, warning: 0, error: 0, inconclusive: 1 } as Record<string, number>;
  const sorted = [...observations].sort((a, b) => (order[sloState(a)] ?? 2) - (order[sloState(b)] ?? 2));
  const parts = observations.length === 1 ? [sloFacts(first)] : [sloTable(sorted)];
  if (observations.length === 1) parts.push(escapeMarkdown(first.result.reason));
  for (const observation of sorted.slice(0, MOST_PICTURES)) {
    parts.push(pictureOf(observation, observations.length > 1, context));
  }
  parts.push(...repeatParts(first));
  parts.push(linkRow(sorted[0], null, context));
  parts.push(...definitionsOf(observations.map(({ result }) => result.expr)));
  return parts;
}

function sloFacts({ result, target, stage, at, provisional, level = 0.95 }: SloObservation): string {
  const unit = unitOf(result.expr);
  const rows: string[][] = [
    ['Value', `**${valueText(result.value, unit)}**${provisional ? ' so far' : ''}`],
    ['Limit', `${inlineCode(result.expr)} ${VERDICT[result.verdict]}`],
    ...(result.ci === null
      ? []
      : [[`${levelText(level)} interval`, formatInterval(result.ci, result.value ?? result.limit, unit)]]),
    ['Samples', `${result.n}${result.n_effective === null ? '' : ` (${Math.round(result.n_effective)} effective)`}`],
    ['Confidence', result.confidence],
    ['Measured on', `${inlineCode(target)}, stage ${inlineCode(stage)}, ${instant(at)}`],
  ];
  return `| | |\n| --- | --- |\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

/** Target by target, and stage by stage where there are several. */
function sloTable(observations: readonly SloObservation[]): string {
  const several = (of: (item: SloObservation) => string): boolean => new Set(observations.map(of)).size > 1;
  const columns: { head: string; align: '---' | '---:'; cell: (item: SloObservation) => string }[] = [
    { head: 'Target', align: '---', cell: ({ target }) => inlineCode(target) },
  ];
  if (several(({ stage }) => stage))
    columns.push({ head: 'Stage', align: '---', cell: ({ stage }) => inlineCode(stage) });
  if (several(({ result }) => result.expr))
    columns.push({ head: 'SLO', align: '---', cell: ({ result }) => inlineCode(result.expr) });
  const level = observations[0]?.level ?? 0.95;
  columns.push(
    {
      head: 'Value',
      align: '---:',
      cell: ({ result, provisional }) =>
        `**${valueText(result.value, unitOf(result.expr))}**${provisional ? ' so far' : ''}`,
    },
    {
      head: `${levelText(level)} interval`,
      align: '---:',
      cell: ({ result }) =>
        result.ci === null ? '' : formatInterval(result.ci, result.value ?? result.limit, unitOf(result.expr)),
    },
    { head: 'n', align: '---:', cell: ({ result }) => formatCount(result.n) },
    {
      head: 'effective',
      align: '---:',
      cell: ({ result }) => (result.n_effective === null ? '' : formatCount(result.n_effective)),
    },
    { head: 'Verdict', align: '---', cell: ({ result }) => VERDICT[result.verdict] },
    { head: 'Reason', align: '---', cell: ({ result }) => escapeMarkdown(result.reason) },
  );
  const rows = observations.slice(0, MOST_ROWS).map((item) => columns.map(({ cell }) => cell(item)));
  const text = table(
    columns.map(({ head }) => head),
    columns.map(({ align }) => align),
    rows,
  );
  const more = observations.length - rows.length;
  return more > 0 ? `${text}\n\nand ${more} more` : text;
}

function pictureOf(observation: SloObservation, isNamed: boolean, { palette }: HoverContext): string {
  const { histogram, result, target, stage } = observation;
  const parsed = parseSloExpression(result.expr);
  if (histogram === undefined || palette === undefined || !parsed.ok) return '';
  const input: PictureInput = {
    histogram,
    unit: parsed.unit,
    limit: result.limit,
    overIs: parsed.op === '<' || parsed.op === '<=' ? 'above' : 'below',
    value: result.value,
    stat: parsed.stat,
  };
  const notes = [
    isNamed ? `${inlineCode(target)}, ${inlineCode(stage)}` : '',
    histogram.beyond > 0
      ? `${formatCount(histogram.beyond)} more beyond ${formatValue(histogram.to, parsed.unit)}, up to ${formatValue(histogram.max, parsed.unit)}`
      : '',
    histogram.isSample === true ? 'drawn from a part of the requests' : '',
  ].filter((note) => note !== '');
  const image = `![${distributionText(input)}](${asImageUri(distributionSvg(input, palette))})`;
  return notes.length === 0 ? image : `${image}  \n${notes.join(', ')}`;
}

/** What repeats of the cases and a second look of the judge add to a pass rate. */
function repeatParts({ repeats, judge }: SloObservation): string[] {
  const parts: string[] = [];
  const share = (value: number): string => formatValue(value, 'ratio');
  if (repeats !== undefined) {
    const { k, single, atLeastOnce, everyTime } = repeats;
    parts.push(
      `pass@1 ${share(single)} · pass@${k} ${share(atLeastOnce)} (right at least once) · pass^${k} ${share(everyTime)} (right every time)`,
    );
  }
  if (judge !== undefined) {
    const { graded_twice: twice, disagreed = 0, calls, cost } = judge;
    const price = cost === null ? '' : `, ${formatValue(cost, 'USD')}`;
    const itself =
      twice === undefined
        ? ''
        : disagreed === 0
          ? `, agrees with itself on all ${twice} answers that it graded twice`
          : `; $(warning) disagrees with itself on ${disagreed} of ${twice} answers that it graded twice`;
    parts.push(`Judge: ${formatCount(calls)} requests${price}${itself}`);
  }
  return parts.map((part) => part.replaceAll('^', '\\^'));
}

type Asserted = AssertionObservation | MemberObservation;

function assertionParts(observations: readonly Asserted[], context: HoverContext): string[] {
  const [first] = observations;
  if (first === undefined) return [];
  const label =
    first.name === undefined ? inlineCode(first.type) : `${escapeMarkdown(first.name)} (${inlineCode(first.type)})`;
  const targets = [...new Set(observations.map(({ target }) => target))];
  const ofTarget = (target: string): Asserted[] => observations.filter((item) => item.target === target);
  const counts = (target: string): string => {
    const tally = addTallies(ofTarget(target).map((item) => item.tally));
    return `${tally.passed} of ${total(tally)}`;
  };
  const parts =
    targets.length === 1 && targets[0] !== undefined
      ? [`${label} on ${inlineCode(targets[0])}: ${counts(targets[0])} passed`]
      : [
          label,
          table(
            ['Target', 'Passed', 'Failed', 'In error', 'Skipped'],
            ['---', '---:', '---:', '---:', '---:'],
            targets.slice(0, MOST_ROWS).map((target) => {
              const tally = addTallies(ofTarget(target).map((item) => item.tally));
              return [inlineCode(target), counts(target), ...[tally.failed, tally.error, tally.skipped].map(String)];
            }),
          ),
        ];
  if (observations.some(({ outvoted }) => outvoted === true)) {
    parts.push(
      first.kind === 'member'
        ? 'Its set holds all the same.'
        : 'The case passes all the same: its score reaches its threshold.',
    );
  }
  const samples = observations
    .flatMap((item) => (item.sample === null ? [] : [{ observation: item, sample: item.sample }]))
    .sort((a, b) => rankOf(a.sample) - rankOf(b.sample));
  for (const { observation, sample } of samples.slice(0, MOST_SAMPLES)) {
    parts.push(
      ...sampleParts(sample, observation.type, `${escapeMarkdown(sample.case)} on ${inlineCode(observation.target)}`),
    );
    parts.push(linkRow(observation, sample, context));
  }
  if (samples.length > MOST_SAMPLES) parts.push(`and ${samples.length - MOST_SAMPLES} more that did not pass`);
  if (samples.length === 0) parts.push(linkRow(first, null, context));
  const regraded = observations.flatMap(({ regraded: found }) => found ?? []);
  const twice = regraded.reduce((sum, found) => sum + found.twice, 0);
  const disagreed = regraded.reduce((sum, found) => sum + found.disagreed, 0);
  if (disagreed > 0)
    parts.push(
      `$(warning) The judge graded ${twice} of these answers twice, and said something else the second time of ${disagreed}: rate its verdicts with care, or word the rubric more sharply.`,
    );
  return parts;
}

function rankOf({ outcome }: Sample): number {
  return ['failed', 'error', 'skipped', 'passed'].indexOf(outcome);
}

function caseParts(observations: readonly CaseObservation[], context: HoverContext): string[] {
  const parts: string[] = [];
  const order = [...observations].sort((a, b) => rankOf(a.sample) - rankOf(b.sample));
  for (const observation of order.slice(0, MOST_SAMPLES)) {
    const { target, tally, sample, distinct, baseline } = observation;
    const words = distinct === undefined ? '' : `, ${distinct} different ${distinct === 1 ? 'answer' : 'answers'}`;
    parts.push(`${inlineCode(target)}: ${tally.passed} of ${total(tally)} answers passed${words}`);
    if (baseline !== undefined)
      parts.push(
        baseline === 'lost' ? '$(arrow-down) It passed in the baseline.' : '$(arrow-up) It failed in the baseline.',
      );
    parts.push(...sampleParts(sample, '', ''));
    parts.push(linkRow(observation, sample, context));
  }
  if (order.length > MOST_SAMPLES) parts.push(`and ${order.length - MOST_SAMPLES} more targets`);
  return parts;
}

function turnParts(observations: readonly TurnObservation[], context: HoverContext): string[] {
  return observations.slice(0, MOST_SAMPLES).flatMap((observation) => {
    const { target, judged, tally, sample, user } = observation;
    const counts = judged ? `${tally.passed} of ${total(tally)} answers passed` : 'answered; nothing judges this turn';
    return [
      `${inlineCode(target)}: ${counts}`,
      `User\n\n${fenced(user)}`,
      ...sampleParts(sample, '', ''),
      linkRow(observation, sample, context),
    ];
  });
}

/** One answer: why it did not pass, what was expected, what came. */
function sampleParts(sample: Sample, type: string, whose: string): string[] {
  const { reason, expected, actual, answer, spans = [], members = [], again, cut } = sample;
  const parts: string[] = [];
  const isGraded = GRADED.has(type.replace(/^not-/, ''));
  const by = isGraded && sample.outcome !== 'error' ? ' the judge says' : '';
  if (whose !== '') parts.push(`**${whose}**${by}: ${escapeMarkdown(reason)}`);
  else if (reason !== '') parts.push(escapeMarkdown(reason));
  if (again !== undefined) parts.push(`Asked once more about the same answer, the judge said: ${again}.`);
  if (members.length > 0)
    parts.push(
      members
        .map((member) => `- ${inlineCode(member.type)} ${member.outcome}: ${escapeMarkdown(member.reason)}`)
        .join('\n'),
    );
  if (expected !== undefined) parts.push(`Expected\n\n${fenced(expected)}`);
  if (actual !== undefined && actual !== answer) parts.push(`Actual\n\n${fenced(actual)}`);
  if (answer !== undefined) {
    const marked = spans.length === 0 ? '' : `, with what this is about marked ${SPAN_START}so${SPAN_END}`;
    const begins = cut === true ? ', its beginning' : '';
    parts.push(`Answer${begins}${marked}\n\n${fenced(withSpans(answer, spans))}`);
  }
  return parts;
}

/** Types that a model grades. */
const GRADED = new Set([
  'llm-rubric',
  'factuality',
  'model-graded-closedqa',
  'g-eval',
  'answer-relevance',
  'context-faithfulness',
  'context-recall',
  'context-relevance',
]);

function stageParts(observations: readonly StageObservation[], context: HoverContext): string[] {
  const [first] = observations;
  if (first === undefined) return [];
  const facts = observations.slice(0, MOST_ROWS).map((item) => {
    const { target, stage, isStep, completed, rps, errorRate, caveats = [], quality, worseThan } = item;
    const name = isStep === true ? `, ${inlineCode(stage)}` : '';
    const lines = [
      `${inlineCode(target)}${name}: ${completed} requests completed, ${formatValue(rps, '1/s')}, error rate ${formatValue(errorRate, 'ratio')}.`,
    ];
    if (quality !== undefined && quality.asked > 0) {
      const { passed, asked, errors, sampledFrom, notJudged } = quality;
      lines.push(
        [
          `${formatCount(passed)} of ${formatCount(asked)} answers are right (${formatValue(passed / asked, 'ratio')})`,
          errors > 0 ? `${formatCount(errors)} could not be judged` : '',
          sampledFrom === undefined ? '' : `a random sample of ${formatCount(sampledFrom)}`,
          notJudged === undefined ? '' : `${formatCount(notJudged)} more came faster than they could be judged`,
        ]
          .filter((part) => part !== '')
          .join(', ') + '.',
      );
    }
    if (worseThan !== undefined)
      lines.push(
        `$(warning) Answers get worse under load: ${formatValue(worseThan.passRate, 'ratio')} are right in ${inlineCode(worseThan.stage)}.`,
      );
    return [...lines, ...caveats.map((text) => `$(warning) ${escapeMarkdown(text)}`)].join('  \n');
  });
  return [...facts, linkRow(first, null, context)];
}

function curveParts(observation: CurveObservation, caveats: string[], context: HoverContext): string[] {
  const { curve, target } = observation;
  const expressions = [...new Set(curve.points.flatMap(({ values }) => Object.keys(values)))];
  const heads = ['Rate', ...expressions.map((expr) => escapeMarkdown(expr.split(/\s/)[0] ?? expr)), 'Completed', ''];
  const open = byRate(curve);
  const closed = curve.points.filter(({ rate }) => rate === null);
  const rows = [...closed, ...open].map((point) => [
    point.rate === null ? escapeMarkdown(point.stage) : formatValue(point.rate, '1/s'),
    ...expressions.map((expr) => valueText(point.values[expr] ?? null, unitOf(expr))),
    formatValue(point.rps, '1/s'),
    VERDICT[point.verdict],
  ]);
  const cost =
    curve.cost_per_good === null ? '' : ` A good request costs ${formatValue(curve.cost_per_good, 'USD')} there.`;
  return [
    `${inlineCode(target)}: ${escapeMarkdown(curve.conclusion)}${escapeMarkdown(cost)}`,
    ...(rows.length === 0
      ? []
      : [table(heads, ['---', ...heads.slice(1, -1).map(() => '---:' as const), '---'], rows)]),
    ...caveats.map((text) => `$(warning) ${escapeMarkdown(text)}`),
    linkRow(observation, null, context),
  ];
}

function baselineParts(observation: BaselineObservation, context: HoverContext): string[] {
  const { pairs, regressions, improvements, error, against, startedAt } = observation;
  const parts = [`Held against the run ${inlineCode(against)} of ${instant(startedAt)}`];
  if (error !== undefined) parts.push(escapeMarkdown(error));
  if (pairs.length > 0)
    parts.push(
      table(
        ['Target', 'Cases', 'Lost', 'Won'],
        ['---', '---:', '---:', '---:'],
        pairs.map(({ target, cases, lost, won }) => [inlineCode(target), ...[cases, lost, won].map(String)]),
      ),
    );
  for (const text of regressions) parts.push(`$(arrow-down) ${escapeMarkdown(text)}`);
  for (const text of improvements) parts.push(`$(arrow-up) ${escapeMarkdown(text)}`);
  parts.push(linkRow(observation, null, context));
  return parts;
}

/** What a reader must know of the steps, once each. */
function caveatsOf(stages: readonly StageObservation[], target: string): string[] {
  const all = stages.flatMap((item) =>
    item.target === target ? (item.caveats ?? []).map((text) => `${item.stage}: ${text}`) : [],
  );
  const shown = all.slice(0, MOST_CAVEATS);
  return all.length > shown.length ? [...shown, `${all.length - shown.length} more remarks on single steps`] : shown;
}

function linkRow(observation: Observation | undefined, sample: Sample | null, { links }: HoverContext): string {
  return observation === undefined || links === undefined ? '' : linksOf(observation, sample, links);
}

function valueText(value: number | null, unit: Unit): string {
  return value === null ? 'no sample' : formatValue(value, unit);
}

function levelText(level: number): string {
  return `${significant(level * 100)}%`;
}

function instant(iso: string): string {
  return `${escapeMarkdown(iso.replace('T', ' ').slice(0, 19))} UTC`;
}

function unitOf(expression: string): Unit {
  return shapeOf(expression)?.unit ?? 'count';
}

function shapeOf(expression: string): ParsedSlo | undefined {
  const parsed = parseSloExpression(expression);
  return parsed.ok ? parsed : undefined;
}
