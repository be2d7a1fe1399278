import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { doctorFile, readDoctor, storeDoctor } from '../../../src/core/doctor/cache';
import { ceilingWarnings } from '../../../src/core/doctor/ceiling';
import { rateLimit, streamLimit } from '../../../src/core/doctor/judge';
import { climb } from '../../../src/core/doctor/ladder';
import { shareBetween } from '../../../src/core/doctor/machine';
import { doctorPlan, rateLoad } from '../../../src/core/doctor/plan';
import { errorsOf } from '../../../src/core/doctor/truth';
import { renderDoctor } from '../../../src/core/report/table-doctor';
import { displayWidth } from '../../../src/core/report/layout';
import type { SimRequest } from '../../../src/core/sim/request-log';
import type { RunPlan, StagePlan } from '../../../src/protocol/plan';
import type { RequestRecord } from '../../../src/protocol/run-json';
import { doctorReport, MACHINE, rateStep, streamStep } from './fixtures';

describe('the ladder of the self-check', () => {
  const always = () => true;
  /** Measures that are limited for the given steps; each step may be given several outcomes, one per attempt. */
  const measurer = (limited: Record<number, boolean[]>) => {
    const asked: number[] = [];
    const measure = (step: number) => {
      asked.push(step);
      return Promise.resolve({ step, limited: limited[step]?.shift() ?? false, attempts: 1 });
    };
    return { asked, measure };
  };

  it('climbs to the top where the client is never the limit', async () => {
    const { asked, measure } = measurer({});
    const { results, ended } = await climb({ steps: [1, 2, 4], measure, mayGoOn: always });
    assert.deepEqual([asked, ended], [[1, 2, 4], 'top']);
    assert.equal(results.length, 3);
  });

  it('stops at the first step that is too much twice, and keeps it', async () => {
    const { asked, measure } = measurer({ 2: [true, true] });
    const { results, ended } = await climb({ steps: [1, 2, 4, 8], measure, mayGoOn: always });
    assert.deepEqual([asked, ended], [[1, 2, 2], 'limited']);
    assert.deepEqual(results.at(-1), { step: 2, limited: true, attempts: 2 });
  });

  it('forgives one bad attempt', async () => {
    const { asked, measure } = measurer({ 2: [true, false] });
    const { results, ended } = await climb({ steps: [1, 2, 4], measure, mayGoOn: always });
    assert.deepEqual([asked, ended], [[1, 2, 2, 4], 'top']);
    assert.deepEqual(
      results.map(({ attempts }) => attempts),
      [1, 2, 1],
    );
  });

  it('ends when its time is over, but measures the lowest step whatever the time', async () => {
    let left = 2;
    const some = measurer({});
    const { ended } = await climb({ steps: [1, 2, 4], measure: some.measure, mayGoOn: () => --left > 0 });
    assert.deepEqual([some.asked, ended], [[1, 2], 'time']);
    const none = measurer({ 1: [true] });
    const late = await climb({ steps: [1, 2], measure: none.measure, mayGoOn: () => false });
    assert.deepEqual([none.asked, late.ended, late.results.length], [[1], 'limited', 1]);
  });
});

describe('the judgement of a step', () => {
  const streams = { ttftP50Ms: 0.3, tokenP99Ms: 4, lost: 0, clientLimited: false };
  const rate = { lagP50Ms: 0.1, lagP99Ms: 1.5, lost: 0 };

  it('accepts a median within 1 ms and a p99 within 10 ms, both included', () => {
    assert.equal(streamLimit(streams), null);
    assert.equal(streamLimit({ ...streams, ttftP50Ms: 1, tokenP99Ms: 10 }), null);
    assert.equal(rateLimit(rate), null);
    assert.equal(rateLimit({ ...rate, lagP50Ms: 1, lagP99Ms: 10 }), null);
  });

  it('says which measure is too much', () => {
    assert.equal(
      streamLimit({ ...streams, ttftP50Ms: 1.2 }),
      'half of the first tokens are stamped 1.2 ms late or more',
    );
    assert.equal(streamLimit({ ...streams, tokenP99Ms: 12.3 }), 'tokens are stamped 12.3 ms late at p99');
    assert.equal(streamLimit({ ...streams, clientLimited: true }), 'requests are sent too late');
    assert.equal(streamLimit({ ...streams, lost: 1 }), 'an answer was lost');
    assert.equal(rateLimit({ ...rate, lagP50Ms: 14 }), 'half of the requests are sent 14 ms late or more');
    assert.equal(rateLimit({ ...rate, lagP99Ms: 97 }), 'requests are sent 97 ms late at p99');
    assert.equal(rateLimit({ ...rate, lost: 3 }), '3 answers were lost');
  });

  it('does not take what could not be measured for good', () => {
    assert.notEqual(rateLimit({ ...rate, lagP50Ms: Number.NaN }), null);
    assert.notEqual(streamLimit({ ...streams, tokenP99Ms: Number.NaN }), null);
  });
});

