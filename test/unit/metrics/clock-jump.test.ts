import assert from 'node:assert/strict';
import { ClockJumpDetector, describeClockJump, type ClockJump } from '../../../src/core/metrics/clock-jump';
import { ORIGIN_MS, aggregator, end, failure, request, slo } from './fixtures';

/** Feeds ticks of 100 ms by both clocks but for one, which takes what is given; returns what was noticed. */
function jumpsWith(monotonicMs: number, wallMs: number): ClockJump[] {
  const detector = new ClockJumpDetector({ tickMs: 100 });
  const found: ClockJump[] = [];
  let monotonic = 5_000_000;
  let wall = 1_700_000_000_000;
  for (let i = 0; i < 20; i++) {
    monotonic += i === 10 ? monotonicMs : 100;
    wall += i === 10 ? wallMs : 100;
    const jump = detector.tick(monotonic, wall);
    if (jump !== null) found.push(jump);
  }
  return found;
}

describe('a jump of the clock', () => {
  it('is seen where the wall clock moved on and the monotonic clock stood still', () => {
    const [jump, ...more] = jumpsWith(120, 3_600_120);
    assert.deepEqual(jump, { kind: 'suspended', atMs: 5_001_120, lostMs: 3_600_000 });
    assert.deepEqual(more, [], 'it is said once');
    assert.match(describeClockJump(jump), /^the machine was suspended for 60 min/);
  });

  it('is seen where both clocks counted the sleep', () => {
    const [jump] = jumpsWith(42_100, 42_100);
    assert.deepEqual([jump?.kind, jump?.lostMs], ['late', 42_000]);
    assert.equal(
      describeClockJump(jump as ClockJump),
      'the machine stood still for 42 s while the stage ran: run it again',
    );
  });

  it('is not seen in a late tick of a busy machine, a slewed clock or one that is set back', () => {
    assert.deepEqual(jumpsWith(100, 100), []);
    assert.deepEqual(jumpsWith(2500, 2500), []);
    assert.deepEqual(jumpsWith(100, 900), []);
    assert.deepEqual(jumpsWith(100, -3_600_000), []);
  });

  it('is not seen at the first tick, whatever the clocks say', () => {
    assert.equal(new ClockJumpDetector({ tickMs: 100 }).tick(9e9, 1), null);
  });

  it('follows the bounds it is given', () => {
    const strict = new ClockJumpDetector({ tickMs: 100, suspendedMs: 50, lateMs: 200 });
    strict.tick(0, 0);
    assert.equal(strict.tick(100, 151)?.kind, 'suspended');
    assert.equal(strict.tick(350, 401), null);
    assert.equal(strict.tick(651, 702)?.kind, 'late');
  });
});

describe('a stage that was invalidated', () => {
  const slos = [slo('ttft.p99 <= 200ms'), slo('ttft.p50 <= 1ms'), slo('itl.max <= 1s'), slo('error_rate <= 5%')];

  it('has no verdict, neither pass nor fail, and says why', () => {
    for (const policy of ['point', 'strict'] as const) {
      const stage = aggregator({ slos, policy });
      for (let i = 0; i < 600; i++) stage.add(request({ at: ORIGIN_MS + i * 100 }));
      stage.invalidate('the machine was suspended for 1 h');
      stage.invalidate('a later reason');
      for (const judged of [...stage.live(ORIGIN_MS + 60_000).slos, ...stage.finish(end()).slo]) {
        assert.deepEqual(
          [judged.verdict, judged.confidence, judged.reason],
          ['inconclusive', 'low', 'the machine was suspended for 1 h'],
          judged.expr,
        );
      }
      const result = stage.finish(end());
      assert.ok(result.flags.includes('clock_jump'));
      assert.equal(result.slo[0]?.value, 100, 'what was measured is shown');
    }
  });

  it('says so even where nothing completed', () => {
    const stage = aggregator({ slos });
    stage.add(failure(ORIGIN_MS));
    stage.invalidate('the machine was suspended for 1 h');
    assert.equal(stage.finish(end()).slo[0]?.reason, 'the machine was suspended for 1 h');
  });

  it('is the only one with the flag', () => {
    const stage = aggregator({ slos });
    for (let i = 0; i < 600; i++) stage.add(request({ at: ORIGIN_MS + i * 100 }));
    const result = stage.finish(end());
    assert.ok(!result.flags.includes('clock_jump'));
    assert.equal(result.slo[0]?.verdict, 'pass');
  });
});
