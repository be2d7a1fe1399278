/**
 * JUnit XML: a suite for each file and target, a test for each case and for each SLO.
 *
 * Shape: that of `junit-10.xsd` of the Jenkins xUnit plugin, which the reports of Surefire, Gradle and pytest share, and on a test
 * the attributes `file` and `line` that GitLab and editors link. A suite's properties say what was measured.
 */
import type {
  BaselineComparison,
  CaseRecord,
  RequestRecord,
  RunJson,
  SloResult,
  StageResult,
  TargetResult,
} from '../../protocol/run-json';
import { rowLabel } from '../compare/regression-text';
import { formatSloLine } from '../metrics/format';
import { xmlAttribute, xmlText } from './escape-xml';
import { casesDecide } from './finding';
import { nearestPlace, type ReportFile, type ReportSet } from './report-file';

/** Characters of an answer that a failure quotes; the whole is in cases.ndjson. */
const MOST_ANSWER = 2000;

interface Test {
  name: string;
  pointer: string;
  seconds: number | null;
  state: 'passed' | 'failure' | 'error' | 'skipped';
  type?: string;
  message?: string;
  /** Below the message, lines. */
  details?: string;
}

interface Suite {
  name: string;
  file: ReportFile;
  seconds: number;
  properties: [name: string, value: string][];
  tests: Test[];
}

export function renderJunit({ files }: ReportSet): string {
  const suites = files.flatMap(suitesOf);
  const all = suites.flatMap((suite) => suite.tests);
  const seconds = suites.reduce((sum, suite) => sum + suite.seconds, 0);
  const totals = `tests="${all.length}" failures="${count(all, 'failure')}" errors="${count(all, 'error')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="promptrig" ${totals} time="${time(seconds)}">`,
    ...suites.flatMap(suiteLines),
    '</testsuites>',
    '',
  ].join('\n');
}

function suitesOf(file: ReportFile): Suite[] {
  const suites = file.run.targets.map((target) => targetSuite(file, target));
  const { baseline } = file.run;
  if (baseline !== undefined) {
    const tests = baselineTests(baseline);
    if (baseline.error !== undefined) {
      const message = baseline.error;
      tests.push({ name: 'baseline', pointer: '/baseline', seconds: null, state: 'error', type: 'baseline', message });
    }
    if (tests.length === 0) tests.push({ name: 'baseline', pointer: '/baseline', seconds: null, state: 'passed' });
    const properties: Suite['properties'] = [['baseline', baseline.run]];
    suites.push({ name: `${file.path} [baseline]`, file, seconds: 0, properties, tests });
  }
  return suites;
}

/** A test for each number that was held against the baseline; results of older versions have the sentences alone. */
function baselineTests({ rows, regressions, verdict: ofAll }: BaselineComparison): Test[] {
  if (rows === undefined) {
    return regressions.map((message): Test => ({
      name: message.split(':')[0] ?? message,
      pointer: '/baseline',
      seconds: null,
      state: 'failure',
      type: 'regression',
      message,
    }));
  }
  let next = 0;
  return rows.map((row): Test => {
    const { target, stage, verdict, pointer, reason } = row;
    const base = {
      name: [target, ...(stage === null ? [] : [stage]), rowLabel(row)].join(' · '),
      pointer: pointer === undefined || pointer === '' ? '/baseline' : pointer,
      seconds: null,
    };
    if (verdict === 'not tested') return { ...base, state: 'skipped', type: 'baseline', message: reason ?? verdict };
    if (verdict !== 'regression') return { ...base, state: 'passed' };
    const message = regressions[next++] ?? verdict;
    // Of a run that selects it decides nothing, and a report must not say that something failed.
    return { ...base, state: ofAll === 'pass' ? 'skipped' : 'failure', type: 'regression', message };
  });
}

