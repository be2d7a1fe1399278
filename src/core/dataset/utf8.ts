/** Bytes of a dataset file as pieces that hold whole characters, once they have been seen to be UTF-8. */
import { isAscii, isUtf8 } from 'node:buffer';
import { DatasetError, rangeAt } from './rows';

/** Begins of files that are no text, and what to do about them. */
const SIGNATURES: readonly { bytes: readonly number[]; message: string }[] = [
  { bytes: [0xff, 0xfe], message: 'The file is encoded as UTF-16: save it as UTF-8.' },
  { bytes: [0xfe, 0xff], message: 'The file is encoded as UTF-16: save it as UTF-8.' },
  { bytes: [0x1f, 0x8b], message: 'The file is compressed with gzip: unpack it first.' },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    message: 'The file is a ZIP archive or an Excel workbook: unpack it, or export the sheet as CSV (UTF-8).',
  },
  { bytes: [0x50, 0x41, 0x52, 0x31], message: 'The file is in Parquet format: convert it to JSONL or CSV.' },
];

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The pieces of `source`, none of which splits a character; a byte order mark is left out. The source must not reuse the
 * memory of a piece that it has given.
 * @throws DatasetError at the first byte that is not UTF-8
 */
export async function* utf8Chunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let carry: Buffer = Buffer.alloc(0);
  let isStart = true;
  /** Where the next piece begins. */
  const at = { line: 0, character: 0 };
  for await (const bytes of source) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let piece = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    carry = Buffer.alloc(0);
    if (isStart) {
      // Every signature fits into four bytes.
      if (piece.length < 4) {
        carry = piece;
        continue;
      }
      piece = begin(piece);
      isStart = false;
    }
    const whole = piece.length - unfinished(piece);
    carry = piece.subarray(whole);
    piece = piece.subarray(0, whole);
    if (!isUtf8(piece)) throw invalid(piece, at);
    advance(at, piece);
    if (piece.length > 0) yield piece;
  }
  const rest = isStart ? begin(carry) : carry;
  if (!isUtf8(rest)) throw invalid(rest, at);
  if (rest.length > 0) yield rest;
}

function begin(piece: Buffer): Buffer {
  for (const { bytes, message } of SIGNATURES)
    if (bytes.every((byte, i) => piece[i] === byte))
      throw new DatasetError(rangeAt({ line: 0, character: 0 }, 0), message);
  if (piece.subarray(0, 1024).includes(0))
    throw new DatasetError(
      rangeAt({ line: 0, character: 0 }, 0),
      'The file is not a text: convert it to JSONL or CSV.',
    );
  return piece.subarray(0, 3).equals(BOM) ? piece.subarray(3) : piece;
}

/** Bytes at the end that begin a character and do not complete it. */
function unfinished(piece: Buffer): number {
  for (let back = 1; back <= Math.min(3, piece.length); back++) {
    const byte = piece[piece.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

function advance(at: { line: number; character: number }, piece: Buffer): void {
  let from = 0;
  for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, from)) {
    at.line++;
    at.character = 0;
    from = end + 1;
  }
  const rest = piece.subarray(from);
  at.character += isAscii(rest) ? rest.length : rest.toString('utf8').length;
}

function invalid(piece: Buffer, at: { line: number; character: number }): DatasetError {
  // Bisection: a prefix that ends inside a character is cut back to its last whole one.
  let low = 0;
  let high = piece.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const prefix = piece.subarray(0, middle);
    if (isUtf8(prefix.subarray(0, prefix.length - unfinished(prefix)))) low = middle;
    else high = middle - 1;
  }
  const good = low - unfinished(piece.subarray(0, low));
  const place = { ...at };
  advance(place, piece.subarray(0, good));
  const byte = (piece[good] as number).toString(16).toUpperCase().padStart(2, '0');
  return new DatasetError(
    rangeAt(place, 1),
    `The byte ${byte} here is not UTF-8. The file may be in Latin-1 or Windows-1252: save it as UTF-8.`,
  );
}
