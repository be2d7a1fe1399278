/** Whether an element is in view: a chart that nobody sees needs not be drawn ten times a second. */
export class OnScreen {
  /** In view until it is known not to be: a browser says so a moment after the first layout. */
  private visible = true;

  /** @param onShown called when it comes into view again */
  constructor(element: Element, onShown: () => void) {
    if (typeof IntersectionObserver === 'undefined') return;
    const observer = new IntersectionObserver(
      (entries) => {
        const before = this.visible;
        this.visible = entries.at(-1)?.isIntersecting ?? true;
        if (this.visible && !before) onShown();
      },
      { rootMargin: '100px' },
    );
    observer.observe(element);
  }

  get shown(): boolean {
    return this.visible;
  }
}
