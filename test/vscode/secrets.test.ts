import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { CommandId, ToolName } from '../../src/extension/contributions';
import type { RunEnd } from '../../src/extension/engine/run-controller';
import type { TestApi } from '../../src/extension/test-api';
import { activated, closeEverything, codeLenses, lineEndOf, openFile, runAndWait, until } from './support';

const VARIABLE = 'PROMPTRIG_TEST_CANARY';
const FROM_ENVIRONMENT = 'sk-canary-environment-4711';
const FROM_STORE = 'sk-canary-stored-0815';

/** An endpoint of the worst kind: it repeats the key it was sent, in its answers and in its errors. */
function parrot(request: IncomingMessage, response: ServerResponse): void {
  const key = request.headers.authorization ?? 'no key';
  request.resume();
  request.on('end', () => {
    if (request.url?.includes('broken') === true) {
      response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': key });
      response.end(JSON.stringify({ error: { message: `The key ${key} is not valid.` } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-your-key': key });
    const event = (data: object): void => void response.write(`data: ${JSON.stringify(data)}\n\n`);
    event({ choices: [{ index: 0, delta: { content: 'Your key: ' } }] });
    event({ choices: [{ index: 0, delta: { content: key } }] });
    if (request.url?.includes('cut') === true) {
      event({ error: { message: `The quota of ${key} is used up.`, code: key } });
      response.end();
      return;
    }
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    response.end('data: [DONE]\n\n');
  });
}

function file(port: number, base: string): string {
  return `name: Keys
endpoints:
  - name: parrot
    url: http://127.0.0.1:${port}/${base}
    model: parrot
    apiKeyEnv: ${VARIABLE}
prompt: What is my key?
cases:
  - name: key
    assert:
      - contains: 'Your key: Bearer'
      - contains: something else
      - llm-rubric: tells no secrets
judge: { name: grader, url: http://127.0.0.1:${port}/${base}, model: grader, apiKeyEnv: ${VARIABLE} }
`;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await fs.readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function assertNowhere(api: TestApi, end: RunEnd, uri: vscode.Uri, secret: string): Promise<void> {
  // Where VS Code keeps logs in files: the server of the npm registry lacks the native part that writes them.
  // The folder above has the logs of VS Code's own channels: what they were sent must not hold it either.
  const logs = await filesBelow(path.dirname(api.logDirectory));
  const files = [...(await filesBelow(api.runsDirectory(uri))), ...logs];
  for (const wanted of ['plan.json', 'run.json', 'requests.ndjson', 'cases.ndjson']) {
    assert.ok(
      files.some((name) => name.endsWith(wanted)),
      wanted,
    );
  }
  for (const name of files) {
    assert.ok(!(await fs.readFile(name)).includes(secret), `${name} holds the key`);
  }
  const shown = {
    end,
    messages: api.panelMessages(),
    state: api.panelState(),
    lines: api.lineEnds(uri),
    problems: vscode.languages.getDiagnostics(uri),
    lenses: (await codeLenses(uri)).map(({ command }) => command),
    agent: await vscode.lm.invokeTool(ToolName.read, {
      input: { file: vscode.workspace.asRelativePath(uri) },
      toolInvocationToken: undefined,
    }),
  };
  for (const [where, value] of Object.entries(shown)) {
    assert.ok(!JSON.stringify(value).includes(secret), `${where} holds the key`);
  }
}

describe('an API key', () => {
  let api: TestApi;
  let server: Server;
  let port: number;
  let asked = 0;

  before(async () => {
    api = await activated();
    server = createServer((request, response) => {
      asked++;
      parrot(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  after(async () => {
    process.env[VARIABLE] = '';
    await closeEverything();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('that is missing stops the run before anything is sent', async () => {
    process.env[VARIABLE] = '';
    const { document } = await openFile('keys.eval.yaml', file(port, 'v1'));
    const end = await runAndWait(CommandId.runEval, { uri: document.uri });
    assert.equal(end.outcome, 'refused');
    assert.equal(asked, 0);
  });

  for (const [name, secret] of [
    ['of the environment', FROM_ENVIRONMENT],
    ['of the secret store', FROM_STORE],
  ] as const) {
    it(`${name} is sent, and shown nowhere though the endpoint repeats it`, async () => {
      if (secret === FROM_ENVIRONMENT) process.env[VARIABLE] = secret;
      else {
        process.env[VARIABLE] = '';
        for (const name of ['parrot', 'grader']) {
          await api.setApiKey({ name, url: `http://127.0.0.1:${port}/v1` }, secret);
        }
      }
      const { document } = await openFile('keys.eval.yaml', file(port, 'v1'));
      const end = await runAndWait(CommandId.runEval, { uri: document.uri });
      assert.equal(end.run?.status, 'completed', end.error ?? '');
      assert.equal(lineEndOf(api, document, 'Your key')?.state, 'passed');
      await until('the observations are stored', async () =>
        (await fs.readdir(end.dir ?? '')).includes('observations.json'),
      );
      await assertNowhere(api, end, document.uri, secret);
    });
  }

  it('is masked in the errors of an endpoint, too', async () => {
    process.env[VARIABLE] = FROM_ENVIRONMENT;
    for (const base of ['broken', 'cut']) {
      const { document } = await openFile(`refused-${base}.eval.yaml`, file(port, base));
      const end = await runAndWait(CommandId.runEval, { uri: document.uri });
      assert.equal(end.run?.verdict, 'error', base);
      await assertNowhere(api, end, document.uri, FROM_ENVIRONMENT);
    }
  });
});
