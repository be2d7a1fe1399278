/** `{{ env.NAME }}` in imported files. Other templates are left for the run. */
import type { Cursor, ForeignContext } from './cursor';
import { isPlaceholder, isSecretName, looksSecret } from './secrets';

const TEMPLATE = /\{\{-?\s*((?:[^{}]|\{(?!\{)|\}(?!\}))*?)\s*-?\}\}/g;
const VARIABLE = /^(?:process\.)?env(?:\.(\w+)|\[\s*(?:'([^']+)'|"([^"]+)")\s*\])\s*(?:\|\|?\s*(.*))?$/s;
const DEFAULT = /^default\(\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*(?:,\s*\w+\s*)?\)$|^(?:'([^']*)'|"([^"]*)")$/;

/** The variable that a text consists of, where it is nothing but `{{ env.NAME }}`, `${NAME}` or `$NAME`. */
export function loneVariable(text: string): string | undefined {
  const trimmed = text.trim();
  const shell = /^\$\{(\w+)\}$|^\$([A-Z_]\w*)$/.exec(trimmed);
  if (shell !== null) return shell[1] ?? shell[2];
  const inner = /^\{\{-?\s*((?:[^{}])*?)\s*-?\}\}$/.exec(trimmed)?.[1];
  const match = inner === undefined ? null : VARIABLE.exec(inner);
  return match === null ? undefined : (match[1] ?? match[2] ?? match[3]);
}

/** Names of the variables of the environment that a text reads. */
export function variablesIn(text: string): string[] {
  return [...text.matchAll(TEMPLATE)].flatMap((match) => {
    const found = VARIABLE.exec(match[1] ?? '');
    return found === null ? [] : [found[1] ?? found[2] ?? found[3] ?? ''];
  });
}

export type Filled = { ok: true; text: string } | { ok: false; variable: string };

/** The block `env` of the file, without anything that is or may be a secret. */
export class FileEnvironment {
  private readonly own = new Map<string, string>();

  constructor(block: Cursor | undefined) {
    for (const [name, value] of block?.entries ?? []) {
      const text = value.word;
      if (text === undefined || variablesIn(text).length > 0) continue;
      if (isPlaceholder(text)) continue;
      if (isSecretName(name) || looksSecret(text)) {
        block?.context.problems.error(
          'literal-secret',
          `The value of "${name}" does not belong into a file: set it in the environment, where it is read from. A key that was committed should be revoked.`,
          value.place,
        );
        continue;
      }
      this.own.set(name, text);
    }
  }

  /** Texts of prompts, variables and assertions: filled from the file alone, since they end up in the results. */
  fill(text: string): Filled {
    return this.replace(text, (name) => this.own.get(name));
  }

  /** Addresses and models of endpoints: from the environment too, but for what is named like a secret. */
  fillAddress(text: string, { env }: ForeignContext): Filled {
    return this.replace(text, (name) => this.own.get(name) ?? (isSecretName(name) ? undefined : env?.[name]));
  }

  private replace(text: string, valueOf: (name: string) => string | undefined): Filled {
    let missing: string | undefined;
    const filled = text.replace(TEMPLATE, (whole, inner: string) => {
      const match = VARIABLE.exec(inner);
      if (match === null) return whole;
      const name = match[1] ?? match[2] ?? match[3] ?? '';
      const fallback = DEFAULT.exec((match[4] ?? '').trim());
      const value = valueOf(name) ?? fallback?.slice(1).find((part) => part !== undefined);
      if (value === undefined) missing ??= name;
      return value ?? whole;
    });
    return missing === undefined ? { ok: true, text: filled } : { ok: false, variable: missing };
  }
}
