import { wrap } from './layout';
import type { Paint, Tone } from './style';

export const INDENT = '  ';

/** A sentence in lines that fit the terminal at the depth at which a stage's details stand. */
export function sentence(text: string, { width, paint }: { width: number; paint: Paint }, tone: Tone): string[] {
  const room = Math.max(20, width - 2 * INDENT.length);
  return wrap(text, room).map((line) => INDENT + paint(tone, line));
}
