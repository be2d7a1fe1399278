/** Pointer and drag on a plot: a short press is a click, a drag to the side marks a stretch of its horizontal axis. */

/** How far the pointer may move during a click, in pixels. */
const CLICK_PX = 4;

export interface BrushActions {
  /** Where the plot is within its canvas, in pixels of the element; null while there is none. */
  area: () => { left: number; right: number; top: number; bottom: number } | null;
  /** A stretch was marked: pixels from the left edge of the element, in order. */
  onBrush: (from: number, to: number) => void;
  onClick: (pixel: { x: number; y: number }) => void;
  /** Null where the pointer has left. */
  onHover: (pixel: { x: number; y: number } | null) => void;
  onDoubleClick: () => void;
}

/** Listens on `plot`, and shows the stretch that is being marked in an element of its own within it. */
export class Brush {
  private readonly band = document.createElement('div');
  private start: { x: number; y: number; id: number } | null = null;
  private dragging = false;

  constructor(
    private readonly plot: HTMLElement,
    private readonly actions: BrushActions,
  ) {
    this.band.className = 'brush';
    this.band.hidden = true;
    plot.append(this.band);
    plot.addEventListener('pointerdown', (event) => this.down(event));
    plot.addEventListener('pointermove', (event) => this.move(event));
    plot.addEventListener('pointerup', (event) => this.up(event));
    plot.addEventListener('pointercancel', () => this.cancel());
    plot.addEventListener('pointerleave', () => {
      if (this.start === null) actions.onHover(null);
    });
    plot.addEventListener('dblclick', () => actions.onDoubleClick());
    plot.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.start === null) return;
      event.stopPropagation();
      this.cancel();
    });
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const { x, y } = this.pixel(event);
    this.start = { x, y, id: event.pointerId };
    this.plot.setPointerCapture(event.pointerId);
  }

  private move(event: PointerEvent): void {
    const pixel = this.pixel(event);
    if (this.start === null) {
      this.actions.onHover(pixel);
      return;
    }
    if (!this.dragging && Math.abs(pixel.x - this.start.x) <= CLICK_PX) return;
    const span = this.span(pixel.x);
    if (span === null) return;
    this.dragging = true;
    this.actions.onHover(null);
    this.band.hidden = false;
    this.band.style.left = `${span.from}px`;
    this.band.style.width = `${span.to - span.from}px`;
    this.band.style.top = `${span.top}px`;
    this.band.style.height = `${span.bottom - span.top}px`;
  }

  private up(event: PointerEvent): void {
    if (this.start === null) return;
    const pixel = this.pixel(event);
    const span = this.dragging ? this.span(pixel.x) : null;
    const clicked = !this.dragging;
    this.cancel();
    if (clicked) this.actions.onClick(pixel);
    else if (span !== null && span.to - span.from > CLICK_PX) this.actions.onBrush(span.from, span.to);
  }

  private cancel(): void {
    if (this.start !== null && this.plot.hasPointerCapture(this.start.id))
      this.plot.releasePointerCapture(this.start.id);
    this.start = null;
    this.dragging = false;
    this.band.hidden = true;
  }

  private span(x: number): { from: number; to: number; top: number; bottom: number } | null {
    const area = this.actions.area();
    if (area === null || this.start === null) return null;
    const within = (value: number) => Math.max(area.left, Math.min(area.right, value));
    const [a, b] = [within(this.start.x), within(x)];
    return { from: Math.min(a, b), to: Math.max(a, b), top: area.top, bottom: area.bottom };
  }

  private pixel(event: MouseEvent): { x: number; y: number } {
    const { left, top } = this.plot.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }
}
