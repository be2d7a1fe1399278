import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { doctorFile, storeDoctor } from '../../../src/core/doctor/cache';
import { describeMachine } from '../../../src/core/doctor/machine';
import { validateCommand } from '../../../src/cli/validate-command';
import { fakeIo } from '../cli/fake-io';
import { doctorReport, rateStep } from '../doctor/fixtures';
import { removeTempDirs, tempDir } from '../support/temp';

function folder(files: Record<string, string>): string {
  const dir = tempDir();
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, name), text);
  return dir;
}

async function validate(dir: string, env: Record<string, string> = {}): Promise<{ code: number; text: string }> {
  const io = fakeIo({ cwd: dir, env: { XDG_CACHE_HOME: dir, ...env } });
  const code = await validateCommand(io, ['.'], { quiet: false });
  return { code, text: io.stdout.text };
}

describe('promptrig validate', () => {
  after(removeTempDirs);

  const FILE =
    'prompt: file://p.txt\nvars: { used: 1, unused: 2 }\ncases: [{ name: a, assert: [{ contains: x }] }]\nload:\n  - name: fast\n    pattern: constant\n    rate: 900/s\n    duration: 10s\n';

  it('says what is well-formed and not meant, prompt files read', async () => {
    const dir = folder({ 'a.eval.yaml': FILE, 'p.txt': 'Hi {{ used }}' });
    const { code, text } = await validate(dir);
    assert.equal(code, 0, text);
    assert.match(text, /^a\.eval\.yaml:2:18 info .*"unused".*\(unused-variable\)$/m);
    assert.ok(!text.includes('"used"'));
  });

  it('says once what both the planner and the semantic check find', async () => {
    const dir = folder({
      'a.eval.yaml':
        'prompt: hi\ncases: [{ name: a, assert: [{ contains: x }] }]\nload:\n  - pattern: sync\n    requests: 400\n    input_tokens: { mean: 5 }\n    slo: [quality.score >= 1]\n',
    });
    const { code, text } = await validate(dir);
    assert.equal(code, 2);
    assert.equal(text.match(/\(misplaced-slo\)/g)?.length, 1);
    assert.match(text, /fix: Move it to the "slo" of the file/);
  });

  it('holds rates against what doctor found on this machine, at the rate', async () => {
    const dir = folder({ 'a.eval.yaml': FILE, 'p.txt': '{{ used }}{{ unused }}' });
    assert.ok(!(await validate(dir)).text.includes('client-ceiling'));
    const report = doctorReport({
      rates: [rateStep(50), rateStep(400), rateStep(800, 'CPU')],
      ratesEnded: 'limited',
      machine: describeMachine(),
    });
    await storeDoctor(doctorFile({ XDG_CACHE_HOME: dir }), report);
    const { code, text } = await validate(dir);
    assert.equal(code, 0, text);
    assert.match(text, /^a\.eval\.yaml:7:11 warning .*900.*\(client-ceiling\)$/m);
  });

  it('knows the shared file of the workspace', async () => {
    const dir = folder({
      'promptrig.yaml': 'endpoints: [{ name: v, url: http://x/v1, model: m, price: { input: 1, output: 1 } }]\n',
      'a.eval.yaml':
        'prompt: hi\nendpoints: [v]\ncases: [{ name: a, assert: [{ contains: x }] }]\nslo: [cost.per_good <= $1]\n',
    });
    assert.match((await validate(dir)).text, /no problems/);
  });
});
