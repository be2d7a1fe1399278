import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { validateXML } from 'xmllint-wasm';
import { xmlAttribute, xmlText } from '../../../src/core/report/escape-xml';
import { renderJunit } from '../../../src/core/report/junit';
import { hostileFile, reportFile, reportSet } from './documents-helpers';
import { caseRecord, quality, run, slo, stage, target } from './helpers';

const SCHEMA = readFileSync(join(__dirname, '../../fixtures/report/junit.xsd'), 'utf8');

interface Test {
  name: string;
  state: string;
  message: string;
  text: string;
  attributes: Record<string, string>;
}

/** The tests of a report by name, as a reader of XML sees them. */
function testsOf(xml: string): Map<string, Test> {
  const tests = new Map<string, Test>();
  const parser = new SaxesParser();
  let open: Test | null = null;
  parser.on('opentag', ({ name, attributes }) => {
    const plain = attributes as Record<string, string>;
    if (name === 'testcase') {
      open = { name: plain.name ?? '', state: 'passed', message: '', text: '', attributes: plain };
      tests.set(open.name, open);
    } else if (open !== null) {
      open.state = name;
      open.message = plain.message ?? '';
    }
  });
  parser.on('text', (text) => {
    if (open !== null) open.text += text;
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'testcase') open = null;
  });
  parser.on('error', (error) => {
    throw error;
  });
  parser.write(xml).close();
  return tests;
}

async function assertValid(xml: string): Promise<void> {
  const { valid, errors } = await validateXML({ xml: { fileName: 'report.xml', contents: xml }, schema: SCHEMA });
  assert.ok(valid, errors.map(({ message }) => message).join('\n'));
}

