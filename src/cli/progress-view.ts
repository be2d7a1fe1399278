import {
  advance,
  initialProgress,
  milestone,
  renderLive,
  renderPlain,
  renderPlainStart,
  type ProgressState,
} from './progress';
import type { TextSink } from './io';
import { plain } from '../core/report/plain';
import type { Paint } from '../core/report/style';
import type { Clock } from '../core/util/clock';
import type { Disposable } from '../core/util/disposable';
import type { EngineEvent } from '../protocol/events';

/** Shows the progress of a run while it lasts. */
export interface ProgressView extends Disposable {
  handle(events: EngineEvent[]): void;
  /** A line that stays, printed without tearing what is redrawn. */
  note(line: string): void;
}

const ESC = '\u001b[';
const HIDE_CURSOR = `${ESC}?25l`;
const SHOW_CURSOR = `${ESC}?25h`;
/** Terminals that know it show everything in between at once; the others ignore it. */
const BEGIN_FRAME = `${ESC}?2026h`;
const END_FRAME = `${ESC}?2026l`;
const CLEAR_LINE_END = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;

const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 5000;

/** Redraws a block of lines in place on a terminal. The cursor is hidden meanwhile and given back by `dispose`. */
export class LiveProgressView implements ProgressView {
  private state: ProgressState = initialProgress();
  private drawnLines = 0;
  private cancelTimer: (() => void) | null = null;
  private disposed = false;

  constructor(
    private readonly sink: TextSink,
    private readonly paint: Paint,
    private readonly clock: Clock,
  ) {
    sink.write(HIDE_CURSOR);
    this.schedule();
  }

  handle(events: EngineEvent[]): void {
    if (this.disposed) return;
    const staying: string[] = [];
    for (const event of events) {
      this.state = advance(this.state, event, this.clock.nowMs());
      const line = milestone(event, this.paint);
      if (line === null) continue;
      // The headings of targets that run side by side stand together above all of their lines.
      const whose = event.type === 'stage-finished' || event.type === 'curve' ? event.target : null;
      const prefix = whose !== null && this.state.running.length > 1 ? `  ${plain(whose)} / ` : '';
      staying.push(prefix === '' ? line : prefix + line.trimStart());
    }
    if (staying.length > 0) this.draw(staying);
  }

  note(line: string): void {
    this.draw([line]);
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.cancelTimer?.();
    this.sink.write(this.back() + CLEAR_BELOW + SHOW_CURSOR);
    this.drawnLines = 0;
  }

  private schedule(): void {
    this.cancelTimer = this.clock.at(this.clock.nowMs() + REDRAW_MS, () => {
      if (this.disposed) return;
      this.draw([]);
      this.schedule();
    });
  }

  /** One write a frame: a terminal that got it in pieces would show a half-drawn block. */
  private draw(staying: string[]): void {
    const block = this.disposed
      ? []
      : renderLive(this.state, { width: this.sink.columns, paint: this.paint, nowMs: this.clock.nowMs() });
    const lines = [...staying, ...block].map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    if (lines === '' && this.drawnLines === 0) return;
    this.sink.write(BEGIN_FRAME + this.back() + lines + CLEAR_BELOW + END_FRAME);
    this.drawnLines = block.length;
  }

  private back(): string {
    return this.drawnLines === 0 ? '' : `${ESC}${this.drawnLines}A\r`;
  }
}

/** Writes plain lines, for logs: when a stage starts, every five seconds, and when it has ended. */
export class PlainProgressView implements ProgressView {
  private state: ProgressState = initialProgress();
  private cancelTimer: (() => void) | null = null;

  constructor(
    private readonly sink: TextSink,
    private readonly paint: Paint,
    private readonly clock: Clock,
  ) {}

  handle(events: EngineEvent[]): void {
    for (const event of events) {
      this.state = advance(this.state, event, this.clock.nowMs());
      if (event.type === 'stage-started') {
        this.note(renderPlainStart(event));
        // Where others are running already, theirs is the beat.
        if (this.state.running.length < 2) this.schedule();
      }
      if (event.type === 'target-started') continue;
      const line = milestone(event, this.paint);
      if (line === null) continue;
      // A log has no block above it that says which target is running.
      const prefix = event.type === 'stage-finished' ? `${plain(event.target)} / ` : '';
      this.note(prefix + line.trimStart());
    }
  }

  note(line: string): void {
    this.sink.write(`${line}\n`);
  }

  dispose(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
  }

  private schedule(): void {
    this.cancelTimer?.();
    this.cancelTimer = this.clock.at(this.clock.nowMs() + PLAIN_EVERY_MS, () => {
      const lines = renderPlain(this.state, this.clock.nowMs());
      if (lines.length === 0) return;
      for (const line of lines) this.note(line);
      this.schedule();
    });
  }
}

/** Says nothing but what a person asked to be noted: for `--quiet`. */
export class QuietProgressView implements ProgressView {
  constructor(private readonly sink: TextSink) {}

  handle(): void {
    return;
  }

  note(line: string): void {
    this.sink.write(`${line}\n`);
  }

  dispose(): void {
    return;
  }
}
