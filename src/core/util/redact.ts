const MASK = '[redacted]';

/** Replaces every known secret in texts that leave the process: logs, results, errors, webviews. */
export class Redactor {
  private readonly secrets = new Set<string>();

  /** Registers a secret. Strings under four characters are ignored: masking them would shred ordinary text. */
  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < 4) return;
    this.secrets.add(secret);
    // A key may come back percent-encoded, in JSON or in base64 (basic auth): those forms are as secret as the key.
    this.secrets.add(encodeURIComponent(secret));
    this.secrets.add(JSON.stringify(secret).slice(1, -1));
    this.secrets.add(Buffer.from(secret).toString('base64'));
  }

  text(value: string): string {
    let out = value;
    for (const secret of this.secrets) if (out.includes(secret)) out = out.split(secret).join(MASK);
    return out;
  }

  /** A deep copy of plain data with every string value redacted. */
  data<T>(value: T): T {
    if (this.secrets.size === 0) return value;
    return this.walk(value) as T;
  }

  private walk(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return value.map((item) => this.walk(item));
    if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), this.walk(item)]));
    }
    return value;
  }
}
