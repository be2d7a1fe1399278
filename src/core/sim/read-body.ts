import type { IncomingMessage } from 'node:http';
import { ApiError } from './api-error';

const LARGEST_BODY = 64 * 1024 * 1024;

/**
 * The whole body as text.
 * @throws ApiError 413 past 64 MiB. Error where the client leaves before the end.
 */
export function readBody(message: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    message.on('data', (part: Buffer) => {
      length += part.length;
      if (length <= LARGEST_BODY) {
        parts.push(part);
        return;
      }
      parts.length = 0;
      reject(new ApiError(413, `The body is larger than ${LARGEST_BODY >> 20} MiB.`));
    });
    message.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    message.once('error', reject);
    message.once('close', () => reject(new Error('The client closed the connection while it was sending.')));
  });
}