function targetSuite(file: ReportFile, target: TargetResult): Suite {
  const { run } = file;
  const own = file.cases.filter((record) => record.target === target.id && record.stage === undefined);
  const tests: Test[] = [];
  if (target.error !== undefined) {
    const { code: type, message } = target.error;
    tests.push({ name: 'endpoint', pointer: '/endpoints', seconds: null, state: 'error', type, message });
  }
  const byCase = new Map<string, CaseRecord[]>();
  for (const record of own) byCase.set(record.case, [...(byCase.get(record.case) ?? []), record]);
  for (const records of byCase.values()) tests.push(caseTest(records, casesDecide(target), file.requests));
  for (const slo of target.quality?.slo ?? []) tests.push(sloTest(slo, null, run));
  for (const stage of target.stages) {
    // The steps of a search are meant to miss: the test is its conclusion.
    if (stage.part_of !== undefined) continue;
    tests.push(...deadStage(stage, target));
    for (const slo of [...stage.slo, ...(stage.quality?.slo ?? [])]) tests.push(sloTest(slo, stage, run));
  }
  for (const curve of target.curves ?? []) {
    const state = { pass: 'passed', fail: 'failure', inconclusive: 'error', error: 'error' } as const;
    tests.push({
      name: `${curve.kind}: ${curve.stage}`,
      pointer: curve.pointer,
      seconds: null,
      state: state[curve.verdict],
      type: curve.kind,
      message: curve.conclusion,
    });
  }
  const windows = target.stages.reduce((sum, { window }) => sum + (window.end_ms - window.start_ms) / 1000, 0);
  return {
    name: `${file.path} [${target.id}]`,
    file,
    seconds: windows,
    properties: propertiesOf(run, target),
    tests,
  };
}

function propertiesOf(run: RunJson, target: TargetResult): Suite['properties'] {
  const { quality, cost } = target;
  const rate = quality?.pass_rate;
  return [
    ['run', run.id],
    ['target', target.id],
    ['endpoint', target.endpoint],
    ['model', target.model],
    ['prompt', target.prompt],
    ['params', JSON.stringify(target.params)],
    ['verdict', target.verdict],
    ['seed', String(run.seed)],
    ['sha256', run.source.sha256],
    ...(rate === undefined || rate === null ? [] : [['quality.pass_rate', String(rate)] as [string, string]]),
    ...(cost.total === null ? [] : [['cost.total', String(cost.total)] as [string, string]]),
  ];
}

/** The answers to one case. It fails where any of them did: which and how often is in its text. */
function caseTest(
  records: readonly CaseRecord[],
  decides: boolean,
  requests: ReadonlyMap<string, RequestRecord> | undefined,
): Test {
  const [first] = records as [CaseRecord];
  const failed = records.filter(({ outcome }) => outcome === 'failed');
  const errors = records.filter(({ outcome }) => outcome === 'error');
  const base = { name: first.name, pointer: first.case, seconds: secondsOf(records, requests) };
  if (records.every(({ outcome }) => outcome === 'skipped')) {
    return { ...base, state: 'skipped', message: first.reason ?? 'skipped' };
  }
  const [worst] = failed.length > 0 ? failed : errors;
  if (worst === undefined) return { ...base, state: 'passed' };
  const share = records.length === 1 ? '' : `${failed.length + errors.length} of ${records.length} answers: `;
  const message = share + reasonOf(worst);
  const details = [...failed, ...errors].map((record) => detailsOf(record, records.length > 1)).join('\n\n');
  if (!decides) {
    return {
      ...base,
      state: 'skipped',
      type: 'permitted',
      message: `permitted by the quality SLO: ${message}`,
      details,
    };
  }
  return { ...base, state: failed.length > 0 ? 'failure' : 'error', type: typeOf(worst), message, details };
}

function reasonOf(record: CaseRecord): string {
  const { reason, assertions, outcome } = record;
  const deciding = assertions.find((item) => item.outcome === outcome && item.severity === 'error');
  return (outcome === 'error' ? (reason ?? deciding?.reason) : (deciding?.reason ?? reason)) ?? outcome;
}

function typeOf({ assertions, outcome }: CaseRecord): string {
  return assertions.find((item) => item.outcome === outcome)?.type ?? outcome;
}

function detailsOf(record: CaseRecord, isRepeated: boolean): string {
  const lines = record.assertions
    .filter(({ outcome }) => outcome !== 'passed')
    .map(
      ({ type, name, outcome, reason }) => `${outcome}: ${name === undefined ? type : `${name} (${type})`}: ${reason}`,
    );
  if (lines.length === 0) lines.push(record.reason ?? record.outcome);
  if (isRepeated) lines.unshift(`answer ${record.repeat + 1}`);
  if (record.answer !== null) {
    const cut = record.answer.length > MOST_ANSWER;
    lines.push('answer:', cut ? `${record.answer.slice(0, MOST_ANSWER)}…` : record.answer);
  }
  return lines.join('\n');
}

