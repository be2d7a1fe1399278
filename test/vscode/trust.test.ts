import assert from 'node:assert/strict';
import { CommandId } from '../../src/extension/contributions';
import { activated, closeEverything, openFile, runAndWait } from './support';

describe('hosts that are to be trusted', () => {
  before(activated);
  after(closeEverything);

  it('are asked about before anything is sent, those of judges too', async () => {
    const { document } = await openFile(
      'elsewhere.eval.yaml',
      `name: Elsewhere
endpoints: [{ name: far, url: 'https://models.invalid/v1', model: m }]
judge: { name: grader, url: 'https://judges.invalid/v1', model: m }
prompt: hi
cases: [{ name: one, assert: [{ llm-rubric: is kind }] }]
`,
    );
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.outcome, 'refused');
    // VS Code shows no modal dialog in a test, and says which one it did not show.
    assert.match(end.error ?? '', /Send the prompts of this workspace to models\.invalid and judges\.invalid\?/);
  });

  it('are not asked about where they are this machine', async () => {
    const { document } = await openFile(
      'local.eval.yaml',
      `name: Local
endpoints: [{ name: near, url: 'http://127.0.0.1:9/v1', model: m }]
prompt: hi
cases: [{ name: one, assert: [{ contains: x }] }]
`,
    );
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.outcome, 'finished', end.error ?? '');
    assert.equal(end.run?.verdict, 'error');
  });
});
