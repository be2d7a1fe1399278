/** Arrow keys within a table: one stop of the Tab key for all of it, and its cells by row and column. */

/** Makes `[data-cell]` elements of `root` reachable. Call it again after the cells were made anew: the place is kept. */
export class GridKeys {
  private place = { row: 0, column: 0 };

  constructor(private readonly root: HTMLElement) {
    root.addEventListener('keydown', (event) => this.key(event));
    root.addEventListener('focusin', (event) => {
      const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-cell]') : null;
      if (cell !== null) this.go(cell, false);
    });
  }

  update(): void {
    const rows = this.rows();
    const row = rows[Math.min(this.place.row, rows.length - 1)] ?? [];
    const cell = row[Math.min(this.place.column, row.length - 1)];
    if (cell !== undefined) this.go(cell, false);
  }

  /** For what takes the focus from a cell and is about to be made anew: whether it should be given back. */
  get focused(): boolean {
    return this.root.contains(document.activeElement);
  }

  refocus(): void {
    this.root.querySelector<HTMLElement>('[data-cell][tabindex="0"]')?.focus({ preventScroll: true });
  }

  private rows(): HTMLElement[][] {
    return [...this.root.querySelectorAll('tr')]
      .map((row) => [...row.querySelectorAll<HTMLElement>('[data-cell]')])
      .filter((cells) => cells.length > 0);
  }

  private go(cell: HTMLElement, focus: boolean): void {
    const rows = this.rows();
    for (const [r, row] of rows.entries())
      for (const [c, one] of row.entries()) {
        if (one === cell) this.place = { row: r, column: c };
        const tabindex = one === cell ? '0' : '-1';
        if (one.getAttribute('tabindex') !== tabindex) one.setAttribute('tabindex', tabindex);
      }
    if (focus) cell.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const rows = this.rows();
    const { row, column } = this.place;
    const width = rows[row]?.length ?? 0;
    const steps: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      Home: [row, 0],
      End: [row, width - 1],
    };
    const wanted = steps[event.key];
    if (wanted === undefined) return;
    const cell = rows[wanted[0]]?.[wanted[1]];
    event.preventDefault();
    if (cell !== undefined) this.go(cell, true);
  }
}