describe('the errors of a step', () => {
  const record = (id: string, first: number | null, itl: number[], outcome = 'completed') =>
    ({ id, outcome, first, itl }) as RequestRecord;
  const real = (id: string, writesMs: number[]) => ({ id, writesMs }) as SimRequest;

  it('are the stamps against the instants of writing, on one clock', () => {
    const errors = errorsOf(
      [record('a', 100.5, [21, 19]), record('b', 200.25, [])],
      [real('a', [1100, 1120, 1140]), real('b', [1200])],
      1000,
    );
    assert.deepEqual(errors.ttftMs, [0.5, 0.25]);
    assert.deepEqual(errors.tokenMs, [0.5, 1.5, 0.5, 0.25]);
    assert.deepEqual(errors.itlMs, [1, 1]);
    assert.equal(errors.lost, 0);
    assert.equal(errors.tokensPerS, 40);
  });

  it('count as lost what did not arrive whole, and leave it out', () => {
    const records = [
      record('failed', null, [], 'failed'),
      record('cut', 100, [20]),
      record('unknown', 100, []),
      record('timeout', 100, [20, 20], 'timed_out'),
    ];
    const truth = ['failed', 'cut', 'timeout'].map((id) => real(id, [1100, 1120, 1140]));
    const errors = errorsOf(records, truth, 1000);
    assert.equal(errors.lost, 4);
    assert.deepEqual([errors.tokenMs, errors.tokensPerS], [[], 0]);
  });
});

describe('the conclusion of the self-check', () => {
  it('names the ceiling, what is beyond it, and why', () => {
    const report = doctorReport({
      streams: [streamStep(64), streamStep(256), streamStep(512, 'tokens are stamped 14 ms late at p99')],
      rates: [rateStep(200), rateStep(400), rateStep(1000, 'requests are sent 12 ms late at p99')],
      streamsEnded: 'limited',
      ratesEnded: 'limited',
    });
    assert.deepEqual(report.ceiling, { streams: 256, rate: 400, streams_ended: 'limited', rates_ended: 'limited' });
    assert.equal(report.status, 'fine');
    assert.equal(
      report.conclusion[0],
      'Up to about 400 requests/s and 256 streams at once this machine measures within 1 ms (median; 10 ms at p99).',
    );
    assert.equal(
      report.conclusion[1],
      'Beyond, the client is the limit: at 1000/s requests are sent 12 ms late at p99; at 512 streams tokens are stamped 14 ms late at p99.',
    );
  });

  it('does not claim a limit that was not reached', () => {
    const { conclusion } = doctorReport();
    assert.match(conclusion.join(' '), /The client was not the limit at any step that was tried\./);
    assert.doesNotMatch(conclusion.join(' '), /Beyond|Other processes|left out/);
  });

  it('is busy where a lowest step was too much, and says what else runs', () => {
    const report = doctorReport({
      streams: [streamStep(1, 'tokens are stamped 30 ms late at p99')],
      streamsEnded: 'limited',
      busy: [0.85, 0.4],
    });
    assert.equal(report.status, 'busy');
    assert.equal(report.ceiling.streams, null);
    assert.match(report.conclusion[0] ?? '', /Even a lowest step.*at 1 stream tokens are stamped 30 ms late at p99/);
    assert.match(report.conclusion.join(' '), /Other processes used 85% of the cores.*close them and run it again\./);
  });

  it('says that other processes spoil a check that went well, too', () => {
    assert.match(doctorReport({ busy: [0.1, 0.5] }).conclusion.join(' '), /used 50% of the cores/);
  });

  it('says what was left out', () => {
    const { conclusion } = doctorReport({ streamsEnded: 'open_files', ratesEnded: 'time', openFiles: 256 });
    assert.match(conclusion.join(' '), /higher rates were left out for want of time/);
    assert.match(conclusion.join(' '), /256 files open here.*ulimit -n/);
  });
});

