import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import type { EngineEvent, StageStarted, StageTick } from '../../../src/protocol/events';
import { advance, initialProgress, renderLive, renderPlain } from '../../../src/cli/progress';
import { LiveProgressView, PlainProgressView } from '../../../src/cli/progress-view';
import type { TextSink } from '../../../src/cli/io';
import { displayWidth } from '../../../src/core/report/layout';
import { painter } from '../../../src/core/report/style';
import { caseRecord, stage } from '../report/helpers';
import { FakeClock } from '../support/fake-clock';

const paint = painter(false);

const started: StageStarted = {
  type: 'stage-started',
  target: 'vllm-fp8',
  stage: 'steady chat',
  pattern: 'poisson',
  plannedMs: 60_000,
  plannedRequests: null,
  warmupMs: 0,
  cooldownMs: 0,
  rate: 8,
  slos: [],
};
const casesStarted: StageStarted = {
  ...started,
  stage: 'cases',
  pattern: 'cases',
  plannedMs: null,
  plannedRequests: 12,
  rate: null,
};

function tick(more: Partial<StageTick> = {}): StageTick {
  return {
    type: 'tick',
    target: 'vllm-fp8',
    stage: 'steady chat',
    seq: 1,
    elapsedMs: 15_000,
    progress: 0.25,
    counts: { scheduled: 120, completed: 116, failed: 2, timed_out: 0, cancelled: 0, truncated: 0 },
    inFlight: 2,
    rps: 7.9,
    offeredRps: 8,
    outputTps: 100,
    rolling: { ttftP50: 121, ttftP99: 184, itlP50: 15, itlP99: 22 },
    slos: [],
    points: [],
    thinned: false,
    errors: [{ kind: 'http_429', count: 2, example: 'busy' }],
    ...more,
  };
}

const begin: EngineEvent[] = [
  {
    type: 'run-started',
    runId: 'r',
    dir: '/r',
    name: 'Chat',
    targets: ['vllm-fp8', 'vllm-bf16'].map((id) => ({
      id,
      endpoint: id,
      model: 'm',
      prompt: 'default',
      stages: ['steady chat'],
    })),
  },
  { type: 'target-started', target: 'vllm-fp8' },
];

function stateOf(events: EngineEvent[]) {
  return events.reduce((state, event) => advance(state, event, 1000), initialProgress());
}

