import assert from 'node:assert/strict';
import { CODE_CHECKS } from '../../../../src/core/quality/sandbox/checks';
import { codeContext } from '../../../../src/core/quality/sandbox/code-context';
import { launchArguments } from '../../../../src/core/quality/sandbox/launch';
import { Permits } from '../../../../src/core/quality/sandbox/permits';
import {
  parseProcStatus,
  parsePs,
  parseTasklist,
  residentBytesOf,
} from '../../../../src/core/quality/sandbox/resident-memory';
import { Stops } from '../../../../src/core/quality/sandbox/stops';
import { readVerdict } from '../../../../src/core/quality/sandbox/verdict';
import type { AssertionPlan, Json } from '../../../../src/protocol/plan';
import type { CheckResult, CodeReply, CodeRequest } from '../../../../src/core/quality/types';
import { answer, assertion, services } from '../helpers';

describe('the verdict of user code', () => {
  it('is read as promptfoo reads it', () => {
    assert.deepEqual(readVerdict(true), { holds: true, score: 1 });
    assert.deepEqual(readVerdict(false), { holds: false, score: 0 });
    assert.deepEqual(readVerdict(0.4), { holds: true, score: 0.4, reason: '0.4' });
    assert.deepEqual(readVerdict(0), { holds: false, score: 0, reason: '0' });
    assert.deepEqual(readVerdict(0.4, 0.5), { holds: false, score: 0.4, reason: '0.4' });
    assert.deepEqual(readVerdict(0, 0), { holds: true, score: 0, reason: '0' });
    assert.deepEqual(readVerdict({ pass: true, score: 0.2, reason: 'close' }, 0.5), {
      holds: true,
      score: 0.2,
      reason: 'close',
    });
  });

  it('meets a threshold that its sum misses by the last bit only', () => {
    assert.deepEqual(readVerdict(0.7 + 0.1, 0.8), { holds: true, score: 0.7 + 0.1, reason: '0.8' });
  });

  it('scores between 0 and 1, so that a count does not outweigh everything', () => {
    assert.deepEqual(readVerdict(7, 5), { holds: true, score: 1, reason: '7' });
    assert.deepEqual(readVerdict(-2), { holds: false, score: 0, reason: '-2' });
    assert.deepEqual(readVerdict({ pass: false, score: 30 }), { holds: false, score: 1 });
  });

  it('may leave out what follows from the rest', () => {
    assert.deepEqual(readVerdict({ pass: true }), { holds: true, score: 1 });
    const parts = [
      { pass: true, score: 1, reason: 'fine' },
      { pass: false, score: 0, reason: 'too long' },
    ];
    assert.deepEqual(readVerdict({ pass: false, componentResults: parts }), {
      holds: false,
      score: 0,
      reason: '1 of 2 parts passed; too long',
    });
  });

  it('is none of anything else', () => {
    const wrong = (value: Json): string => {
      const read = readVerdict(value);
      return 'wrong' in read ? read.wrong : JSON.stringify(read);
    };
    assert.equal(wrong('true'), 'a text');
    assert.equal(wrong(null), 'null');
    assert.equal(wrong([]), 'a list');
    assert.equal(wrong({ pass: 'yes' }), 'an object without pass: true or false');
    assert.equal(wrong({ pass: true, score: null }), 'an object whose score is no number');
    assert.equal(wrong({ pass: true, reason: 1 }), 'an object whose reason is no text');
  });
});

describe('the javascript assertion', () => {
  async function check(plan: AssertionPlan, reply: CodeReply, seen: CodeRequest[] = []): Promise<CheckResult> {
    const code = {
      run: (request: CodeRequest) => {
        seen.push(request);
        return Promise.resolve(reply);
      },
    };
    const subject = answer('yes', {
      vars: { city: 'Oslo' },
      expected: 'no',
      toolCalls: [{ id: '1', name: 'f', arguments: '{}' }],
    });
    const javascript = CODE_CHECKS['javascript'];
    assert.ok(javascript);
    return javascript(plan, subject, services({ code }));
  }
  const value = (given: Json): CodeReply => ({ kind: 'value', value: given });
  const inline = (more: Partial<AssertionPlan> = {}) =>
    assertion('javascript', undefined, { code: { source: 'output.length > 2' }, ...more });

  it('says what the code returned', async () => {
    const found = await check(inline(), value(true));
    assert.deepEqual(found, { kind: 'found', holds: true, score: 1, reason: '"output.length > 2" returned true' });
    const scored = await check(inline({ threshold: 0.5 }), value(0.25));
    assert.deepEqual(scored, {
      kind: 'found',
      holds: false,
      score: 0.25,
      reason: '"output.length > 2" returned 0.25 of the 0.5 needed',
    });
    const named = inline({ code: { source: '', file: '/a/checks.js', exportName: 'short' } });
    const inFile = await check(named, value(false));
    assert.deepEqual(inFile, { kind: 'found', holds: false, score: 0, reason: 'checks.js:short returned false' });
    const reasoned = await check(inline(), value({ pass: true, score: 0.8, reason: 'close enough' }));
    assert.deepEqual(reasoned, { kind: 'found', holds: true, score: 0.8, reason: 'close enough' });
  });

  it('is in error or skipped with the words of its runner', async () => {
    assert.deepEqual(await check(inline(), { kind: 'error', reason: 'the code threw 1' }), {
      kind: 'error',
      reason: 'the code threw 1',
    });
    assert.deepEqual(await check(inline(), { kind: 'skipped', reason: 'trust it first' }), {
      kind: 'skipped',
      reason: 'trust it first',
    });
    const wrong = await check(inline(), value('yes'));
    assert.ok(wrong.kind === 'error' && wrong.reason.startsWith('the code returned a text; return true or false'));
  });

  it('takes its code from its value where the plan has none apart', async () => {
    const seen: CodeRequest[] = [];
    await check(assertion('javascript', 'output === "yes"'), value(true), seen);
    assert.deepEqual(seen[0]?.code, { source: 'output === "yes"' });
    const missing = await check(assertion('javascript'), value(true));
    assert.ok(missing.kind === 'error' && missing.reason.startsWith('there is no code to run'));
  });

  it('hands over the answer and its surroundings', async () => {
    const seen: CodeRequest[] = [];
    await check(inline({ config: { limit: 3 } }), value(true), seen);
    const [request] = seen;
    assert.equal(request?.kind, 'assertion');
    assert.equal(request.output, 'yes');
    const { context } = request;
    assert.deepEqual(context['vars'], { city: 'Oslo' });
    assert.equal(context['prompt'], 'A question');
    assert.deepEqual(context['config'], { limit: 3 });
    assert.equal(context['expected'], 'no');
    assert.deepEqual(context['test'], { vars: { city: 'Oslo' }, expected: 'no' });
    assert.deepEqual(context['toolCalls'], [{ id: '1', name: 'f', arguments: '{}' }]);
    assert.equal(context['finishReason'], 'stop');
    assert.equal(context['latencyMs'], 900);
  });

  it('hands over messages as JSON where there are several', () => {
    const messages = [
      { role: 'system' as const, content: 'Be brief.' },
      { role: 'user' as const, content: 'Where?' },
    ];
    assert.equal(codeContext(answer('', { messages }), undefined)['prompt'], JSON.stringify(messages));
  });
});