describe('the table of the self-check', () => {
  const report = doctorReport({
    streams: [streamStep(64), streamStep(512, 'tokens are stamped 14 ms late at p99')],
    streamsEnded: 'limited',
  });
  const text = renderDoctor(report, { colour: false, width: 120 });

  it('holds the machine, both ladders and the sentences', () => {
    assert.match(text, /A CPU · 8 cores · Node 20\.20\.2 · linux 6 x64 · 20,000 open files/);
    assert.match(text, /load average 0\.40 · cores in use by others 2% before, 3% after/);
    assert.match(text, /clock resolves 0\.04 µs · timers late 0\.4 ms p50, 1\.2 ms p99/);
    assert.match(text, /✓ measured well +64 +3,072 +0\.21 ms +0\.08 ms +1\.4 ms +1\.6 ms +12% +1 +0$/m);
    assert.match(text, /✗ client limited +512 .*\(2 attempts\)$/m);
    assert.match(text, /✓ measured well +400\/s +0\.05 ms +0\.9 ms/);
    assert.match(text, /^✓ Up to about 400 requests\/s and 64 streams/m);
  });

  it('shows a dash where nothing came, and wraps its sentences', () => {
    const step = { ...rateStep(50, '3 answers were lost'), lag_p50_ms: null, lag_p99_ms: null, lost: 3 };
    const narrow = renderDoctor(doctorReport({ rates: [step] }), { colour: false, width: 60 });
    assert.match(narrow, /✗ client limited +50\/s +- +- /);
    assert.match(narrow, /^✗ Even a lowest step/m);
    const sentences = narrow.slice(narrow.indexOf('✗ Even')).split('\n');
    for (const line of sentences) assert.ok(displayWidth(line) <= 60, line);
  });
});

describe('the stored self-check', () => {
  let folder: string;
  beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), 'promptrig-cache-'))));
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('lies in the user’s cache folder of each platform', () => {
    const home = os.homedir();
    assert.equal(doctorFile({ XDG_CACHE_HOME: '/c' }, 'linux'), path.join('/c', 'promptrig', 'doctor.json'));
    assert.equal(doctorFile({ XDG_CACHE_HOME: 'relative' }, 'linux'), path.join(home, '.cache/promptrig/doctor.json'));
    assert.equal(doctorFile({}, 'darwin'), path.join(home, 'Library/Caches/promptrig/doctor.json'));
    assert.equal(doctorFile({ LOCALAPPDATA: '/l' }, 'win32'), path.join('/l', 'promptrig', 'doctor.json'));
  });

  it('comes back as it was, and leaves nothing else behind', async () => {
    const file = doctorFile({ XDG_CACHE_HOME: folder });
    const report = doctorReport();
    await storeDoctor(file, report);
    await storeDoctor(file, report);
    assert.deepEqual(await readDoctor(file), report);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ['doctor.json']);
  });

  it('is none where it is missing, broken, or of another schema', async () => {
    const file = path.join(folder, 'doctor.json');
    assert.equal(await readDoctor(file), null);
    const report = doctorReport();
    for (const text of [
      '',
      '{"schema": "promptrig.doctor/1"}',
      'null',
      JSON.stringify({ ...report, schema: 'promptrig.doctor/2' }),
      JSON.stringify(report).slice(0, 200),
    ]) {
      fs.writeFileSync(file, text);
      assert.equal(await readDoctor(file), null, text);
    }
  });

  it('says where it could not be stored', async () => {
    fs.writeFileSync(path.join(folder, 'promptrig'), 'a file in the way');
    await assert.rejects(storeDoctor(doctorFile({ XDG_CACHE_HOME: folder }), doctorReport()), {
      code: 'results_write',
      message: /could not be stored in .*doctor\.json/,
    });
  });
});

