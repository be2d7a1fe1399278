import fs from 'node:fs';
import { Buffer as NodeBuffer } from 'node:buffer';

// Taken at once: the modules' own functions are removed before user code runs.
const { readSync, writeSync } = fs;
const BufferClass = NodeBuffer;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the thread; the process of user code has nothing else to do meanwhile. */
export function sleepSync(ms: number): void {
  Atomics.wait(pause, 0, 0, ms);
}

function isTryAgain(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'EAGAIN';
}

/** Lines of a pipe, read while the thread waits. With streams in their place, user code would find their handles. */
export class LineReader {
  private readonly chunk = BufferClass.alloc(65_536);
  private parts: Buffer[] = [];
  private rest: Buffer = BufferClass.alloc(0);

  constructor(private readonly fd: number) {}

  /** The next line without its end; null when the other side is gone. */
  next(): string | null {
    for (;;) {
      const end = this.rest.indexOf(10);
      if (end >= 0) {
        const line = BufferClass.concat([...this.parts, this.rest.subarray(0, end)]).toString('utf8');
        this.parts = [];
        this.rest = this.rest.subarray(end + 1);
        return line;
      }
      if (this.rest.length > 0) this.parts.push(this.rest);
      const read = this.read();
      if (read === 0) return null;
      this.rest = BufferClass.from(this.chunk.subarray(0, read));
    }
  }

  private read(): number {
    for (;;) {
      try {
        return readSync(this.fd, this.chunk, 0, this.chunk.length, null);
      } catch (error) {
        if (isTryAgain(error)) sleepSync(1);
        // Windows reports the end of a pipe as an error.
        else if (['EOF', 'EPIPE', 'ECONNRESET'].includes(String((error as { code?: unknown }).code))) return 0;
        else throw error;
      }
    }
  }
}

/** Writes all of a line and its end; a pipe that is full is waited for. */
export function writeLine(fd: number, line: string): void {
  let left = BufferClass.from(`${line}\n`);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(fd, left));
    } catch (error) {
      if (!isTryAgain(error)) throw error;
      sleepSync(1);
    }
  }
}
