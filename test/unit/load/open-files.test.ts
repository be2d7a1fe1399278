import assert from 'node:assert/strict';
import { limitedStage, openFilesIn, openFilesLimit, withinOpenFiles } from '../../../src/core/load/open-files';
import { stageOf } from './stage';

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             unlimited            unlimited            processes
Max open files            4096                 1048576              files
Max locked memory         8388608              8388608              bytes
`;

describe('open files', () => {
  it('are limited by the soft limit of the process', () => {
    assert.equal(openFilesIn(LIMITS), 4096);
    assert.equal(openFilesIn(LIMITS.replace('4096     ', 'unlimited')), null);
    assert.equal(openFilesIn(''), null);
  });

  it('have a limit that this system tells, or none', async () => {
    const limit = await openFilesLimit();
    assert.ok(limit === null || limit >= 16, String(limit));
  });

  it('refuse a closed loop with more users, with the limit and the way out', () => {
    const stage = stageOf({
      name: 'flood',
      pattern: 'concurrent',
      loop: 'closed',
      concurrency: 2000,
      maxConcurrency: 2000,
    });
    assert.throws(() => limitedStage(stage, 1024), {
      code: 'usage',
      message: /"flood" needs 2000 connections.*1024 files.*ulimit -n 2128.*896 at most/,
    });
    assert.equal(limitedStage(stage, 4096).stage, stage);
    assert.equal(limitedStage(stage, null).stage, stage);
  });

  it('leave a closed loop alone whose users are fewer than its most', () => {
    const stage = stageOf({ pattern: 'concurrent', loop: 'closed', concurrency: 8, maxConcurrency: 1024 });
    assert.deepEqual(limitedStage(stage, 256), { stage, note: null });
  });

  it('lower what an open loop may use only where it did not ask for more itself', () => {
    const asDefault = limitedStage(stageOf({ rate: 5, maxConcurrency: 1024 }), 1024);
    assert.equal(asDefault.stage.maxConcurrency, 896);
    assert.match(asDefault.note ?? '', /1024 files.*896 requests/);
    const asked = stageOf({ rate: 5, maxConcurrency: 5000 });
    assert.throws(() => limitedStage(asked, 1024), { code: 'usage', message: /5000 connections/ });
    assert.throws(() => limitedStage(stageOf({ rate: 5 }), 100), { code: 'usage' });
  });

  it('count for the cases, too', () => {
    assert.throws(() => withinOpenFiles('cases', 1000, 1024), { code: 'usage', message: /"cases"/ });
    withinOpenFiles('cases', 896, 1024);
  });
});
