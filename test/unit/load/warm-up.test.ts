import assert from 'node:assert/strict';
import { wireApiOf } from '../../../src/core/endpoints/registry';
import { Intake } from '../../../src/core/load/intake';
import { warmCodePath } from '../../../src/core/load/warm-up';
import { SUPPORTED_APIS } from '../../../src/core/spec/supported';
import { monotonicMs } from '../../../src/core/util/clock';

describe('the warm-up', () => {
  for (const api of SUPPORTED_APIS) {
    it(`reads whole answers of ${api}, without a request to anybody`, async () => {
      const { requests, problem } = await warmCodePath(wireApiOf(api), new Intake(monotonicMs), monotonicMs, 50);
      assert.equal(problem, null);
      assert.ok(requests > 8, String(requests));
    });
  }

  it('says why it could not be done', async () => {
    const broken = { ...wireApiOf('openai-chat'), sample: () => ['data: {"error":{"message":"cold"}}\n\n'] };
    const { problem } = await warmCodePath(broken, new Intake(monotonicMs), monotonicMs, 50);
    assert.match(problem ?? '', /cold/);
  });
});
