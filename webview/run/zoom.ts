/** The part of a stage that is looked at: one for all charts over time, the distributions and the list of requests. */
import type { TimeSpan } from '../charts/axis';

/** Shorter than this nothing is left to see. */
const SHORTEST_MS = 5;

/** A stretch within the whole; null where it is all of it. */
export function spanWithin(span: TimeSpan, whole: TimeSpan): TimeSpan | null {
  const length = whole.to - whole.from;
  const wanted = Math.min(length, Math.max(SHORTEST_MS, span.to - span.from));
  if (!(length > 0) || wanted >= length * 0.995) return null;
  const from = Math.max(whole.from, Math.min(span.from, whole.to - wanted));
  return { from, to: from + wanted };
}

/** Narrower (`factor` below 1) or wider around an instant, which stays where it is. */
export function scaled(span: TimeSpan | null, whole: TimeSpan, factor: number, around?: number): TimeSpan | null {
  const { from, to } = span ?? whole;
  const at = Math.max(from, Math.min(to, around ?? (from + to) / 2));
  return spanWithin({ from: at - (at - from) * factor, to: at + (to - at) * factor }, whole);
}

/** Moved by a share of its own length. */
export function moved(span: TimeSpan | null, whole: TimeSpan, share: number): TimeSpan | null {
  if (span === null) return null;
  const by = (span.to - span.from) * share;
  return spanWithin({ from: span.from + by, to: span.to + by }, whole);
}

/** Moved just so far that an instant is in it. */
export function including(span: TimeSpan | null, whole: TimeSpan, instant: number): TimeSpan | null {
  if (span === null || (instant >= span.from && instant <= span.to)) return span;
  const half = (span.to - span.from) / 2;
  return spanWithin({ from: instant - half, to: instant + half }, whole);
}

/** What the charts need to change the part that is looked at. */
export interface ZoomControl {
  readonly span: TimeSpan | null;
  set(span: TimeSpan | null): void;
  scale(factor: number, around?: number): void;
  move(share: number): void;
}

/** Holds the part that is looked at. */
export class Zoom implements ZoomControl {
  private current: TimeSpan | null;

  /**
   * @param whole all of what can be looked at, now
   * @param onChange called after each change but those of `reset`
   */
  constructor(
    private readonly whole: () => TimeSpan,
    private readonly onChange: () => void,
    span: TimeSpan | null = null,
  ) {
    this.current = span;
  }

  get span(): TimeSpan | null {
    return this.current;
  }

  set(span: TimeSpan | null): void {
    this.change(span === null ? null : spanWithin(span, this.whole()));
  }

  scale(factor: number, around?: number): void {
    this.change(scaled(this.current, this.whole(), factor, around));
  }

  move(share: number): void {
    this.change(moved(this.current, this.whole(), share));
  }

  /** Moves just so far that an instant is in view. */
  include(instant: number): void {
    this.change(including(this.current, this.whole(), instant));
  }

  /** Back to all of it, without a word. */
  reset(): void {
    this.current = null;
  }

  private change(span: TimeSpan | null): void {
    const { current } = this;
    if (span === current || (span !== null && current !== null && span.from === current.from && span.to === current.to))
      return;
    this.current = span;
    this.onChange();
  }
}

/** The keys that every chart over time understands; false for any other. */
export function zoomKey(event: { key: string; shiftKey: boolean }, zoom: ZoomControl, around?: number): boolean {
  switch (event.key) {
    case '+':
    case '=':
      zoom.scale(0.5, around);
      return true;
    case '-':
      zoom.scale(2, around);
      return true;
    case '0':
      zoom.set(null);
      return true;
    case 'ArrowLeft':
    case 'ArrowRight':
      if (!event.shiftKey || zoom.span === null) return false;
      zoom.move(event.key === 'ArrowLeft' ? -0.5 : 0.5);
      return true;
    default:
      return false;
  }
}
