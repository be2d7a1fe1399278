/**
 * Certificates made on the spot, so that neither a tool nor a file with an expiry date is needed: X.509 v3 (RFC 5280) in DER, on
 * P-256 keys. Enough for TLS between a test and itself, and for nothing else.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';

export interface Certified {
  /** PEM. */
  cert: string;
  key: string;
}

export interface Authority extends Certified {
  issue(options: { names: string[]; expired?: boolean }): Certified;
}

const DAY_MS = 86_400_000;

/** An authority of its own, that nobody trusts unless told to. */
export function makeAuthority(name = 'Test authority'): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = (subject: string, publicKey: KeyObject, extensions: Buffer[], expired: boolean) =>
    pem(certificateOf(name, keys.privateKey, subject, publicKey, extensions, expired));
  // Critical: this one may sign others.
  const isAuthority = extension('551d13', sequence(tagged(0x01, Buffer.from([0xff]))), true);
  return {
    cert: certificate(name, keys.publicKey, [isAuthority], false),
    key: pkcs8(keys.privateKey),
    issue: ({ names, expired = false }) => {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const alternatives = extension('551d11', sequence(...names.map(alternativeName)), false);
      return { cert: certificate(names[0] ?? '', own.publicKey, [alternatives], expired), key: pkcs8(own.privateKey) };
    },
  };
}

function certificateOf(
  issuer: string,
  issuerKey: KeyObject,
  subject: string,
  publicKey: KeyObject,
  extensions: Buffer[],
  expired: boolean,
): Buffer {
  // ecdsa-with-SHA256
  const algorithm = sequence(tagged(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const now = Date.now();
  const body = sequence(
    // Version 3, counted from 0.
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    // Positive, and without a leading zero.
    tagged(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    algorithm,
    nameOf(issuer),
    sequence(timeOf(now - 2 * DAY_MS), timeOf(now + (expired ? -DAY_MS : DAY_MS))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuerKey);
  return sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...items: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items));
}

/** A common name alone. */
function nameOf(commonName: string): Buffer {
  const attribute = sequence(tagged(0x06, Buffer.from('550403', 'hex')), tagged(0x0c, Buffer.from(commonName)));
  return sequence(tagged(0x31, attribute));
}

function timeOf(ms: number): Buffer {
  const text = new Date(ms)
    .toISOString()
    .replace(/[-:T]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  return tagged(0x18, Buffer.from(text));
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(tagged(0x06, Buffer.from(id, 'hex')), ...flag, tagged(0x04, value));
}

function alternativeName(name: string): Buffer {
  if (isIP(name) === 4) return tagged(0x87, Buffer.from(name.split('.').map(Number)));
  return tagged(0x82, Buffer.from(name));
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function pem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
