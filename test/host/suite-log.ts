import { open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { isNoise } from './log-text';

const pollMs = 50;

export interface SuiteLog {
  /** Prints what is still unread and stops. */
  end(): Promise<void>;
}

interface Line {
  isError: boolean;
  text: string;
}

/**
 * Prints the console lines that `suite-with-console.cjs` appends to a file, in order, as they come.
 * The file is polled: notifications about a file that grows are not dependable on every file system.
 */
export async function followSuiteLog(path: string): Promise<SuiteLog> {
  const file = await open(path, 'a+');
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(64 * 1024);
  let offset = 0;
  let rest = '';
  const read = async (): Promise<void> => {
    for (let length = await readAt(file, buffer, offset); length > 0; length = await readAt(file, buffer, offset)) {
      offset += length;
      rest = printLines(rest + decoder.write(buffer.subarray(0, length)));
    }
  };
  let ended = false;
  let wake = (): void => undefined;
  const loop = (async () => {
    while (!ended) {
      await read();
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, pollMs);
      });
    }
    await read();
    await file.close();
  })();
  return {
    end: () => {
      ended = true;
      wake();
      return loop;
    },
  };
}

async function readAt(file: FileHandle, buffer: Buffer, offset: number): Promise<number> {
  return (await file.read(buffer, 0, buffer.length, offset)).bytesRead;
}

/** Prints the whole lines of a text and returns what follows the last of them. */
function printLines(text: string): string {
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  for (const json of lines) {
    const { isError, text: line } = JSON.parse(json) as Line;
    if (isNoise(line)) continue;
    (isError ? process.stderr : process.stdout).write(`${line}\n`);
  }
  return rest;
}
