/** What a text in an `slo` list is: a preset's name, an expression, or neither. */
import { nearest } from '../metrics/nearest';
import { PRESETS, presetOf } from '../metrics/presets';
import { metricOf } from '../metrics/definitions';
import { parseSloExpression, type ParsedSlo, type SloSyntaxError } from '../metrics/slo';

/** Presets of the workspace file: SLO expressions by name. */
export type WorkspacePresets = Readonly<Record<string, readonly string[]>>;

export type SloText =
  | { kind: 'preset'; name: string; slos: readonly string[] }
  | { kind: 'expression'; parsed: ParsedSlo }
  | { kind: 'unknown-preset'; name: string; near: string[]; message: string }
  | { kind: 'error'; error: SloSyntaxError };

/** Presets of the workspace come before ours, so that a team can have its own `rag`. */
export function readSlo(text: string, presets: WorkspacePresets): SloText {
  const name = text.trim();
  const own = Object.hasOwn(presets, name) ? presets[name] : undefined;
  const slos = own ?? presetOf(name)?.slos;
  if (slos !== undefined) return { kind: 'preset', name, slos };
  const parsed = parseSloExpression(text);
  if (parsed.ok) return { kind: 'expression', parsed };
  // One word that no metric starts with was meant as a preset; anything else as an expression.
  const isWord = /^[A-Za-z][\w.-]*$/.test(name);
  const startsMetric = metricOf(name) !== undefined || metricOf(name.split('.')[0] ?? '') !== undefined;
  if (!isWord || startsMetric) return { kind: 'error', error: parsed };
  const near = nearest(name, [...Object.keys(presets), ...Object.keys(PRESETS)]);
  if (near.length === 0 && parsed.suggestions.length > 0) return { kind: 'error', error: parsed };
  const hint = near[0] === undefined ? '' : ` Did you mean "${near[0]}"?`;
  return {
    kind: 'unknown-preset',
    name,
    near,
    message: `"${name}" is neither a preset nor an expression such as "ttft.p99 <= 200ms".${hint}`,
  };
}
