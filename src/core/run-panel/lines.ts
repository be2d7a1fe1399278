/** Lines of a file that grows, each with its place, so that one of them can be read again without reading the others. */
import * as fs from 'node:fs/promises';

const NEWLINE = 10;
const BLOCK_BYTES = 1 << 20;
/** A line that is longer is no record of ours, and must not fill memory. */
const MOST_LINE_BYTES = 64 << 20;

export interface LinesRead {
  /** Bytes of the file so far, and how many of them were read. */
  size: number;
  read: number;
  /** Bytes of a last line without an end: it is being written, or its writer died. */
  tailBytes: number;
}

/** Hands over what is new of a file of lines. Not to be called again before it has resolved. */
export class LineReader {
  private position = 0;

  constructor(private readonly file: string) {}

  /**
   * Reads on to the end of the file.
   * @param onLine called with each complete line and the byte at which it begins; a promise is waited for, between blocks
   * @param onBlock called after each block, so that a caller can report, yield or stop
   * @returns nothing read where the file does not exist
   */
  async advance(
    onLine: (line: string, at: number) => void,
    onBlock: (read: number, size: number) => boolean | Promise<boolean> = () => true,
  ): Promise<LinesRead> {
    const handle = await openOrNull(this.file);
    if (handle === null) return { size: 0, read: 0, tailBytes: 0 };
    try {
      const { size } = await handle.stat();
      let carried: Buffer[] = [];
      let carriedBytes = 0;
      let offset = this.position;
      let skipping = false;
      while (offset < size) {
        const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, size - offset));
        const { bytesRead } = await handle.read(block, 0, block.length, offset);
        if (bytesRead === 0) break;
        offset += bytesRead;
        let from = 0;
        for (let end = block.indexOf(NEWLINE); end !== -1 && end < bytesRead; end = block.indexOf(NEWLINE, from)) {
          if (!skipping) {
            const text =
              carriedBytes === 0
                ? block.toString('utf8', from, end)
                : Buffer.concat([...carried, block.subarray(from, end)]).toString('utf8');
            onLine(text, this.position);
          }
          skipping = false;
          this.position += carriedBytes + end - from + 1;
          carried = [];
          carriedBytes = 0;
          from = end + 1;
        }
        carriedBytes += bytesRead - from;
        if (carriedBytes > MOST_LINE_BYTES) {
          skipping = true;
          carried = [];
        } else if (!skipping) carried.push(block.subarray(from, bytesRead));
        if (!(await onBlock(offset, size))) break;
      }
      return { size, read: offset, tailBytes: offset - this.position };
    } finally {
      await handle.close();
    }
  }
}

/** Reads the lines that begin at these bytes; null for one that is not there any more. */
export async function linesAt(file: string, places: readonly number[]): Promise<(string | null)[]> {
  const handle = await openOrNull(file);
  if (handle === null) return places.map(() => null);
  try {
    const lines: (string | null)[] = [];
    for (const place of places) lines.push(await lineAt(handle, place));
    return lines;
  } finally {
    await handle.close();
  }
}

async function lineAt(handle: fs.FileHandle, place: number): Promise<string | null> {
  const parts: Buffer[] = [];
  let length = 0;
  for (let size = 8 << 10; length <= MOST_LINE_BYTES; size = Math.min(size * 4, BLOCK_BYTES)) {
    const block = Buffer.allocUnsafe(size);
    const { bytesRead } = await handle.read(block, 0, size, place + length);
    if (bytesRead === 0) return null;
    const end = block.subarray(0, bytesRead).indexOf(NEWLINE);
    parts.push(block.subarray(0, end === -1 ? bytesRead : end));
    if (end !== -1) return Buffer.concat(parts).toString('utf8');
    length += bytesRead;
  }
  return null;
}

async function openOrNull(file: string): Promise<fs.FileHandle | null> {
  try {
    return await fs.open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
