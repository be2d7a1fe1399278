/** Something that holds a resource until told otherwise. Structurally the same as VS Code's. */
export interface Disposable {
  dispose(): void;
}

/** Owns disposables and disposes them in reverse order of their addition. */
export class DisposableStore implements Disposable {
  private items: Disposable[] = [];
  private disposed = false;

  /** Takes ownership of `item`; disposes it at once when the store itself is already disposed. */
  add<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else this.items.push(item);
    return item;
  }

  dispose(): void {
    this.disposed = true;
    const items = this.items;
    this.items = [];
    for (const item of items.reverse()) item.dispose();
  }
}

/** Wraps a function as a disposable that runs it once. */
export function toDisposable(fn: () => void): Disposable {
  let done = false;
  return {
    dispose() {
      if (done) return;
      done = true;
      fn();
    },
  };
}