function secondsOf(
  records: readonly CaseRecord[],
  requests: ReadonlyMap<string, RequestRecord> | undefined,
): number | null {
  if (requests === undefined) return null;
  const ids = records.flatMap(({ request, turns }) => turns?.map((turn) => turn.request) ?? [request]);
  const lengths = ids.flatMap((id) => {
    const found = id === null ? undefined : requests.get(id);
    return found === undefined ? [] : [found.end - (found.sent ?? found.scheduled)];
  });
  return lengths.length === 0 ? null : lengths.reduce((sum, ms) => sum + ms, 0) / 1000;
}

function sloTest(slo: SloResult, stage: StageResult | null, run: RunJson): Test {
  const where = stage === null || stage.pointer === null ? '' : ` (${stage.name})`;
  const label = slo.name === undefined ? slo.expr : `${slo.name}: ${slo.expr}`;
  const line = formatSloLine(slo, run.confidence);
  const { state, type } = sloState(slo);
  return {
    name: `SLO ${label}${where}`,
    pointer: slo.pointer,
    seconds: stage === null ? null : (stage.window.end_ms - stage.window.start_ms) / 1000,
    state,
    ...(state === 'passed' ? {} : { type, message: line, details: `${line}\n${slo.reason}` }),
  };
}

/** One that could not be decided fails a gate (exit code 3), so it must not look like a pass: it is an error. */
function sloState({ verdict, severity }: SloResult): { state: Test['state']; type: string } {
  if (verdict === 'pass') return { state: 'passed', type: 'slo' };
  if (severity !== 'error') return { state: 'skipped', type: severity };
  return verdict === 'fail' ? { state: 'failure', type: 'slo' } : { state: 'error', type: 'inconclusive' };
}

function deadStage({ name, pointer, counts, errors }: StageResult, target: TargetResult): Test[] {
  const failed = counts.failed + counts.timed_out + counts.truncated;
  if (pointer === null || counts.completed > 0 || failed === 0 || target.error !== undefined) return [];
  const message = `none of ${counts.scheduled} requests completed${errors[0] === undefined ? '' : `: ${errors[0].example}`}`;
  return [{ name: `requests (${name})`, pointer, seconds: null, state: 'error', type: 'stage', message }];
}

function suiteLines({ name, file, seconds, properties, tests }: Suite): string[] {
  const counts = `tests="${tests.length}" failures="${count(tests, 'failure')}" errors="${count(tests, 'error')}" skipped="${count(tests, 'skipped')}"`;
  const about = `timestamp="${xmlAttribute(file.run.started_at)}" file="${xmlAttribute(file.path)}"`;
  return [
    `  <testsuite name="${xmlAttribute(name)}" ${counts} time="${time(seconds)}" ${about}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property name="${xmlAttribute(key)}" value="${xmlAttribute(value)}"/>`),
    '    </properties>',
    ...tests.flatMap((test) => testLines(test, name, file)),
    '  </testsuite>',
  ];
}

function testLines(test: Test, suite: string, file: ReportFile): string[] {
  const { line } = nearestPlace(file, test.pointer);
  const at = `file="${xmlAttribute(file.path)}" line="${line}"`;
  const took = test.seconds === null ? '' : ` time="${time(test.seconds)}"`;
  const head = `    <testcase name="${xmlAttribute(test.name)}" classname="${xmlAttribute(suite)}" ${at}${took}`;
  if (test.state === 'passed') return [`${head}/>`];
  const type = test.type === undefined ? '' : ` type="${xmlAttribute(test.type)}"`;
  const message = ` message="${xmlAttribute(test.message ?? '')}"`;
  const open = `      <${test.state}${type}${message}`;
  const inner = test.details === undefined ? `${open}/>` : `${open}>${xmlText(test.details)}</${test.state}>`;
  return [`${head}>`, inner, '    </testcase>'];
}

function count(tests: readonly Test[], state: Test['state']): number {
  return tests.filter((test) => test.state === state).length;
}

/** Seconds with three decimals: the schema's own pattern has no exponent. */
function time(seconds: number): string {
  return Math.max(0, seconds).toFixed(3);
}
