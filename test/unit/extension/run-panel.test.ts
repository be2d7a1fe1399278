import assert from 'node:assert/strict';
import type { EngineEvent } from '../../../src/protocol/events';
import type { QualityResult, RunJson } from '../../../src/protocol/run-json';
import type { HostToRunPanel, RunPanelChange, RunPanelState } from '../../../src/protocol/run-panel';
import type { Clock } from '../../../src/core/util/clock';
import { compact, DeltaSender } from '../../../src/extension/webviews/delta-sender';
import { pageHtml } from '../../../src/extension/webviews/html';
import { RunPanelModel } from '../../../src/extension/webviews/run-panel-state';
import { assertion, point, record, slo, stage, tick } from './support';

const STARTED: EngineEvent = {
  type: 'run-started',
  runId: 'r',
  dir: '/runs/r',
  name: 'chat',
  targets: [{ id: 'sim', endpoint: 'sim', model: 'm', prompt: 'default', stages: ['cases', 'load'] }],
};

const STAGE_STARTED: EngineEvent = {
  type: 'stage-started',
  target: 'sim',
  stage: 'load',
  pattern: 'poisson',
  plannedMs: 10_000,
  plannedRequests: null,
  warmupMs: 1000,
  cooldownMs: 0,
  rate: 8,
  slos: [],
};

function begun(limits?: ConstructorParameters<typeof RunPanelModel>[0]): RunPanelModel {
  const model = new RunPanelModel(limits);
  model.begin('chat', 'chat.eval.yaml', '2026-01-01T00:00:00.000Z', []);
  model.apply([STARTED, STAGE_STARTED]);
  return model;
}

/** What the panel does with changes: the two sides must agree, or a reopened panel would show something else. */
function applyChanges(state: RunPanelState, changes: readonly RunPanelChange[]): void {
  for (const change of changes) {
    const target = 'target' in change ? state.targets.find((item) => item.id === change.target) : undefined;
    switch (change.kind) {
      case 'status':
        Object.assign(state, { status: change.status, statusText: change.statusText, verdict: change.verdict });
        break;
      case 'stage':
        Object.assign(target?.stages.find((item) => item.name === change.stage) ?? {}, change.patch);
        break;
      case 'points':
        target?.stages.find((item) => item.name === change.stage)?.points.push(...change.points);
        break;
      case 'case': {
        const { case: pointer, repeat } = change.record;
        target?.cases.push(change.record);
        if (target !== undefined)
          target.streams = target.streams?.filter((one) => one.case !== pointer || one.repeat !== repeat);
        break;
      }
      case 'answer': {
        const { case: pointer, repeat, name, text } = change;
        const stream = target?.streams?.find((one) => one.case === pointer && one.repeat === repeat);
        if (stream === undefined) target?.streams?.push({ case: pointer, repeat, name, text });
        else stream.text += text;
        break;
      }
      case 'target':
        Object.assign(target ?? {}, change.patch);
        break;
      case 'run':
        Object.assign(state, change.patch);
        break;
      case 'history':
        Object.assign(target?.stages.find((item) => item.name === change.stage) ?? {}, { history: change.history });
        break;
      case 'quality':
        if (target !== undefined) target.quality = change.quality;
        break;
      case 'step':
        target?.stages.push(change.step);
        break;
      case 'curve':
        if (target !== undefined) target.curves = [...(target.curves ?? []), change.curve];
        break;
      case 'phases':
        if (target !== undefined) target.phases = change.phases;
        break;
    }
  }
}

function quality(): QualityResult {
  const counts = { cases: 2, passed: 1, failed: 1, errors: 0, skipped: 0 };
  return { ...counts, pass_rate: 0.5, ci: [0.1, 0.9], score: 0.5, flake_rate: null, slo: [] };
}

function withoutHistory(state: RunPanelState): unknown {
  return JSON.parse(JSON.stringify(state, (key, value: unknown) => (key === 'history' ? undefined : value)));
}