describe('the JUnit report', () => {
  it('is valid, with a suite per target and a test per case and SLO at its line', async () => {
    const xml = renderJunit(reportSet());
    await assertValid(xml);
    assert.match(xml, /<testsuites name="promptrig" tests="2" failures="1" errors="0" time="50\.000">/);
    assert.match(
      xml,
      /<testsuite name="evals\/chat\.eval\.yaml \[sim\]" tests="2" failures="1" errors="0" skipped="0" time="50\.000" timestamp="2025-01-01T00:00:00\.000Z" file="evals\/chat\.eval\.yaml">/,
    );
    assert.match(xml, /<property name="quality\.pass_rate" value="0\.91\d+"\/>/);
    const tests = testsOf(xml);
    const refund = tests.get('Refund');
    assert.equal(refund?.state, 'failure');
    assert.match(refund?.message ?? '', /does not contain "30 days"/);
    assert.match(refund?.text ?? '', /answer:\s+Refunds take a while\./);
    assert.deepEqual(
      [refund?.attributes.file, refund?.attributes.line, refund?.attributes.classname],
      ['evals/chat.eval.yaml', '12', 'evals/chat.eval.yaml [sim]'],
    );
    const objective = tests.get('SLO ttft.p99 <= 200ms (steady chat)');
    assert.deepEqual(
      [objective?.state, objective?.attributes.line, objective?.attributes.time],
      ['passed', '20', '50.000'],
    );
  });

  it('keeps outcomes apart: failed, in error, skipped, and permitted by the quality SLO', async () => {
    const cases = [
      caseRecord(),
      caseRecord({ case: '/cases/1', name: 'Down', outcome: 'error', assertions: [], reason: 'connection refused' }),
      caseRecord({
        case: '/cases/2',
        name: 'Later',
        outcome: 'skipped',
        assertions: [],
        answer: null,
        reason: 'not yet',
      }),
      caseRecord({ case: '/cases/3', name: 'Fine', outcome: 'passed', assertions: [] }),
    ];
    const strict = renderJunit(reportSet(reportFile({ cases })));
    await assertValid(strict);
    const states = (xml: string): Record<string, string> =>
      Object.fromEntries([...testsOf(xml).values()].map(({ name, state }) => [name, state]));
    assert.deepEqual(
      { ...states(strict), 'SLO ttft.p99 <= 200ms (steady chat)': undefined },
      {
        Refund: 'failure',
        Down: 'error',
        Later: 'skipped',
        Fine: 'passed',
        'SLO ttft.p99 <= 200ms (steady chat)': undefined,
      },
    );
    const bar = slo({ expr: 'quality.pass_rate >= 80%', pointer: '/slo/1', value: 0.9, limit: 0.8 });
    const permitted = testsOf(
      renderJunit(
        reportSet(reportFile({ cases, run: run({ targets: [target({ quality: quality({ slo: [bar] }) })] }) })),
      ),
    );
    assert.equal(permitted.get('Refund')?.state, 'skipped');
    assert.match(permitted.get('Refund')?.message ?? '', /^permitted by the quality SLO: does not contain/);
  });

  it('is an error where an SLO is undecided, and no failure where it only warns', async () => {
    const slos = [
      slo({ verdict: 'inconclusive', confidence: 'low', reason: '12 samples are too few for a p99' }),
      slo({
        expr: 'itl.p99 <= 20ms',
        verdict: 'fail',
        severity: 'warning',
        value: 30,
        limit: 20,
        reason: '10 ms over',
      }),
      slo({ expr: 'e2e.p99 <= 1s', verdict: 'fail', value: 1100, limit: 1000, reason: '100 ms over' }),
    ];
    const xml = renderJunit(
      reportSet(reportFile({ run: run({ targets: [target({ stages: [stage({ slo: slos })] })] }) })),
    );
    await assertValid(xml);
    const tests = testsOf(xml);
    assert.equal(tests.get('SLO ttft.p99 <= 200ms (steady chat)')?.state, 'error');
    assert.match(tests.get('SLO ttft.p99 <= 200ms (steady chat)')?.message ?? '', /too few/);
    assert.equal(tests.get('SLO itl.p99 <= 20ms (steady chat)')?.state, 'skipped');
    assert.equal(tests.get('SLO e2e.p99 <= 1s (steady chat)')?.state, 'failure');
  });

  it('joins the repeats of a case, and says in how many it failed', async () => {
    const cases = [0, 1, 2].map((repeat) =>
      repeat === 1 ? caseRecord({ repeat }) : caseRecord({ repeat, outcome: 'passed', assertions: [] }),
    );
    const xml = renderJunit(reportSet(reportFile({ cases })));
    await assertValid(xml);
    assert.match(testsOf(xml).get('Refund')?.message ?? '', /^1 of 3 answers: does not contain/);
    assert.match(testsOf(xml).get('Refund')?.text ?? '', /^\s*answer 2\n/);
  });

  it('is valid without a run, and where nothing of a target ran', async () => {
    await assertValid(renderJunit({ files: [], exitCode: 0, version: '1' }));
    const dead = target({ quality: null, stages: [], error: { code: 'endpoint_unreachable', message: 'refused' } });
    const xml = renderJunit(reportSet(reportFile({ cases: [], run: run({ targets: [dead] }) })));
    await assertValid(xml);
    assert.deepEqual(
      [...testsOf(xml).values()].map(({ name, state, message }) => [name, state, message]),
      [['endpoint', 'error', 'refused']],
    );
  });

  it('takes no text for markup, and stays readable XML whatever a model writes', async () => {
    const xml = renderJunit(reportSet(hostileFile()));
    await assertValid(xml);
    assert.equal(testsOf(xml).get('canary'), undefined);
    assert.doesNotMatch(xml, /<script|<img|<h1|&canary;/);
    assert.doesNotMatch(xml, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  });

  it('can tell a report that is not valid', async () => {
    const xml = renderJunit(reportSet()).replace(' classname=', ' klass=');
    const { valid } = await validateXML({ xml: { fileName: 'report.xml', contents: xml }, schema: SCHEMA });
    assert.equal(valid, false);
  });

  it('escapes any string into XML that a strict parser accepts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const parser = new SaxesParser();
        parser.on('error', (error) => {
          throw error;
        });
        parser.write(`<a b="${xmlAttribute(text)}">${xmlText(text)}</a>`).close();
      }),
    );
  });
});