describe('renderLive', () => {
  const state = stateOf([...begin, started, tick()]);

  it('shows stage, elapsed and total, rate, rolling percentiles and errors', () => {
    const [first = '', second = '', ...more] = renderLive(state, { width: 120, paint, nowMs: 16_000 });
    assert.deepEqual(more, []);
    assert.match(first, /steady chat █+░+ 15 s of 60 s \(target 1 of 2\)/);
    assert.match(
      second,
      /7\.9\/s of 8\/s {2}TTFT p50 121 ms p99 184 ms {2}ITL p50 15 ms p99 22 ms {2}errors 2 {2}2 in flight/,
    );
  });

  it('fills the bar in proportion', () => {
    const [first = ''] = renderLive(state, { width: 120, paint, nowMs: 16_000 });
    const filled = first.match(/█/g)?.length ?? 0;
    const open = first.match(/░/g)?.length ?? 0;
    assert.ok(Math.abs(filled / (filled + open) - 0.25) < 0.03);
  });

  it('never takes more than the width, at any width', () => {
    const wide = stateOf([...begin, { ...started, stage: '東京の負荷 🙂' }, tick()]);
    for (const given of [state, wide]) {
      for (let width = 1; width <= 140; width++) {
        const lines = renderLive(given, { width, paint, nowMs: 16_000 });
        assert.equal(lines.length, 2);
        for (const line of lines) assert.ok(displayWidth(line) <= Math.max(10, width - 1), `${width}: ${line}`);
      }
    }
  });

  it('counts answers where a stage has a number of them, and what became of them', () => {
    const counts = { scheduled: 5, completed: 4, failed: 0, timed_out: 1, cancelled: 0, truncated: 0 };
    const passed: EngineEvent = {
      type: 'case-finished',
      record: caseRecord({ target: 'vllm-fp8', outcome: 'passed' }),
    };
    const failed: EngineEvent = { type: 'case-finished', record: caseRecord({ target: 'vllm-fp8' }) };
    const cases = stateOf([
      ...begin,
      casesStarted,
      tick({ counts, progress: 5 / 12, errors: [] }),
      passed,
      passed,
      failed,
    ]);
    const [first = '', second = ''] = renderLive(cases, { width: 120, paint, nowMs: 3000 });
    assert.match(first, /cases .* 5 of 12, 2 s/);
    assert.match(second, /errors 0 {2}2 passed {2}1 not/);
  });

  it('says that it waits while there is no tick, and a dash where there is no sample', () => {
    assert.match(renderLive(stateOf([...begin, started]), { width: 80, paint, nowMs: 1000 })[1] ?? '', /waiting/);
    const rolling = { ttftP50: null, ttftP99: null, itlP50: null, itlP99: null };
    const [, second] = renderLive(stateOf([...begin, started, tick({ rolling })]), { width: 80, paint, nowMs: 1000 });
    assert.match(second ?? '', /TTFT - {2}ITL -/);
  });

  it('prints no escape of a stage or a target', () => {
    const evil = stateOf([...begin, { ...started, stage: 'x\u001b[2Jy' }, tick()]);
    for (const line of [...renderLive(evil, { width: 200, paint, nowMs: 0 }), ...renderPlain(evil, 0)]) {
      assert.doesNotMatch(line, /\p{Cc}/u);
    }
  });

  it('shows each of the targets that run side by side, and no more of them than fit', () => {
    const [run] = begin;
    assert.ok(run?.type === 'run-started');
    const ids = ['fp8', 'bf16', 'c', 'd', 'e'];
    const targets = ids.map((id) => ({ ...run.targets[0]!, id }));
    const startAll = ids.flatMap((target): EngineEvent[] => [
      { type: 'target-started', target },
      { ...started, target },
    ]);
    const state = stateOf([{ ...run, targets }, ...startAll, tick({ target: 'bf16', inFlight: 7 })]);
    const lines = renderLive(state, { width: 120, paint, nowMs: 3000 });
    assert.equal(lines.length, 9);
    assert.match(lines[0] ?? '', /^ {2}fp8 \/ steady chat/);
    assert.match(lines[1] ?? '', /waiting/);
    assert.match(lines[2] ?? '', /^ {2}bf16 \/ steady chat/);
    assert.match(lines[3] ?? '', /7 in flight/);
    assert.equal(lines[8], '  and 1 more');
    assert.deepEqual(
      renderPlain(state, 3000).map((line) => line.split(':')[0]),
      ids.map((id) => `${id} / steady chat`),
    );
    const others = ids
      .filter((id) => id !== 'bf16')
      .map((target): EngineEvent => ({ type: 'target-finished', target }));
    const last = others.reduce((before, event) => advance(before, event, 3000), state);
    assert.match(renderLive(last, { width: 120, paint, nowMs: 3000 })[0] ?? '', /^ {2}steady chat .*target 2 of 5/);
  });

  it('counts the steps of a stage whose number is not known ahead', () => {
    const [run, ...rest] = begin;
    assert.ok(run?.type === 'run-started');
    const targets = [{ ...run.targets[0]!, stages: ['cases', 'limit', 'limit two'] }];
    const events: EngineEvent[] = [{ ...run, targets }, ...rest];
    const shown = () => renderLive(stateOf(events), { width: 120, paint, nowMs: 3000 })[0] ?? '';
    events.push({ ...started, stage: 'limit 8/s' });
    assert.match(shown(), /limit 8\/s .*2 s of 60 s \(step 1\)$/);
    events.push({ ...started, stage: 'limit 16/s' }, { ...started, stage: 'limit 16/s, again' });
    assert.match(shown(), /\(step 3\)$/);
    events.push({ ...started, stage: 'limit two 8/s' });
    assert.match(shown(), /\(step 1\)$/);
    events.push({ ...started, stage: 'cases' });
    assert.doesNotMatch(shown(), /step/);
  });

  it('is empty between stages', () => {
    assert.deepEqual(
      renderLive(stateOf([...begin, started, { type: 'stage-finished', target: 'vllm-fp8', stage: stage() }]), {
        width: 80,
        paint,
        nowMs: 0,
      }),
      [],
    );
  });
});

