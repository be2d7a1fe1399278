import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { inJson, readPanelFiles, reportPage } from '../../../src/core/report/html/page';
import { PromptrigError } from '../../../src/core/util/errors';
import { removeTempDirs, tempDir } from '../support/temp';
import { dataOf, panelFiles } from './page-parts';

const CANARIES = [
  '</script><script>globalThis.canary = 1</script>',
  '</SCRIPT ><img src=x onerror="globalThis.canary = 1">',
  '<!-- <script> -->',
  ']]>&lt;b&gt;"\'`',
  '\u001b[31mred\u001b[0m \u0007\u0000',
  '\u202e\u2066\u2028\ufeff',
  '\ud800 half of a pair',
];

describe('page of the HTML report', () => {
  after(removeTempDirs);
  const page = async (value: unknown, title = 'Shop', files = {}) =>
    reportPage(title, await readPanelFiles(await panelFiles(tempDir(), files)), [{ id: 'data', value }], 'No scripts.');

  it('holds data that no text of a model can break out of', async () => {
    for (const canary of CANARIES) {
      const html = await page({ [canary]: [canary] });
      assert.deepEqual(dataOf(html).get('data'), { [canary]: [canary] });
      const [, data = ''] = /id="data">([^]*?)<\/script>/.exec(html) ?? [];
      assert.ok(!data.includes('<'), canary);
      assert.ok(!/[\u0000-\u0009\u000b-\u001f\u202a-\u202e\u2066-\u2069\u2028\u2029]/.test(html), canary);
      assert.equal(html.match(/<script/gi)?.length, 2);
      assert.equal(html.match(/<\/script/gi)?.length, 2);
    }
  });

  it('gives back any value as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = inJson(value);
        assert.ok(!text.includes('<'));
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        assert.equal(JSON.parse(inJson(value)), value);
      }),
    );
  });

  it('has a title and a text without scripts that are text', async () => {
    const html = await page({}, '</title><script>globalThis.canary = 1</script>');
    assert.match(html, /<title>&lt;\/title&gt;&lt;script&gt;/);
    assert.match(html, /<noscript><p>No scripts\.<\/p><\/noscript>/);
    assert.equal(html.match(/<script/gi)?.length, 2);
  });

  it('lets nothing run or load but what it names by hash', async () => {
    const html = await page({});
    const [, policy = ''] = /Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
    const directives = new Map(policy.split('; ').map((part) => [part.split(' ')[0], part.split(' ').slice(1)]));
    assert.deepEqual(directives.get('default-src'), ["'none'"]);
    const [, script = ''] = /<script>([^]*?)<\/script>/.exec(html) ?? [];
    assert.equal(script, 'globalThis.panel = 1;');
    assert.deepEqual(directives.get('script-src'), [`'sha256-${sha256(script)}'`]);
    const sheets = [...html.matchAll(/<style>([^]*?)<\/style>/g)].map(([, sheet = '']) => `'sha256-${sha256(sheet)}'`);
    assert.equal(sheets.length, 3);
    assert.deepEqual(directives.get('style-src')?.slice(0, 3), sheets);
    assert.ok(!/unsafe|http:|https:|\*/.test(policy));
    assert.ok(!/(?:src|href)=|url\((?!"data:)/.test(html.replace(/<meta[^>]*>/g, '')), 'it asks for nothing');
  });

  it('is the same page for the same run', async () => {
    assert.equal(await page({ a: 1 }), await page({ a: 1 }));
  });

  it('refuses a bundle that would end its own element, and says where one is missing', async () => {
    await assert.rejects(page({}, 'Shop', { 'run.js': 'x = "</script>"' }), PromptrigError);
    await assert.rejects(page({}, 'Shop', { 'run.css': 'a::after { content: "</style>" }' }), PromptrigError);
    await assert.rejects(
      readPanelFiles('/nowhere'),
      (error: unknown) =>
        error instanceof PromptrigError && /The page of the HTML report is not in/.test(error.message),
    );
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