describe('RunPanelModel', () => {
  it('needs a snapshot once the targets are known', () => {
    const model = new RunPanelModel();
    model.begin('chat', 'chat.eval.yaml', 'now', []);
    assert.equal(model.apply([STARTED]), null);
    assert.deepEqual(
      model.state.targets[0]?.stages.map((item) => [item.name, item.status]),
      [
        ['cases', 'waiting'],
        ['load', 'waiting'],
      ],
    );
  });

  it('leads a copy to the same state by its changes', () => {
    const model = begun();
    const copy = structuredClone(model.state);
    const delta = { type: 'answer-delta' as const, target: 'sim', case: '/cases/0', repeat: 0 };
    const events: EngineEvent[] = [
      tick(1, 250, [point(100), point(200)]),
      { ...delta, text: 'an ' },
      { ...delta, text: 'answer' },
      { ...delta, case: '/cases/1', text: 'another' },
      { type: 'case-finished', record: record('/cases/0', 'refund', [assertion('/cases/0/assert/0')]) },
      tick(2, 500, [point(300, { ok: false, ttft: null })]),
      { type: 'stage-finished', target: 'sim', stage: stage('load', '/load/0', [slo('/slo/0')]) },
    ];
    for (const event of events) {
      const changes = model.apply([event]);
      assert.ok(changes !== null);
      applyChanges(copy, compact(structuredClone(changes)));
    }
    applyChanges(copy, model.end('completed', '', null));
    assert.deepEqual(withoutHistory(copy), withoutHistory(model.state));
    assert.equal(copy.targets[0]?.quality.passed, 1);
    assert.equal(copy.targets[0].stages[1]?.points.length, 3);
    assert.equal(copy.targets[0].stages[1].result?.name, 'load');
    assert.deepEqual(copy.targets[0].streams, [{ case: '/cases/1', repeat: 0, name: '/cases/1', text: 'another' }]);
  });

  it('says of a tick only what has changed since the one before', () => {
    const model = begun();
    const errors = [{ kind: 'http_429', count: 1, example: 'Busy.' }];
    model.apply([tick(1, 250, [], { errors })]);
    const [change] = model.apply([tick(2, 500, [], { errors, rps: 9 })]) ?? [];
    assert.ok(change?.kind === 'stage');
    assert.deepEqual(Object.keys(change.patch).sort(), ['counts', 'elapsedMs', 'progress', 'rps']);
    assert.deepEqual(model.state.targets[0]?.stages[1]?.errors, errors);
  });

  it('hands on what the results say of the run as a whole', () => {
    const model = begun();
    const judged = { ...quality(), pass_at: { 1: 0.5, 3: 1 } };
    const underLoad = { verdict: 'worse' };
    const run = {
      verdict: 'fail',
      baseline: { run: 'r0', regressions: ['One case is lost.'] },
      targets: [{ id: 'sim', stages: [], quality: judged, quality_under_load: underLoad, cost: { total: 0.1 } }],
    } as unknown as RunJson;
    const copy = structuredClone(model.state);
    applyChanges(copy, compact(model.end('completed', '', run)));
    assert.deepEqual(withoutHistory(copy), withoutHistory(model.state));
    assert.deepEqual(copy.targets[0]?.qualityResult, judged);
    assert.deepEqual(copy.targets[0]?.underLoad, underLoad);
    assert.equal(copy.baseline?.run, 'r0');
  });

  it('streams no more of an answer than is shown', () => {
    const model = begun({ points: 10, history: 10, cases: 10, answer: 8 });
    const delta = { type: 'answer-delta' as const, target: 'sim', case: '/cases/0', repeat: 0 };
    model.apply([{ ...delta, text: '12345' }]);
    model.apply([{ ...delta, text: '67890' }]);
    assert.deepEqual(model.apply([{ ...delta, text: 'more' }]), []);
    assert.equal(model.state.targets[0]?.streams?.[0]?.text, '12345678');
  });

  it('bounds the points of a stage and keeps its failures', () => {
    const model = begun({ points: 100, history: 10, cases: 1, answer: 10 });
    let failures = 0;
    for (let i = 0; i < 500; i++) {
      const ok = i % 50 !== 0;
      if (!ok) failures++;
      model.apply([tick(i, i * 20, [point(i, { ok })])]);
    }
    const points = model.state.targets[0]?.stages[1]?.points ?? [];
    assert.ok(points.length <= 100);
    assert.ok(points.length >= 40);
    assert.equal(points.filter((item) => !item.ok).length, failures);
    assert.ok(points.every((item, index) => index === 0 || item.t > (points[index - 1]?.t ?? 0)));
    assert.ok((model.state.targets[0]?.stages[1]?.history?.length ?? 0) <= 10);
  });

  it('cuts long answers', () => {
    const model = begun({ points: 10, history: 10, cases: 1, answer: 10 });
    model.apply([{ type: 'case-finished', record: record('/cases/0', 'a', [], { answer: 'x'.repeat(100) }) }]);
    model.apply([{ type: 'case-finished', record: record('/cases/1', 'b', []) }]);
    const target = model.state.targets[0];
    assert.equal(target?.cases.length, 1);
    assert.equal(target.cases[0]?.answer?.length, 11);
    assert.equal(target.cases[0]?.answerCharacters, 100);
    assert.equal(target.quality.total, 2);
  });

  it('leaves no stage running when the engine dies', () => {
    const model = begun();
    model.apply([tick(1, 250, [point(1)])]);
    model.end('crashed', 'The engine died.', null);
    assert.equal(model.state.status, 'crashed');
    assert.equal(model.state.statusText, 'The engine died.');
    assert.deepEqual(
      model.state.targets[0]?.stages.map((item) => item.status),
      ['waiting', 'done'],
    );
    assert.equal(model.state.targets[0]?.stages[1]?.points.length, 1);
  });
});

