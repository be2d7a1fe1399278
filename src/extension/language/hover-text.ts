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
  type Tally,
  type TurnObservation,
} from './observations';
import { iconIdOf } from './state-icons';
import { sloState } from './status-text';
import { l10n } from '../l10n';

const VERDICT = {
  pass: `$(pass) ${l10n.t('met')}`,
  fail: `$(error) ${l10n.t('missed')}`,
  inconclusive: `$(question) ${l10n.t('undecided')}`,
  error: `$(circle-slash) ${l10n.t('error')}`,
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
  /** What the same hover explains besides: it is not said twice. */
  explained?: string;
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
    parts.push(l10n.t('{0}: step {1}, {2}, is running.', inlineCode(step.target), step.count, inlineCode(step.step)));
  }
  for (const { target, stage } of of('per-step').slice(0, MOST_ROWS)) {
    parts.push(
      l10n.t(
        '{0}: judged at each step of the stage {1}. A miss at one rate is a finding about that rate; the stage says up to which rate this is met.',
        inlineCode(target),
        inlineCode(stage),
      ),
    );
  }
  for (const baseline of of('baseline')) parts.push(...baselineParts(baseline, context));
  return parts.filter((part) => part !== '').join('\n\n');
}

/** What the metrics of expressions mean, each once. */
function definitionsOf(expressions: readonly string[], explained: string): string[] {
  const names = new Set(expressions.map((expr) => shapeOf(expr)?.metric ?? ''));
  return [...names].flatMap((name) => {
    const definition = metricOf(name);
    if (definition === undefined || explained.includes(definition.meaning)) return [];
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
  parts.push(
    ...definitionsOf(
      observations.map(({ result }) => result.expr),
      context.explained ?? '',
    ),
  );
  return parts;
}

function sloFacts({ result, target, stage, at, provisional, level = 0.95 }: SloObservation): string {
  const unit = unitOf(result.expr);
  const rows: string[][] = [
    [l10n.t('Value'), boldValue(result.value, unit, provisional)],
    [l10n.t('Limit'), `${inlineCode(result.expr)} ${VERDICT[result.verdict]}`],
    ...(result.ci === null
      ? []
      : [[l10n.t('{0} interval', levelText(level)), formatInterval(result.ci, result.value ?? result.limit, unit)]]),
    [
      l10n.t('Samples'),
      result.n_effective === null
        ? String(result.n)
        : l10n.t('{0} ({1} effective)', result.n, Math.round(result.n_effective)),
    ],
    [l10n.t('Confidence'), result.confidence],
    [l10n.t('Measured on'), l10n.t('{0}, stage {1}, {2}', inlineCode(target), inlineCode(stage), instant(at))],
  ];
  return `| | |\n| --- | --- |\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
}

/** Target by target, and stage by stage where there are several. */
function sloTable(observations: readonly SloObservation[]): string {
  const several = (of: (item: SloObservation) => string): boolean => new Set(observations.map(of)).size > 1;
  const columns: { head: string; align: '---' | '---:'; cell: (item: SloObservation) => string }[] = [
    { head: l10n.t('Target'), align: '---', cell: ({ target }) => inlineCode(target) },
  ];
  if (several(({ stage }) => stage))
    columns.push({ head: l10n.t('Stage'), align: '---', cell: ({ stage }) => inlineCode(stage) });
  if (several(({ result }) => result.expr))
    columns.push({ head: 'SLO', align: '---', cell: ({ result }) => inlineCode(result.expr) });
  const level = observations[0]?.level ?? 0.95;
  columns.push(
    {
      head: l10n.t('Value'),
      align: '---:',
      cell: ({ result, provisional }) => boldValue(result.value, unitOf(result.expr), provisional),
    },
    {
      head: l10n.t('{0} interval', levelText(level)),
      align: '---:',
      cell: ({ result }) =>
        result.ci === null ? '' : formatInterval(result.ci, result.value ?? result.limit, unitOf(result.expr)),
    },
    { head: 'n', align: '---:', cell: ({ result }) => formatCount(result.n) },
    {
      head: l10n.t('effective'),
      align: '---:',
      cell: ({ result }) => (result.n_effective === null ? '' : formatCount(result.n_effective)),
    },
    { head: l10n.t('Verdict'), align: '---', cell: ({ result }) => VERDICT[result.verdict] },
    { head: l10n.t('Reason'), align: '---', cell: ({ result }) => escapeMarkdown(result.reason) },
  );
  const rows = observations.slice(0, MOST_ROWS).map((item) => columns.map(({ cell }) => cell(item)));
  const text = table(
    columns.map(({ head }) => head),
    columns.map(({ align }) => align),
    rows,
  );
  const more = observations.length - rows.length;
  return more > 0 ? `${text}\n\n${l10n.t('and {0} more', more)}` : text;
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
      ? l10n.t(
          '{0} more beyond {1}, up to {2}',
          formatCount(histogram.beyond),
          formatValue(histogram.to, parsed.unit),
          formatValue(histogram.max, parsed.unit),
        )
      : '',
    histogram.isSample === true ? l10n.t('drawn from a part of the requests') : '',
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
      l10n.t(
        'pass@1 {0} · pass@{1} {2} (right at least once) · pass^{1} {3} (right every time)',
        share(single),
        k,
        share(atLeastOnce),
        share(everyTime),
      ),
    );
  }
  if (judge !== undefined) {
    const { graded_twice: twice, disagreed = 0, calls, cost } = judge;
    const price = cost === null ? '' : `, ${formatValue(cost, 'USD')}`;
    const itself =
      twice === undefined
        ? ''
        : disagreed === 0
          ? `, ${l10n.t('agrees with itself on all {0} answers that it graded twice', twice)}`
          : `; $(warning) ${l10n.t('disagrees with itself on {0} of {1} answers that it graded twice', disagreed, twice)}`;
    parts.push(`${l10n.t('Judge: {0} requests', formatCount(calls))}${price}${itself}`);
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
    return l10n.t('{0} of {1}', tally.passed, total(tally));
  };
  const parts =
    targets.length === 1 && targets[0] !== undefined
      ? [l10n.t('{0} on {1}: {2} passed', label, inlineCode(targets[0]), counts(targets[0]))]
      : [
          label,
          table(
            [l10n.t('Target'), l10n.t('Passed'), l10n.t('Failed'), l10n.t('In error'), l10n.t('Skipped')],
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
        ? l10n.t('Its set holds all the same.')
        : l10n.t('The case passes all the same: its score reaches its threshold.'),
    );
  }
  const samples = observations
    .flatMap((item) => (item.sample === null ? [] : [{ observation: item, sample: item.sample }]))
    .sort((a, b) => rankOf(a.sample) - rankOf(b.sample));
  for (const { observation, sample } of samples.slice(0, MOST_SAMPLES)) {
    parts.push(
      ...sampleParts(
        sample,
        observation.type,
        l10n.t('{0} on {1}', escapeMarkdown(sample.case), inlineCode(observation.target)),
      ),
    );
    parts.push(linkRow(observation, sample, context));
  }
  if (samples.length > MOST_SAMPLES)
    parts.push(l10n.t('and {0} more that did not pass', samples.length - MOST_SAMPLES));
  if (samples.length === 0) parts.push(linkRow(first, null, context));
  const regraded = observations.flatMap(({ regraded: found }) => found ?? []);
  const twice = regraded.reduce((sum, found) => sum + found.twice, 0);
  const disagreed = regraded.reduce((sum, found) => sum + found.disagreed, 0);
  if (disagreed > 0)
    parts.push(
      `$(warning) ${l10n.t(
        'The judge graded {0} of these answers twice, and said something else the second time of {1}: rate its verdicts with care, or word the rubric more sharply.',
        twice,
        disagreed,
      )}`,
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
    const words =
      distinct === undefined
        ? ''
        : `, ${distinct === 1 ? l10n.t('1 different answer') : l10n.t('{0} different answers', distinct)}`;
    parts.push(`${inlineCode(target)}: ${answersPassed(tally)}${words}`);
    if (baseline !== undefined)
      parts.push(
        baseline === 'lost'
          ? `$(arrow-down) ${l10n.t('It passed in the baseline.')}`
          : `$(arrow-up) ${l10n.t('It failed in the baseline.')}`,
      );
    parts.push(...sampleParts(sample, '', ''));
    parts.push(linkRow(observation, sample, context));
  }
  if (order.length > MOST_SAMPLES) parts.push(l10n.t('and {0} more targets', order.length - MOST_SAMPLES));
  return parts;
}

function turnParts(observations: readonly TurnObservation[], context: HoverContext): string[] {
  return observations.slice(0, MOST_SAMPLES).flatMap((observation) => {
    const { target, judged, tally, sample, user } = observation;
    const counts = judged ? answersPassed(tally) : l10n.t('answered; nothing judges this turn');
    return [
      `${inlineCode(target)}: ${counts}`,
      `${l10n.t('User')}\n\n${fenced(user)}`,
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
  const isJudged = isGraded && sample.outcome !== 'error';
  if (whose !== '' && isJudged) parts.push(l10n.t('**{0}** the judge says: {1}', whose, escapeMarkdown(reason)));
  else if (whose !== '') parts.push(`**${whose}**: ${escapeMarkdown(reason)}`);
  else if (reason !== '') parts.push(escapeMarkdown(reason));
  if (again !== undefined) parts.push(l10n.t('Asked once more about the same answer, the judge said: {0}.', again));
  if (members.length > 0)
    parts.push(
      members
        .map((member) => `- ${inlineCode(member.type)} ${member.outcome}: ${escapeMarkdown(member.reason)}`)
        .join('\n'),
    );
  if (expected !== undefined) parts.push(`${l10n.t('Expected')}\n\n${fenced(expected)}`);
  if (actual !== undefined && actual !== answer) parts.push(`${l10n.t('Actual')}\n\n${fenced(actual)}`);
  if (answer !== undefined) {
    const marked =
      spans.length === 0 ? '' : `, ${l10n.t('with what this is about marked {0}so{1}', SPAN_START, SPAN_END)}`;
    const begins = cut === true ? `, ${l10n.t('its beginning')}` : '';
    parts.push(`${l10n.t('Answer')}${begins}${marked}\n\n${fenced(withSpans(answer, spans))}`);
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
      l10n.t(
        '{0}: {1} requests completed, {2}, error rate {3}.',
        `${inlineCode(target)}${name}`,
        completed,
        formatValue(rps, '1/s'),
        formatValue(errorRate, 'ratio'),
      ),
    ];
    if (quality !== undefined && quality.asked > 0) {
      const { passed, asked, errors, sampledFrom, notJudged } = quality;
      lines.push(
        [
          l10n.t(
            '{0} of {1} answers are right ({2})',
            formatCount(passed),
            formatCount(asked),
            formatValue(passed / asked, 'ratio'),
          ),
          errors > 0 ? l10n.t('{0} could not be judged', formatCount(errors)) : '',
          sampledFrom === undefined ? '' : l10n.t('a random sample of {0}', formatCount(sampledFrom)),
          notJudged === undefined
            ? ''
            : l10n.t('{0} more came faster than they could be judged', formatCount(notJudged)),
        ]
          .filter((part) => part !== '')
          .join(', ') + '.',
      );
    }
    if (worseThan !== undefined)
      lines.push(
        `$(warning) ${l10n.t(
          'Answers get worse under load: {0} are right in {1}.',
          formatValue(worseThan.passRate, 'ratio'),
          inlineCode(worseThan.stage),
        )}`,
      );
    return [...lines, ...caveats.map((text) => `$(warning) ${escapeMarkdown(text)}`)].join('  \n');
  });
  return [...facts, linkRow(first, null, context)];
}

function curveParts(observation: CurveObservation, caveats: string[], context: HoverContext): string[] {
  const { curve, target } = observation;
  const expressions = [...new Set(curve.points.flatMap(({ values }) => Object.keys(values)))];
  const heads = [
    l10n.t('Rate'),
    ...expressions.map((expr) => escapeMarkdown(expr.split(/\s/)[0] ?? expr)),
    l10n.t('Completed'),
    '',
  ];
  const open = byRate(curve);
  const closed = curve.points.filter(({ rate }) => rate === null);
  const rows = [...closed, ...open].map((point) => [
    point.rate === null ? escapeMarkdown(point.stage) : formatValue(point.rate, '1/s'),
    ...expressions.map((expr) => valueText(point.values[expr] ?? null, unitOf(expr))),
    formatValue(point.rps, '1/s'),
    VERDICT[point.verdict],
  ]);
  const cost =
    curve.cost_per_good === null
      ? ''
      : ` ${l10n.t('A good request costs {0} there.', formatValue(curve.cost_per_good, 'USD'))}`;
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
  const parts = [l10n.t('Held against the run {0} of {1}', inlineCode(against), instant(startedAt))];
  if (error !== undefined) parts.push(escapeMarkdown(error));
  if (pairs.length > 0)
    parts.push(
      table(
        [l10n.t('Target'), l10n.t('Cases'), l10n.t('Lost'), l10n.t('Won')],
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
  const more = all.length - shown.length;
  return more > 0 ? [...shown, l10n.t('{0} more remarks on single steps', more)] : shown;
}

function linkRow(observation: Observation | undefined, sample: Sample | null, { links }: HoverContext): string {
  return observation === undefined || links === undefined ? '' : linksOf(observation, sample, links);
}

function valueText(value: number | null, unit: Unit): string {
  return value === null ? l10n.t('no sample') : formatValue(value, unit);
}

function boldValue(value: number | null, unit: Unit, provisional: boolean): string {
  const text = `**${valueText(value, unit)}**`;
  return provisional ? l10n.t('{0} so far', text) : text;
}

function answersPassed(tally: Tally): string {
  return l10n.t('{0} of {1} answers passed', tally.passed, total(tally));
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
