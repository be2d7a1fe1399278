import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as fc from 'fast-check';
import type { BaselineFile } from '../../../src/protocol/baseline';
import type { RunPlan } from '../../../src/protocol/plan';
import type { RunJson } from '../../../src/protocol/run-json';
import { baselinesOfRun } from '../../../src/core/compare/baseline-file-run';
import { pinBaselines, PinRefusedError, readPinnedBaselines } from '../../../src/core/compare/pin-baselines';
import { pinnedFile } from '../../../src/core/compare/pinned-path';
import { PinnedFileError, readPinned, type PinnedFault } from '../../../src/core/compare/pinned-reader';
import { pinnedText } from '../../../src/core/compare/pinned-text';
import { sketchOf } from '../../../src/core/compare/sketch';
import { simulate, store, wholePlan } from '../merge/simulated';
import { removeTempDirs, tempDir } from '../support/temp';

const NOW = new Date('2026-11-26T05:00:00.000Z');
const EVAL = 'evals/chat.eval.yaml';

after(removeTempDirs);

interface Stored {
  root: string;
  dir: string;
  run: RunJson;
}

/** A run of two targets in a workspace of its own. */
function stored(more: Partial<RunJson> = {}, change: (run: RunJson) => void = () => undefined): Stored {
  const root = tempDir();
  const dir = path.join(root, '.promptrig', 'runs', 'one');
  const plan = { ...wholePlan(dir, 2), source: { path: EVAL, sha256: 'abc' } };
  const run = store(plan, simulate(plan), more);
  change(run);
  fs.writeFileSync(path.join(dir, 'run.json'), JSON.stringify(run));
  return { root, dir, run };
}

function sample(change: Partial<BaselineFile> = {}): BaselineFile {
  const values = Float64Array.from({ length: 300 }, (_, i) => 100 + ((i * 37) % 100));
  const few = Float64Array.from({ length: 23 }, (_, i) => 1 + i / 7);
  const ttft = sketchOf({ values, counts: null }, 'ms');
  const cost = sketchOf({ values: few, counts: null }, 'USD');
  assert.ok(ttft !== null && cost !== null);
  return {
    schema: 'promptrig.baseline/1',
    eval: EVAL,
    target: 'sim',
    pinned: {
      run: '20261126-one',
      at: NOW.toISOString(),
      started_at: '2026-11-26T04:00:00.000Z',
      verdict: 'pass',
      commit: '0123456789abcdef',
      dirty: false,
      promptrig: '0.1.0',
      machine: 'Some CPU @ 3.0GHz, 2 cores',
      eval_sha256: 'abc',
    },
    model: 'org/model:8b',
    quality: {
      pass_rate: 0.9,
      score: null,
      cases: { 'capital of France': { passed: 5, of: 5, score: 1 }, 'a: "b"': { passed: 0, of: 5, score: 0.2 } },
    },
    stages: {
      steady: {
        load: 'poisson 8/s',
        errors: { requests: 300, failed: 0, worth: 300 },
        rates: { rps: { value: 7.98, se: 0.12 }, output_tps: { value: 100, se: null } },
        metrics: { ttft, cost },
      },
      empty: {
        load: 'sync',
        unfit: 'the client was the limit',
        errors: { requests: 1, failed: 1, worth: 1 },
        rates: {},
        metrics: {},
      },
    },
    ...change,
  };
}

/** Whether encoding keeps it. */
function isText(text: string): boolean {
  return Buffer.from(text).toString() === text;
}

