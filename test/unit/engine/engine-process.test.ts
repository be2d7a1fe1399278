import * as assert from 'node:assert/strict';
import * as path from 'node:path';
import { EngineCrashedError, EngineProcess } from '../../../src/core/engine/engine-process';
import { PromptrigError } from '../../../src/core/util/errors';
import { runPlan } from '../support/samples';

const engineEntry = path.join(__dirname, '../../fixtures/engine/fake-engine.js');
const never = new AbortController().signal;

async function run(mode: string, signal = never, onStarted: () => void = () => undefined): Promise<unknown> {
  process.env.FAKE_ENGINE = mode;
  const engine = new EngineProcess({ engineEntry, cancelStepMs: 50 });
  try {
    return await engine.run(runPlan('unused'), {}, onStarted, signal).then(
      () => 'resolved',
      (error: unknown) => error,
    );
  } finally {
    delete process.env.FAKE_ENGINE;
    engine.dispose();
  }
}

describe('EngineProcess', () => {
  it('says so when the engine ends before it answers', async () => {
    const error = await run('exit-early');
    assert.ok(error instanceof PromptrigError);
    assert.equal(error.code, 'engine_start');
  });

  it('says so when the engine is of another version', async () => {
    const error = await run('mismatch');
    assert.ok(error instanceof PromptrigError);
    assert.equal(error.code, 'engine_start');
    assert.match(error.message, /protocol 99/);
  });

  it('reports a death in the middle of a run, with how it died', async () => {
    const error = await run('die');
    assert.ok(error instanceof EngineCrashedError);
    assert.match(error.message, /SIGKILL/);
    assert.equal(error.run, null);
    assert.match(error.message, /could not be recovered: plan\.json could not be read/);
  });

  it('passes an expected failure on with its code and sentence', async () => {
    const error = await run('refuse');
    assert.ok(error instanceof PromptrigError);
    assert.equal(error.code, 'results_write');
    assert.equal(error.message, 'The disk is full.');
    assert.equal(error.reason, 'ENOSPC');
  });

  it('climbs the cancel ladder to the end with an engine that hears neither the call nor SIGTERM', async () => {
    const controller = new AbortController();
    const error = await run('deaf', controller.signal, () => controller.abort());
    assert.ok(error instanceof EngineCrashedError);
    assert.match(error.message, /SIGKILL/);
  });

  it('refuses a second run at the same time', async () => {
    process.env.FAKE_ENGINE = 'deaf';
    const engine = new EngineProcess({ engineEntry, cancelStepMs: 20 });
    const first = engine.run(runPlan('unused'), {}, () => undefined, never).catch(() => 'ended');
    await assert.rejects(
      engine.run(runPlan('unused'), {}, () => undefined, never),
      { code: 'usage' },
    );
    engine.dispose();
    assert.equal(await first, 'ended');
    delete process.env.FAKE_ENGINE;
  });
});
