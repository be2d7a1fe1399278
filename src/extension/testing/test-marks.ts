/** The marks that VS Code draws behind the lines which the messages of failed tests are about: `It said so. != expected`. */
import type { ReportedState } from './test-sink';

/** How VS Code shortens what is in a mark, and how wide it then is at most, in px: arrow, icon and gaps, then characters. */
const MAX_SIDE = 30;
const FRAME_PX = 42;
const CHARACTER_PX = 5.5;
/** States come by the thousand; what they change is told at most this often, in ms. */
const TELL_MS = 250;

interface FileMarks {
  byPointer: Map<string, number>;
  /** Of messages without a place of their own: VS Code puts them at that of the test. */
  byTest: Map<ReportedState['item'], number>;
}

/**
 * Where VS Code marks failures, and how much room that takes. It draws a mark over whatever stands behind the end of the line,
 * so an answer there has to begin after it.
 */
export class TestMarks {
  private readonly files = new Map<string, FileMarks>();
  private readonly changed = new Set<string>();
  private timer: NodeJS.Timeout | undefined;

  /** @param tell called with each file (a URI) whose marks have changed */
  constructor(private readonly tell: (file: string) => void) {}

  /** VS Code shows the marks of the newest run only. */
  runStarted(): void {
    for (const file of this.files.keys()) this.later(file);
    this.files.clear();
  }

  report({ item, messages }: Pick<ReportedState, 'item' | 'messages'>): void {
    const file = item.uri?.toString();
    if (file === undefined || messages.length === 0) return;
    const marks = this.files.get(file) ?? { byPointer: new Map<string, number>(), byTest: new Map() };
    this.files.set(file, marks);
    for (const message of messages) {
      const width = FRAME_PX + CHARACTER_PX * markText(message).length;
      // Of several on a line the first is marked.
      if (message.pointer === null) marks.byTest.set(item, marks.byTest.get(item) ?? width);
      else if (!marks.byPointer.has(message.pointer)) marks.byPointer.set(message.pointer, width);
    }
    this.later(file);
  }

  /** The width of the mark on a line, in px, by the nodes that stand there; 0 where there is none. */
  widthPx(file: string, line: number, pointers: readonly string[]): number {
    const marks = this.files.get(file);
    if (marks === undefined) return 0;
    for (const pointer of pointers) {
      const width = marks.byPointer.get(pointer);
      if (width !== undefined) return width;
    }
    for (const [item, width] of marks.byTest) if (item.range?.start.line === line) return width;
    return 0;
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private later(file: string): void {
    this.changed.add(file);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const files = [...this.changed];
      this.changed.clear();
      for (const one of files) this.tell(one);
    }, TELL_MS);
  }
}

function markText({ text, expected, actual }: ReportedState['messages'][number]): string {
  if (expected === undefined || actual === undefined) return text.split('\n', 1)[0] ?? '';
  return `${side(actual)} != ${side(expected)}`;
}

function side(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, MAX_SIDE);
}