describe('the file of a pinned baseline', () => {
  it('is read as it was written', () => {
    const file = sample();
    assert.deepEqual(readPinned(pinnedText(file), 'x'), file);
    const bare = sample({ stages: {} });
    delete bare.quality;
    assert.deepEqual(readPinned(pinnedText(bare), 'x'), bare);
  });

  it('keeps any name: of a case, a stage, a model, a target', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (odd, other) => {
        const { steady } = sample().stages;
        assert.ok(steady !== undefined);
        const file = sample({
          ...{ target: odd, model: other, eval: `${odd}.yaml` },
          quality: { pass_rate: 1, score: 1, cases: { [odd]: { passed: 1, of: 1, score: 1 } } },
          stages: { [other]: { ...steady, load: odd } },
        });
        const read = readPinned(pinnedText(file), 'x');
        // Half of a surrogate pair is no text that a file could hold.
        if (isText(odd) && isText(other)) assert.deepEqual(read, file);
      }),
      { numRuns: 100 },
    );
    for (const word of ['yes', 'null', '12', '0x1f', '1e3', '- a', '# a', 'a #b', 'a: b', ' a', '', '__proto__', '~']) {
      const file = sample({ target: word, stages: {} });
      assert.deepEqual(readPinned(pinnedText(file), 'x'), file, word);
    }
  });

  it('has a line for each case and each row of numbers, in a fixed order, and few of them', () => {
    const text = pinnedText(sample());
    assert.match(text, /^ {4}capital of France: \{ passed: 5, of: 5, score: 1 \}$/m);
    assert.match(text, /^ {10}p95: \[[\d., ]+\]$/m);
    assert.match(text, /^ {6}rps: \{ value: 7\.98, se: 0\.12 \}$/m);
    const { quality } = sample();
    const turned = Object.fromEntries(Object.entries(quality?.cases ?? {}).reverse());
    assert.equal(pinnedText(sample({ quality: { pass_rate: 0.9, score: null, cases: turned } })), text);
    assert.ok(text.length < 4000, `${text.length} characters`);
  });

  it('differs in the lines of what has changed alone', () => {
    const one = sample();
    const other = sample();
    assert.ok(other.quality !== undefined);
    other.quality.cases['capital of France'] = { passed: 4, of: 5, score: 0.8 };
    const [before, after] = [pinnedText(one).split('\n'), pinnedText(other).split('\n')];
    assert.deepEqual(
      after.filter((line, i) => line !== before[i]),
      ['    capital of France: { passed: 4, of: 5, score: 0.8 }'],
    );
  });

  it('may come with the line ends of Windows', () => {
    assert.deepEqual(readPinned(pinnedText(sample()).replaceAll('\n', '\r\n'), 'x'), sample());
  });
});

