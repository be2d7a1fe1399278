/** A finished run with many requests, as the engine leaves it on disk. */
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { request, runJson, writeRun, ORIGIN_MS } from '../../unit/run-panel/stored';
import { random } from '../../webview/run-fixture';

/** Gaps of each request: what makes a record large. */
const TOKENS = 100;

/** Writes it into `dir`. @returns bytes of its requests */
export async function writeLargeRun(dir: string, requests: number): Promise<number> {
  await mkdir(dir, { recursive: true });
  await writeRun(dir, { run: runJson() });
  const out = createWriteStream(join(dir, 'requests.ndjson'));
  const next = random(3);
  for (let i = 0; i < requests; i++) {
    const scheduled = ORIGIN_MS + i * 2;
    const first = scheduled + 80 + 60 * next();
    const itl = Array.from({ length: TOKENS }, () => 14 + 8 * next());
    const last = first + itl.reduce((sum, gap) => sum + gap, 0);
    const record = request(i, {
      scheduled,
      sent: scheduled + 1,
      headers: first - 2,
      first,
      first_answer: first,
      last,
      end: last + 1,
      itl,
    });
    if (!out.write(`${JSON.stringify(record)}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return out.bytesWritten;
}