describe('resident memory', () => {
  it('is read from what each system says', () => {
    assert.equal(parseProcStatus('Name:\tnode\nVmPeak:\t 9 kB\nVmRSS:\t   51232 kB\nThreads:\t7\n'), 51_232 * 1024);
    assert.equal(parseProcStatus('Name:\tnode\nState:\tZ (zombie)\n'), null);
    assert.equal(parsePs('  51232\n'), 51_232 * 1024);
    assert.equal(parsePs(''), null);
    assert.equal(parseTasklist('"node.exe","4711","Console","1","51,232 K"\r\n'), 51_232 * 1024);
    assert.equal(parseTasklist('"node.exe","4711","Konsole","1","51.232 K"\r\n'), 51_232 * 1024);
    assert.equal(parseTasklist('INFO: No tasks are running which match the specified criteria.\r\n'), null);
  });

  it('is that of the process asked for', async () => {
    const own = await residentBytesOf(process.pid);
    const actual = process.memoryUsage.rss();
    assert.ok(own !== null && own > actual / 2 && own < actual * 2, `${own} of ${actual}`);
    assert.equal(await residentBytesOf(2 ** 22 + 1), null);
  });
});

describe('permits', () => {
  it('go to who waited longest', async () => {
    const permits = new Permits(1);
    const { signal } = new AbortController();
    const order: string[] = [];
    assert.equal(await permits.take(signal), true);
    const waiting = ['a', 'b'].map((name) => permits.take(signal).then(() => order.push(name)));
    permits.give();
    await waiting[0];
    assert.deepEqual(order, ['a']);
    permits.give();
    await waiting[1];
    assert.deepEqual(order, ['a', 'b']);
  });

  it('pass by who has gone', async () => {
    const permits = new Permits(1);
    const { signal } = new AbortController();
    const leaving = new AbortController();
    await permits.take(signal);
    const first = permits.take(leaving.signal);
    const second = permits.take(signal);
    leaving.abort();
    assert.equal(await first, false);
    permits.give();
    assert.equal(await second, true);
    assert.equal(await permits.take(leaving.signal), false);
  });
});

describe('stops', () => {
  it('reach every call of a signal, and no other', async () => {
    const stops = new Stops();
    const run = new AbortController();
    const other = new AbortController();
    const wait = (signal: AbortSignal) =>
      stops.during(
        signal,
        (own) => new Promise<string>((resolve) => own.addEventListener('abort', () => resolve('stopped'))),
      );
    const calls = [wait(run.signal), wait(run.signal)];
    const kept = wait(other.signal);
    run.abort();
    assert.deepEqual(await Promise.all(calls), ['stopped', 'stopped']);
    assert.equal(await Promise.race([kept, Promise.resolve('runs')]), 'runs');
    stops.abortAll();
    assert.equal(await kept, 'stopped');
    assert.equal(await stops.during(run.signal, (own) => Promise.resolve(own.aborted)), true);
  });
});

describe('the arguments of the process', () => {
  it('deny first, and fall back only to what older runtimes know', () => {
    const variants = launchArguments({ entry: __filename, heapMb: 64 });
    assert.deepEqual(
      variants.map(([first]) => first),
      ['--permission', '--experimental-permission', '--no-warnings'],
    );
    for (const args of variants) {
      assert.ok(args.includes('--disallow-code-generation-from-strings'));
      assert.ok(args.includes('--frozen-intrinsics'));
      assert.ok(args.includes('--max-old-space-size=64'));
      assert.ok(!args.some((arg) => /^--allow-(fs-write|child-process|worker|addons|wasi|net|inspector)/.test(arg)));
    }
  });
});