class FakeClock implements Clock {
  private time = 0;
  private timers: { due: number; callback: () => void }[] = [];

  nowMs(): number {
    return this.time;
  }

  at(dueMs: number, callback: () => void): () => void {
    const timer = { due: dueMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((item) => item !== timer);
    };
  }

  advance(ms: number): void {
    this.time += ms;
    const due = this.timers.filter((timer) => timer.due <= this.time);
    this.timers = this.timers.filter((timer) => timer.due > this.time);
    for (const timer of due) timer.callback();
  }
}

describe('DeltaSender', () => {
  let clock: FakeClock;
  let sent: HostToRunPanel[];
  let sender: DeltaSender;
  const change = (elapsedMs: number): RunPanelChange => ({
    kind: 'stage',
    target: 'sim',
    stage: 'load',
    patch: { elapsedMs },
  });

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    const model = new RunPanelModel();
    sender = new DeltaSender(
      () => model.state,
      (message) => sent.push(message),
      clock,
    );
  });

  function ack(): void {
    sender.onMessage({ type: 'ack', seq: sent.at(-1)?.seq ?? -1 });
  }

  it('says nothing before the panel is ready, then everything at once', () => {
    sender.push([change(1)]);
    clock.advance(1000);
    assert.equal(sent.length, 0);
    sender.onMessage({ type: 'ready' });
    assert.deepEqual(
      sent.map((message) => [message.type, message.seq]),
      [['snapshot', 1]],
    );
  });

  it('sends deltas in sequence, one in flight, at most one in 100 ms', () => {
    sender.onMessage({ type: 'ready' });
    ack();
    sender.push([change(1)]);
    clock.advance(50);
    assert.equal(sent.length, 1);
    clock.advance(50);
    assert.deepEqual(sent.at(-1), { type: 'delta', seq: 2, changes: [change(1)] });
    sender.push([change(2)]);
    clock.advance(1000);
    assert.equal(sent.length, 2, 'the one in flight is not acknowledged yet');
    sender.push([change(3)]);
    ack();
    assert.deepEqual(sent.at(-1), { type: 'delta', seq: 3, changes: [change(3)] });
  });

  it('ignores an acknowledgement of an older message', () => {
    sender.onMessage({ type: 'ready' });
    sender.push([change(1)]);
    sender.onMessage({ type: 'ack', seq: 0 });
    clock.advance(1000);
    assert.equal(sent.length, 1);
  });

  it('answers a gap and a restarted page with a snapshot', () => {
    sender.onMessage({ type: 'ready' });
    ack();
    clock.advance(100);
    sender.push([change(1)]);
    sender.onMessage({ type: 'need-snapshot', have: 0 });
    clock.advance(100);
    sender.onMessage({ type: 'ready' });
    assert.deepEqual(
      sent.map((message) => [message.type, message.seq]),
      [
        ['snapshot', 1],
        ['delta', 2],
        ['snapshot', 3],
        ['snapshot', 4],
      ],
    );
  });

  it('does not collect changes without end for a panel that is hidden', () => {
    sender.onMessage({ type: 'ready' });
    for (let i = 0; i < 6000; i++) sender.push([change(i)]);
    ack();
    clock.advance(100);
    assert.equal(sent.length, 2);
    assert.equal(sent.at(-1)?.type, 'snapshot');
  });
});

