/**
 * Hands what a socket has read straight to undici's parser, without the stream in between.
 *
 * Node's way from a read to a 'readable' event allocates 64 KiB, shrinks them to the few hundred bytes of a token, and goes
 * through the stream's buffer and a tick. Over tens of thousands of reads a second that, with the garbage it leaves, is a
 * third of what the client costs, and an arrival is stamped only after it.
 */
import type { OnReadOpts, Socket } from 'node:net';
import { kParser } from 'undici/lib/core/symbols.js';

/** As much as Node reads at once. */
const READ_BYTES = 64 * 1024;

/** The part of undici's HTTP/1.1 parser that is used here. */
interface Parser {
  readonly paused: boolean;
  execute(bytes: Buffer): void;
}

/**
 * Options of `net.connect` and `tls.connect` for a socket that undici is to use. May be shared by the sockets of a thread: a
 * read is taken over before the next one starts.
 */
export function directReads(): OnReadOpts {
  const shared = Buffer.allocUnsafeSlow(READ_BYTES);
  let parsing = false;
  return {
    buffer: shared,
    callback: function (this: Socket & { [kParser]?: Parser | null }, length: number): boolean {
      // The bytes live on until they are decoded, after more reads into the shared buffer.
      const bytes = Buffer.allocUnsafe(length);
      shared.copy(bytes, 0, 0, length);
      const parser = this[kParser];
      // The stream keeps what comes too early (before undici has taken the socket), what waits behind such bytes, and what
      // is read in the middle of parsing, as a write on a TLS socket may cause: undici's parser is not reentrant.
      if (parser == null || parser.paused || parsing || this.readableLength > 0) {
        this.push(bytes);
        return true;
      }
      parsing = true;
      try {
        parser.execute(bytes);
      } finally {
        parsing = false;
      }
      return true;
    },
  };
}
