/** The short text beside the pointer on a plot. */
import { setHidden, setText } from '../dom';

/** Places `tip` above right of a pixel of its plot, within its width; null hides it. */
export function placeTip(tip: HTMLElement, at: { x: number; y: number } | null, text: () => string): void {
  setHidden(tip, at === null);
  if (at === null) return;
  setText(tip, text());
  const width = tip.parentElement?.clientWidth ?? 0;
  tip.style.left = `${Math.max(0, Math.min(at.x + 10, width - tip.offsetWidth))}px`;
  tip.style.top = `${Math.max(0, at.y - tip.offsetHeight - 8)}px`;
}
