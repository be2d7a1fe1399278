/** Tool calls put together from the parts in which a stream brings them. */
import type { ToolCall } from '../quality/types';

/** An absurd index would make a sparse array of that length. */
const MAX_INDEX = 1000;

export class ToolCallParts {
  private readonly calls: (ToolCall | undefined)[] = [];

  /** The call with the server's number `index`, made where it is new; undefined for a number that no answer has. */
  at(index: number): ToolCall | undefined {
    if (!Number.isInteger(index) || index < 0 || index > MAX_INDEX) return undefined;
    return (this.calls[index] ??= { id: '', name: '', arguments: '' });
  }

  /** Appends a call that came whole. */
  add(call: ToolCall): void {
    if (this.calls.length <= MAX_INDEX) this.calls.push(call);
  }

  list(): ToolCall[] {
    return this.calls.flatMap((call) => (call === undefined ? [] : [{ ...call }]));
  }
}
