/** Lines of a file, a piece at a time. */

export interface Line {
  /** 0-based. */
  line: number;
  /** Without the line end; null for a line that is longer than the limit. */
  bytes: Buffer | null;
}

/**
 * The lines of `chunks`, in batches of what one piece completes. They end with LF or CRLF only: a JSON text may well hold the
 * other characters that some readers break lines at. Memory holds one piece and one line of at most `limit` bytes.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<Line[]> {
  let line = 0;
  let parts: Buffer[] = [];
  let held = 0;
  let isTooLong = false;
  const hold = (part: Buffer): void => {
    held += part.length;
    if (held > limit) {
      isTooLong = true;
      parts = [];
    } else if (part.length > 0) {
      parts.push(part);
    }
  };
  const take = (): Line => {
    const [first, second] = parts;
    const bytes = isTooLong ? null : first !== undefined && second === undefined ? first : Buffer.concat(parts);
    parts = [];
    held = 0;
    isTooLong = false;
    return { line: line++, bytes: bytes === null ? null : withoutReturn(bytes) };
  };
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      hold(chunk.subarray(from, at));
      lines.push(take());
      from = at + 1;
    }
    hold(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (held > 0) yield [take()];
}

function withoutReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
}