describe('a baseline that cannot be used', () => {
  const faultOf = (text: string, expected: { eval?: string; target?: string } = {}): PinnedFileError => {
    try {
      readPinned(text, 'dir/sim.baseline.yaml', expected);
    } catch (error) {
      assert.ok(error instanceof PinnedFileError, String(error));
      return error;
    }
    return assert.fail('it was read');
  };
  const check = (error: PinnedFileError, fault: PinnedFault, line: number, message: RegExp): void => {
    assert.equal(error.fault, fault);
    assert.match(error.message, message);
    assert.ok(error.message.startsWith(`dir/sim.baseline.yaml:${line}:`), error.message);
    // What to do is part of every sentence.
    assert.match(error.message, /pin a run|Pin a run/);
  };
  const text = pinnedText(sample());
  const lineOf = (part: string): number => text.slice(0, text.indexOf(part)).split('\n').length;

  it('holds a merge conflict, which is said in words', () => {
    const line = lineOf('  run: ');
    const conflict = text.replace(/^ {2}run: .*$/m, '<<<<<<< HEAD\n  run: a\n=======\n  run: b\n>>>>>>> theirs');
    check(faultOf(conflict), 'merge-conflict', line, /both sides of a merge conflict\. Take one of them whole/);
  });

  it('is of a newer version, or not ours', () => {
    const at = lineOf('schema: ');
    check(
      faultOf(text.replace('baseline/1', 'baseline/2')),
      'newer',
      at,
      /schema promptrig\.baseline\/2.*Update Promptrig/,
    );
    assert.equal(faultOf(text.replace('baseline/1', 'baseline/2')).code, 'unsupported');
    check(faultOf('name: Greeting\n'), 'not-ours', 1, /no baseline of Promptrig/);
    check(faultOf(''), 'not-ours', 1, /no baseline of Promptrig/);
    check(faultOf('[1, 2]\n'), 'not-ours', 1, /no baseline of Promptrig/);
  });

  it('is damaged, at the line of the damage', () => {
    check(faultOf(text.replace('n: 300', 'n: many')), 'damaged', lineOf('n: 300'), /"n" must be a whole number/);
    check(faultOf(text.replace(/^ {8}mean: .*\n/m, '')), 'damaged', lineOf('unit: ms'), /"mean" is missing/);
    check(faultOf(text.replace(/p95: \[/, 'p95: [9999, ')), 'damaged', lineOf('p95: ['), /numbers that do not fall/);
    check(faultOf(text.replace(/p95: \[/, 'p35: [')), 'damaged', lineOf('p95: ['), /not above the one before/);
    check(
      faultOf(text.replace('passed: 5, of: 5', 'passed: 6, of: 5')),
      'damaged',
      lineOf('passed: 5'),
      /6 of 5 answers/,
    );
    const cut = text.slice(0, text.indexOf('p95: [') + 12);
    assert.equal(faultOf(cut).fault, 'damaged');
    assert.equal(faultOf('['.repeat(2000)).fault, 'damaged');
  });

  it('is that of another eval or target', () => {
    const at = lineOf('eval: ');
    check(faultOf(text, { eval: 'evals/other.eval.yaml' }), 'other-eval', at, /renamed, write its new path here/);
    check(faultOf(text, { target: 'other' }), 'other-target', lineOf('target: '), /the baseline of the target sim/);
  });
});

describe('where a baseline lies', () => {
  const place = (target: string, evalPath = EVAL): string =>
    path.relative('/w', pinnedFile('/w', evalPath, target)).replaceAll('\\', '/');

  it('follows the path of the eval and the name of the target', () => {
    assert.equal(place('sim'), '.promptrig/baselines/evals/chat.eval/sim.baseline.yaml');
    assert.equal(place('sim', '/w/evals/chat.eval.yaml'), place('sim'));
    assert.notEqual(place('sim', 'evals/chat.eval.yml'), place('sim'));
  });

  it('is another one for every target, on file systems that ignore case, too', () => {
    const targets = ['sim', 'Sim', 'sim/terse', 'sim-terse', 'sim[t=0]', 'sim[t=1]', '..', 'con', '', 'a'.repeat(300)];
    const places = targets.map((target) => place(target).toLowerCase());
    assert.equal(new Set(places).size, targets.length);
    for (const each of places) assert.match(each, /^\.promptrig\/baselines\/evals\/chat\.eval\/[\w.=-]{1,120}$/);
  });

  it('is inside of the workspace whatever the eval', () => {
    assert.match(place('sim', '../elsewhere/chat.eval.yaml'), /^\.promptrig\/baselines\/chat\.eval-[0-9a-f]{8}\/sim/);
  });
});

describe('pinning', () => {
  it('writes a file for each target, which says what a run is held against', async () => {
    const { root, dir, run } = stored();
    const { files } = await pinBaselines(dir, root, { now: NOW });
    assert.deepEqual(
      files.map(({ target, replaced }) => [target, replaced]),
      [
        ['alpha', false],
        ['beta', false],
      ],
    );
    const { baselines, problems } = await readPinnedBaselines(root, path.join(root, EVAL));
    assert.deepEqual(problems, []);
    const made = await baselinesOfRun(dir, run, wholePlan(dir, 2), NOW.toISOString());
    assert.deepEqual(
      baselines.map(({ file }) => file),
      made,
    );
    const [alpha] = baselines;
    assert.equal(alpha?.file.pinned.run, run.id);
    assert.equal(alpha.file.eval, EVAL);
    assert.ok(Object.keys(alpha.file.stages).includes('slow'));
    assert.deepEqual(fs.readdirSync(path.dirname(files[0]?.path ?? '')).sort(), [
      'alpha.baseline.yaml',
      'beta.baseline.yaml',
    ]);
  });

  it('takes nothing of the endpoint but the name of its model', async () => {
    const { root, dir } = stored();
    const plan = JSON.parse(fs.readFileSync(path.join(dir, 'plan.json'), 'utf8')) as RunPlan;
    for (const { endpoint } of plan.targets) {
      endpoint.headers = { authorization: 'Bearer sk-canary' };
      endpoint.url = 'https://user:canary@inference.example/v1';
      endpoint.apiKeyEnv = 'CANARY_KEY';
    }
    fs.writeFileSync(path.join(dir, 'plan.json'), JSON.stringify(plan));
    const { files } = await pinBaselines(dir, root);
    for (const { path: file } of files)
      assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /canary|inference\.example/i);
  });

  it('takes one target where one is named, and says which there are where that is none', async () => {
    const { root, dir } = stored();
    const { files } = await pinBaselines(dir, root, { targets: ['beta'] });
    assert.deepEqual(
      files.map(({ target }) => target),
      ['beta'],
    );
    await assert.rejects(pinBaselines(dir, root, { targets: ['gamma'] }), /no target "gamma"\. It has alpha, beta\./);
  });

  it('replaces a baseline, a damaged one too, and says what the new one lacks', async () => {
    const { root, dir } = stored();
    const first = await pinBaselines(dir, root, { targets: ['alpha'] });
    const file = first.files[0]?.path ?? '';
    const narrow = stored();
    fs.writeFileSync(path.join(narrow.dir, 'cases.ndjson'), '');
    const again = await pinBaselines(narrow.dir, root, { targets: ['alpha'] });
    assert.equal(again.files[0]?.replaced, true);
    assert.match(
      again.warnings.join('\n'),
      /^alpha: the baseline had the cases "case 0", "case 1", "case \d+" and \d+ more/m,
    );
    fs.writeFileSync(file, '<<<<<<< HEAD\n');
    await pinBaselines(dir, root, { targets: ['alpha'] });
    assert.equal((await readPinnedBaselines(root, EVAL)).problems.length, 0);
  });

  it('refuses what is no fit past, and takes it by force with the same words as a warning', async () => {
    const limited = (run: RunJson): void => {
      const stage = run.targets[0]?.stages.at(-1);
      assert.ok(stage !== undefined);
      stage.client.limited = true;
    };
    const refused: [Stored, RegExp][] = [
      [stored({ status: 'stopped', status_reason: 'budget: enough' }), /It was stopped \(budget: enough\)/],
      [stored({ status: 'crashed', status_reason: 'engine died' }), /It crashed \(engine died\)/],
      [stored({ shard: { index: 1, of: 3, plan: 'x', units: [1, 1, 1] } }), /part 1 of 3 of a run\. Join the parts/],
      [stored({}, limited), /alpha, "fast": this machine was the limit/],
    ];
    for (const [{ root, dir }, sentence] of refused) {
      await assert.rejects(
        pinBaselines(dir, root),
        (error) => error instanceof PinRefusedError && sentence.test(error.message),
      );
      assert.ok(!fs.existsSync(path.join(root, '.promptrig', 'baselines')));
      const { files, warnings } = await pinBaselines(dir, root, { force: true });
      assert.equal(files.length, 2);
      assert.match(warnings.join('\n'), sentence);
    }
    // What speaks against one target does not forbid another.
    const { root, dir } = stored({}, limited);
    assert.equal((await pinBaselines(dir, root, { targets: ['beta'] })).files.length, 1);
  });

  it('lists the baselines of all evals, and those that cannot be read with their place', async () => {
    const { root, dir } = stored();
    const { files } = await pinBaselines(dir, root);
    assert.equal((await readPinnedBaselines(root)).baselines.length, 2);
    assert.deepEqual(await readPinnedBaselines(root, 'evals/other.eval.yaml'), { baselines: [], problems: [] });
    fs.writeFileSync(files[0]?.path ?? '', 'a: b\n');
    const { baselines, problems } = await readPinnedBaselines(root, EVAL);
    assert.equal(baselines.length, 1);
    assert.match(problems[0]?.message ?? '', /alpha\.baseline\.yaml:1:1: This is no baseline of Promptrig/);
  });
});
