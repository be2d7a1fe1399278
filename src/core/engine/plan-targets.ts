import type { Json } from '../../protocol/plan';
import { canonicalJson } from '../spec/naming';
import type { Variant } from './plan-prompts';

/**
 * The id of a target: its endpoint, and where there are several variants or a matrix, those too, such as
 * `vllm/terse[temperature=0.7]`. It does not depend on the order of keys or on other targets.
 */
export function targetId(
  endpoint: string,
  variant: Pick<Variant, 'name'>,
  variants: number,
  params: Record<string, Json>,
): string {
  const keys = Object.keys(params).sort();
  const matrix = keys.map((key) => `${key}=${shown(params[key])}`).join(',');
  return `${endpoint}${variants > 1 ? `/${variant.name}` : ''}${matrix === '' ? '' : `[${matrix}]`}`;
}

function shown(value: Json | undefined): string {
  return typeof value === 'string' ? value : canonicalJson(value);
}
