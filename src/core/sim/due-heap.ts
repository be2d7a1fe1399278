/** Something that is due at an instant; it is in at most one heap. */
export interface Due {
  dueMs: number;
  /** Place in the heap, -1 outside it. Written by the heap only. */
  heapIndex: number;
}

/** A binary min-heap by `dueMs` with removal from the middle, for streams whose client hangs up. */
export class DueHeap<T extends Due> {
  private readonly items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): T | undefined {
    return this.items[0];
  }

  push(item: T): void {
    item.heapIndex = this.items.length;
    this.items.push(item);
    this.up(item.heapIndex);
  }

  pop(): T | undefined {
    const first = this.items[0];
    if (first !== undefined) this.remove(first);
    return first;
  }

  remove(item: T): void {
    const index = item.heapIndex;
    if (index < 0) return;
    item.heapIndex = -1;
    const last = this.items.pop();
    if (last === undefined || last === item) return;
    this.place(last, index);
    this.up(index);
    this.down(last.heapIndex);
  }

  private place(item: T, index: number): void {
    this.items[index] = item;
    item.heapIndex = index;
  }

  private up(from: number): void {
    const item = this.items[from];
    if (item === undefined) return;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.items[parentIndex];
      if (parent === undefined || parent.dueMs <= item.dueMs) break;
      this.place(parent, index);
      index = parentIndex;
    }
    this.place(item, index);
  }

  private down(from: number): void {
    const item = this.items[from];
    if (item === undefined) return;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = this.items[childIndex];
      if (child === undefined) break;
      const right = this.items[childIndex + 1];
      if (right !== undefined && right.dueMs < child.dueMs) {
        child = right;
        childIndex++;
      }
      if (child.dueMs >= item.dueMs) break;
      this.place(child, index);
      index = childIndex;
    }
    this.place(item, index);
  }
}