describe('DeltaSender with a hidden panel', () => {
  it('does not hold on to requests without end', () => {
    const sent: HostToRunPanel[] = [];
    const clock = new FakeClock();
    const sender = new DeltaSender(
      () => new RunPanelModel().state,
      (message) => sent.push(message),
      clock,
    );
    sender.onMessage({ type: 'ready' });
    const points = Array.from({ length: 500 }, (_, i) => point(i));
    for (let i = 0; i < 50; i++) sender.push([{ kind: 'points', target: 'sim', stage: 'load', points }]);
    sender.onMessage({ type: 'ack', seq: 1 });
    clock.advance(100);
    assert.deepEqual(
      sent.map(({ type }) => type),
      ['snapshot', 'snapshot'],
    );
  });
});

describe('compact', () => {
  it('sums up changes and leaves the originals alone', () => {
    const first: RunPanelChange = { kind: 'points', target: 'a', stage: 's', points: [point(1)] };
    const compacted = compact([
      first,
      { kind: 'stage', target: 'a', stage: 's', patch: { rps: 1, inFlight: 1 } },
      { kind: 'points', target: 'a', stage: 's', points: [point(2)] },
      { kind: 'stage', target: 'a', stage: 's', patch: { rps: 2 } },
      { kind: 'stage', target: 'b', stage: 's', patch: { rps: 3 } },
    ]);
    assert.deepEqual(compacted, [
      { kind: 'points', target: 'a', stage: 's', points: [point(1), point(2)] },
      { kind: 'stage', target: 'a', stage: 's', patch: { rps: 2, inFlight: 1 } },
      { kind: 'stage', target: 'b', stage: 's', patch: { rps: 3 } },
    ]);
    assert.equal(first.points.length, 1);
  });

  it('joins what is streamed of one answer and leaves the original alone', () => {
    const part = (text: string, repeat = 0): RunPanelChange => ({
      ...{ kind: 'answer', target: 'a', case: '/cases/0', repeat, name: 'one', text },
    });
    const first = part('You ');
    assert.deepEqual(compact([first, part('no', 1), part('have')]), [part('You have'), part('no', 1)]);
    assert.deepEqual(first, part('You '));
  });

  it('joins what is said of a target and of the run', () => {
    const run = (patch: object): RunPanelChange => ({ kind: 'run', patch });
    const target = (patch: object): RunPanelChange => ({ kind: 'target', target: 'a', patch });
    assert.deepEqual(
      compact([
        run({ loading: { read: 1, total: 9 } }),
        target({ error: 'x' }),
        run({ loading: null, caveats: ['c'] }),
        target({ cost: null }),
      ]),
      [run({ loading: null, caveats: ['c'] }), target({ error: 'x', cost: null })],
    );
  });
});

describe('pageHtml', () => {
  it('forbids everything but its own script, styles and fonts', () => {
    const html = pageHtml({ title: 'Run', cspSource: 'https://csp', nonce: 'abc', script: 's.js', styles: ['a.css'] });
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? '';
    assert.match(policy, /^default-src 'none'; script-src 'nonce-abc'; style-src https:\/\/csp 'nonce-abc';/);
    assert.ok(!policy.includes('unsafe'));
    assert.match(html, /<meta property="csp-nonce" content="abc">/);
    assert.match(html, /<div id="app"><\/div>\s*<script nonce="abc" src="s.js">/);
  });
});