/** A terminal just clever enough to show what a person sees: text, line feeds, cursor up, erase. */
class FakeTerminal implements TextSink {
  readonly isTTY = true;
  readonly columns = 100;
  raw = '';
  lines: string[] = [''];
  private row = 0;
  cursorHidden = false;

  write(text: string): void {
    this.raw += text;
    const pattern = /\u001b\[(\??\d*)([A-Za-z])|(\n)|(\r)|([^\u001b\n\r]+)/g;
    for (const [, parameter = '', command, lineFeed, , printed] of text.matchAll(pattern)) {
      if (lineFeed !== undefined) this.lines[++this.row] ??= '';
      else if (printed !== undefined) this.lines[this.row] = printed;
      else if (command === 'A') this.row -= Number(parameter);
      else if (command === 'J') this.lines = [...this.lines.slice(0, this.row), ''];
      else if (parameter === '?25' && command !== undefined) this.cursorHidden = command === 'l';
    }
  }
}

describe('LiveProgressView', () => {
  it('redraws in place, keeps what is finished, and leaves the terminal as it was', () => {
    const clock = new FakeClock();
    const terminal = new FakeTerminal();
    const view = new LiveProgressView(terminal, paint, clock);
    assert.equal(terminal.cursorHidden, true);
    view.handle([...begin, started, tick()]);
    for (let i = 0; i < 20; i++) clock.advance(100);
    assert.equal(terminal.lines.filter((line) => line.includes('steady chat')).length, 1, 'one block, redrawn');
    view.handle([{ type: 'log', level: 'warn', message: 'slow\u001b[2J' }]);
    assert.deepEqual(terminal.lines.slice(0, 2), ['vllm-fp8', 'warn: slow\\u001b[2J']);
    view.handle([{ type: 'stage-finished', target: 'vllm-fp8', stage: stage() }]);
    view.dispose();
    assert.equal(terminal.cursorHidden, false);
    assert.equal(clock.pending, 0);
    const shown = terminal.lines.filter((line) => line !== '');
    assert.equal(shown.length, 3, shown.join('\n'));
    assert.match(
      shown[2] ?? '',
      /steady chat: 478 completed, 2 not · TTFT p50 121 ms p99 184 ms .* ✓ ttft\.p99 <= 200ms/,
    );
  });

  it('draws each frame in one write', () => {
    const clock = new FakeClock();
    const writes: string[] = [];
    const sink: TextSink = { isTTY: true, columns: 80, write: (text) => void writes.push(text) };
    const view = new LiveProgressView(sink, paint, clock);
    view.handle([...begin, started, tick()]);
    const before = writes.length;
    clock.advance(1000);
    assert.equal(writes.length - before, 10);
    view.dispose();
  });
});

describe('PlainProgressView', () => {
  it('writes when a stage starts, every five seconds, and when it has ended, without an escape', () => {
    const clock = new FakeClock();
    let text = '';
    const view = new PlainProgressView({ isTTY: false, columns: 80, write: (part) => (text += part) }, paint, clock);
    view.handle([...begin, started, tick()]);
    for (let i = 0; i < 12; i++) clock.advance(1000);
    view.handle([{ type: 'stage-finished', target: 'vllm-fp8', stage: stage() }]);
    clock.advance(20_000);
    view.dispose();
    assert.equal(text, stripVTControlCharacters(text));
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 4, text);
    assert.match(lines[0] ?? '', /^vllm-fp8 \/ steady chat: started \(60 s, poisson 8\/s\)$/);
    assert.match(
      lines[1] ?? '',
      /^vllm-fp8 \/ steady chat: 25%, 5 s of 60 s, 7\.9\/s of 8\/s, TTFT p50 121 ms p99 184 ms/,
    );
    assert.match(lines[2] ?? '', /10 s of 60 s/);
    assert.match(lines[3] ?? '', /^vllm-fp8 \/ steady chat: 478 completed/);
    assert.equal(clock.pending, 0);
  });
});
