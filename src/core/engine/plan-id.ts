import type { TargetPlan } from '../../protocol/plan';
import { Random } from '../load/prng';

/** `20261122T014700Z-chat-x7f3`: sorts by time, safe as a folder name on every system. */
export function runIdOf(now: Date, name: string, random: () => number): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  const suffix = Array.from({ length: 4 }, () => Math.floor(random() * 36).toString(36)).join('');
  return `${isoStamp(now)}-${slug === '' ? 'run' : slug}-${suffix}`;
}

function isoStamp(now: Date): string {
  return now.toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
}

/** A seed that survives JSON and fits into 32 bits. */
export function drawSeed(random: () => number): number {
  return Math.floor(random() * 0x1_0000_0000);
}

/** The targets in an order drawn from the seed, so that drift of a shared server is not mistaken for a difference. */
export function shuffled(targets: readonly TargetPlan[], seed: number): TargetPlan[] {
  const result = [...targets];
  const random = new Random(seed, 'target-order');
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    const [a, b] = [result[i], result[j]];
    if (a !== undefined && b !== undefined) [result[i], result[j]] = [b, a];
  }
  return result;
}