describe('the warning of a run above the ceiling', () => {
  const limited = doctorReport({ streamsEnded: 'limited', ratesEnded: 'limited' });
  const plan = (...stages: Partial<StagePlan>[]): RunPlan => {
    const given = doctorPlan({ outDir: '/o', url: 'http://127.0.0.1:1/v1', load: rateLoad(1, 1000) });
    const target = given.targets[0]!;
    const base = { ...target.stages[0]!, rate: undefined };
    const all = stages.map((stage, index) => ({ ...base, pointer: `/load/${index}`, ...stage }));
    return {
      ...given,
      targets: [
        { ...target, stages: all },
        { ...target, stages: all },
      ],
    };
  };
  const warned = (stage: Partial<StagePlan>, report = limited) => ceilingWarnings(plan(stage), report, MACHINE);

  it('names the stage, its rate, the ceiling and the day, once for all targets', () => {
    const [first, ...more] = warned({ name: 'peak', rate: 800 });
    assert.deepEqual(more, []);
    assert.deepEqual([first?.pointer, first?.severity], ['/load/0', 'warning']);
    assert.match(
      first?.message ?? '',
      /^"peak" offers 800\/s, but the self-check of 2025-03-04 found that beyond 400\/s the client is the limit/,
    );
  });

  it('looks at the highest load that each pattern offers', () => {
    const above: Partial<StagePlan>[] = [
      { pattern: 'ramp', ramp: { from: 1, to: 500, shape: 'linear' } },
      { pattern: 'burst', burst: { base: 1, peak: 500, everyMs: 1, forMs: 1 } },
      { pattern: 'sweep', sweep: { from: 1, to: 500, steps: 3, auto: false } },
      { pattern: 'concurrent', loop: 'closed', concurrency: 300 },
      { pattern: 'ramp', loop: 'closed', ramp: { from: 1, to: 300, shape: 'linear' } },
      { pattern: 'throughput', loop: 'closed', maxConcurrency: 300 },
    ];
    for (const stage of above) assert.equal(warned(stage).length, 1, JSON.stringify(stage));
    const within: Partial<StagePlan>[] = [
      { rate: 400 },
      { pattern: 'ramp', ramp: { from: 1, to: 400, shape: 'linear' } },
      { pattern: 'concurrent', loop: 'closed', concurrency: 256, rate: 9000 },
      { pattern: 'sync', loop: 'closed', concurrency: 1 },
      { pattern: 'trace', trace: { path: '/t', speed: 1 } },
      { pattern: 'capacity', capacity: { to: 5000, precision: 0.05 } },
    ];
    for (const stage of within) assert.deepEqual(warned(stage), [], JSON.stringify(stage));
  });

  it('is a note where the self-check went no higher', () => {
    const [first] = warned({ rate: 800 }, doctorReport());
    assert.equal(first?.severity, 'info');
    assert.match(first?.message ?? '', /tried this machine up to 400\/s only/);
  });

  it('says nothing on another machine, and nothing by a check that the machine was too busy for', () => {
    for (const other of [{ cpu: 'Another' }, { cores: 2 }, { node: '22.0.0' }]) {
      assert.deepEqual(ceilingWarnings(plan({ rate: 800 }), limited, { ...MACHINE, ...other }), []);
    }
    assert.equal(ceilingWarnings(plan({ rate: 800 }), limited, { ...MACHINE, os: 'linux 7 x64' }).length, 1);
    const busy = doctorReport({ rates: [rateStep(50, 'x')], ratesEnded: 'limited' });
    assert.deepEqual(warned({ rate: 800 }, busy), []);
  });
});

describe('shareBetween', () => {
  it('is the share of the cores that were not idle', () => {
    assert.equal(shareBetween({ idle: 100, total: 200 }, { idle: 175, total: 300 }), 0.25);
    assert.equal(shareBetween({ idle: 100, total: 200 }, { idle: 100, total: 200 }), 0);
    assert.equal(shareBetween({ idle: 0, total: 0 }, { idle: 110, total: 100 }), 0);
  });
});
