/**
 * What is behind a number, beside it: on hover, and on focus for those who use no pointer. One box for the whole page, which
 * stays while the pointer is over it and goes with Escape.
 */
import { el, setHidden } from '../dom';
import './hover.css';

const LEAVE_MS = 120;
/** A pointer that only passes by asks for nothing. */
const REST_MS = 250;
const EDGE_PX = 8;

export class Hovers {
  readonly element = el('div', { class: 'hover', role: 'tooltip', id: 'explanation', hidden: true });
  private readonly texts = new WeakMap<Element, () => string[]>();
  private shown: Element | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor() {
    document.addEventListener('pointerover', (event) => this.over(event.target, REST_MS));
    document.addEventListener('focusin', (event) => this.over(event.target, 0));
    document.addEventListener('focusout', () => this.leave());
    document.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && this.shown !== null) this.hide();
    });
    document.addEventListener(
      'scroll',
      (event) => {
        if (event.target !== this.element) this.follow();
      },
      { capture: true, passive: true },
    );
  }

  /** @param lines asked for when it is shown: a number may have changed since. The first is a title. */
  attach(element: Element, lines: () => string[]): void {
    this.texts.set(element, lines);
  }

  /** Takes the box away: what it was about is gone. */
  hide(): void {
    this.cancel();
    this.shown?.removeAttribute('aria-describedby');
    this.shown = null;
    setHidden(this.element, true);
  }

  /** Takes the box away where what it was about is no longer on the page. */
  tidy(): void {
    if (this.shown !== null && !this.shown.isConnected) this.hide();
  }

  private over(target: EventTarget | null, waitMs: number): void {
    if (!(target instanceof Element)) return;
    if (this.element.contains(target)) {
      this.cancel();
      return;
    }
    const about = this.find(target);
    if (about === null) this.leave();
    else if (waitMs === 0 || this.shown !== null) this.show(about);
    else {
      this.cancel();
      this.timer = setTimeout(() => this.show(about), waitMs);
    }
  }

  private find(target: Element): Element | null {
    for (let at: Element | null = target; at !== null; at = at.parentElement) if (this.texts.has(at)) return at;
    return null;
  }

  private show(about: Element): void {
    this.cancel();
    if (about === this.shown) return;
    const lines = (this.texts.get(about)?.() ?? []).filter((line) => line !== '');
    if (lines.length === 0) return;
    this.hide();
    this.shown = about;
    this.element.replaceChildren(...lines.map((line, i) => el('p', i === 0 ? { class: 'hover-title' } : {}, line)));
    setHidden(this.element, false);
    about.setAttribute('aria-describedby', this.element.id);
    this.place(about.getBoundingClientRect());
  }

  private place(of: DOMRect): void {
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const { clientWidth, clientHeight } = document.documentElement;
    const below = of.bottom + 2;
    const top = below + height + EDGE_PX <= clientHeight ? below : Math.max(EDGE_PX, of.top - height - 2);
    style.left = `${Math.max(EDGE_PX, Math.min(of.left, clientWidth - width - EDGE_PX))}px`;
    style.top = `${top}px`;
  }

  /** Focus may have scrolled the page; what is left by the pointer or gone from view is explained no longer. */
  private follow(): void {
    const { shown } = this;
    if (shown === null) return;
    const place = shown.getBoundingClientRect();
    const inView = place.bottom > 0 && place.top < document.documentElement.clientHeight;
    if (inView && shown.matches(':hover, :focus, :focus-within')) this.place(place);
    else this.hide();
  }

  private leave(): void {
    this.cancel();
    if (this.shown === null) return;
    this.timer = setTimeout(() => {
      // What has the focus keeps its explanation when the pointer moves on.
      const focused = document.activeElement === null ? null : this.find(document.activeElement);
      if (focused === null) this.hide();
      else this.show(focused);
    }, LEAVE_MS);
  }

  private cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
