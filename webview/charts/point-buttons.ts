/**
 * The few points of a chart as buttons over its canvas, so that each can be reached, read and pressed as anything else on the
 * page: one stop of the Tab key, and arrow keys from there.
 */
import { el, setAttribute } from '../dom';

export interface PointButton {
  id: string;
  /** What it is, in words. */
  label: string;
}

export class PointButtons {
  readonly element = el('div', { class: 'point-buttons', role: 'group' });
  private readonly buttons = new Map<string, HTMLButtonElement>();
  private places = new Map<string, { x: number; y: number }>();
  private current = '';

  constructor(
    label: string,
    private readonly actions: { made: (id: string, button: HTMLButtonElement) => void; press: (id: string) => void },
  ) {
    this.element.setAttribute('aria-label', label);
    this.element.addEventListener('keydown', (event) => this.key(event));
  }

  /** Keeps the buttons of points that stay. */
  update(points: readonly PointButton[]): void {
    for (const [id, button] of this.buttons)
      if (!points.some((point) => point.id === id)) {
        button.remove();
        this.buttons.delete(id);
      }
    for (const { id, label } of points) setAttribute(this.buttonOf(id), 'aria-label', label);
    if (!this.buttons.has(this.current)) this.current = points[0]?.id ?? '';
    this.rove();
  }

  /** After each redraw: where the points are, in pixels of the plot. */
  place(places: Map<string, { x: number; y: number }>): void {
    this.places = places;
    for (const [id, { x, y }] of places) {
      const { style } = this.buttonOf(id);
      style.left = `${x}px`;
      style.top = `${y}px`;
    }
  }

  private buttonOf(id: string): HTMLButtonElement {
    const known = this.buttons.get(id);
    if (known !== undefined) return known;
    const button = el('button', { class: 'point-button', type: 'button' });
    button.addEventListener('click', () => this.actions.press(id));
    button.addEventListener('focus', () => {
      this.current = id;
      this.rove();
    });
    this.buttons.set(id, button);
    this.element.append(button);
    this.actions.made(id, button);
    return button;
  }

  private rove(): void {
    for (const [id, button] of this.buttons) button.tabIndex = id === this.current ? 0 : -1;
  }

  /** Left and right go by place across, up and down by place upwards, whatever the order of the points. */
  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const across =
      event.key === 'ArrowLeft' || event.key === 'ArrowRight' || event.key === 'Home' || event.key === 'End';
    if (!across && event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    const ids = [...this.buttons.keys()].filter((id) => this.places.has(id));
    const at = (id: string) => {
      const place = this.places.get(id) ?? { x: 0, y: 0 };
      return across ? place.x : place.y;
    };
    ids.sort((a, b) => at(a) - at(b));
    const here = ids.indexOf(this.current);
    const steps: Record<string, number> = {
      ArrowLeft: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here - 1,
      ArrowDown: here + 1,
      Home: 0,
      End: ids.length - 1,
    };
    const wanted = ids[Math.max(0, Math.min(ids.length - 1, steps[event.key] ?? 0))];
    if (wanted !== undefined) this.buttons.get(wanted)?.focus();
  }
}
