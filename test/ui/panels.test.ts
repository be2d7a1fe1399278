import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import type { Theme } from '../host/session';
import { accessibilityViolations, textsOf } from './frames';
import { PATIENCE_MS, until } from './until';
import { freshWorkbench } from './window';
import type { Workbench } from './workbench';

const SHOP = `name: Shop answers
endpoints:
  - name: helper
    api: sim
    sim: { ttft: 30ms, itl: 2ms, answer: script, script: [{ match: return, answer: You have 30 days. }] }
prompt: 'Question: {{ question }}'
cases:
  - { name: returns, vars: { question: How do I return it? }, assert: [{ contains: 30 days }] }
load: { name: trickle, pattern: constant, rate: 10/s, duration: 2s }
slo: ['quality.pass_rate >= 90%', 'ttft.p50 <= 20s']
`;

const TWO = `name: Two of them
endpoints:
  - name: brief
    api: sim
    sim: { ttft: 20ms, itl: 2ms, answer: script, script: [{ match: return, answer: You have 30 days to return it. }] }
  - name: lengthy
    api: sim
    sim: { ttft: 60ms, itl: 2ms, answer: script, script: [{ match: return, answer: You have 14 days to return it. }] }
prompt: 'Question: {{ question }}'
cases:
  - { name: returns, vars: { question: How do I return it? }, assert: [{ contains: 30 days }] }
  - { name: again, vars: { question: May I return it? }, assert: [{ contains: days }] }
slo: ['quality.pass_rate >= 40%']
`;

const THEMES: Theme[] = ['light', 'high-contrast', 'dark'];

/** The page takes every theme without a new start, and shows it. */
async function followsThemes(bench: Workbench, frame: Frame): Promise<void> {
  await frame.evaluate('window.startedOnce = true');
  const foreground = (): Promise<string> => frame.evaluate<string>('getComputedStyle(document.body).color');
  const seen = new Set<string>([await foreground()]);
  for (const theme of THEMES) {
    const before = await foreground();
    await bench.window.setTheme(theme);
    await until(`the panel is in ${theme}`, async () => (await foreground()) !== before);
    seen.add(await foreground());
    assert.deepEqual(await accessibilityViolations(frame), [], theme);
  }
  assert.equal(seen.size, 3);
  assert.equal(await frame.evaluate('window.startedOnce'), true, 'the page was not loaded again');
}

describe('the run panel in the window', () => {
  let bench: Workbench;
  let frame: Frame;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
    await bench.open('shop.eval.yaml', SHOP);
    await bench.run(() => bench.pressLens('Run eval'));
    await bench.window.runCommand('Promptrig: Open Run Panel');
    frame = await bench.window.webview('.tiles .tile', PATIENCE_MS);
  });

  it('answers each SLO with a tile', async () => {
    const tiles = await until('the tiles have their verdicts', async () => {
      const texts = await textsOf(frame, '.tiles .tile');
      return texts.length > 0 && texts.every((text) => /Pass|Fail/.test(text)) && texts;
    });
    assert.ok(
      tiles.some((text) => /TTFT p50.*Pass/.test(text)),
      tiles.join('\n'),
    );
  });

  it('shows the request of a point, which the keyboard reaches, and the chart as a table', async () => {
    const chart = frame.locator('section[aria-label="Time to first token"]');
    const plot = chart.locator('.plot');
    await plot.press('End');
    await frame.locator('.dock h2').waitFor();
    assert.match((await textsOf(frame, '.dock h2'))[0] ?? '', /^Request #\d+$/);
    assert.match((await textsOf(frame, '.dock .quick dd'))[0] ?? '', /^[\d.]+ ms$/);
    await frame.getByText('How do I return it?').first().waitFor();
    await plot.press('Escape');
    await frame.locator('.dock').waitFor({ state: 'hidden' });
    await chart.locator('.toggle-table').click();
    await chart.locator('.twin tbody tr').first().waitFor();
    assert.equal(await chart.locator('canvas').isVisible(), false);
  });

  it('pins the run as the baseline, and says so', async () => {
    await frame.locator('.actions vscode-button', { hasText: 'Pin as baseline' }).click();
    await frame.locator('.marks', { hasText: 'Pinned as baseline' }).waitFor({ timeout: PATIENCE_MS });
  });

  it('follows the theme of the window at once, and has no violation that axe-core finds', async () => {
    await followsThemes(bench, frame);
  });

  it('runs again', async () => {
    await bench.run(() => frame.locator('.actions vscode-button', { hasText: 'Rerun' }).first().click());
    // It is the run before this one that is the baseline.
    await frame
      .locator('.marks .badge', { hasText: 'Pinned as baseline' })
      .waitFor({ state: 'hidden', timeout: PATIENCE_MS });
    await until('the tiles have their verdicts again', async () => {
      const texts = await textsOf(frame, '.tiles .tile');
      return texts.length > 0 && texts.every((text) => /Pass|Fail/.test(text));
    });
  });
});

describe('the compare panel in the window, by keyboard', () => {
  let bench: Workbench;
  let frame: Frame;

  before(async function () {
    this.timeout(120_000);
    bench = await freshWorkbench();
    await bench.open('two.eval.yaml', TWO);
    await bench.run(() => bench.pressLens('Compare targets'));
    frame = await bench.window.webview('.contender-card', PATIENCE_MS);
    await frame.locator('.chooser').waitFor({ timeout: PATIENCE_MS });
  });

  it('takes another reference', async () => {
    const other = frame.locator('.contender-card', { hasText: 'lengthy' });
    await other.getByRole('button', { name: 'Use as reference' }).press('Enter');
    await frame.locator('.contender-card.reference', { hasText: 'lengthy' }).waitFor();
  });

  it('says of a limit that nothing meets that nothing fits, and what comes nearest', async () => {
    await frame.locator('.chooser vscode-button', { hasText: 'Add a limit' }).press('Enter');
    const field = frame.locator('.limits vscode-text-field').last();
    await field.locator('input').waitFor();
    await field.locator('input').pressSequentially('ttft.p50 <= 1ms');
    await field.locator('input').press('Enter');
    const sentence = frame.locator('.answer-sentence', { hasText: 'no target meets every limit' });
    await sentence.waitFor({ timeout: PATIENCE_MS });
    assert.match((await sentence.textContent()) ?? '', /comes nearest and misses ttft\.p50 <= 1ms by/);
  });

  it('opens a case with the words that differ', async () => {
    await frame.locator('.case-view').press('Control+Home');
    await frame.locator('.case-view').press('Enter');
    const detail = frame.locator('.case-detail');
    await detail.locator('.answers ins').first().waitFor({ timeout: PATIENCE_MS });
    const marked = await textsOf(frame, '.case-detail .answers ins, .case-detail .answers del');
    assert.deepEqual([...new Set(marked)].sort(), ['14', '30']);
  });

  it('follows the theme of the window at once, and has no violation that axe-core finds', async () => {
    await followsThemes(bench, frame);
  });
});
