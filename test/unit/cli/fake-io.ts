import type { CliIo, TextSink } from '../../../src/cli/io';

export class FakeSink implements TextSink {
  isTTY = false;
  columns = 100;
  text = '';

  write(text: string): void {
    this.text += text;
  }
}

export interface FakeIo extends CliIo {
  stdout: FakeSink;
  stderr: FakeSink;
  interrupt(): void;
  exitedWith: number | null;
  listening(): boolean;
}

export function fakeIo(more: Partial<CliIo> = {}): FakeIo {
  const listeners = new Set<() => void>();
  const io: FakeIo = {
    env: {},
    cwd: process.cwd(),
    engineEntry: '/nowhere/engine.js',
    panelDir: '/nowhere/webview',
    version: '1.2.3',
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exitNow(code) {
      io.exitedWith = code;
    },
    ...more,
    stdout: new FakeSink(),
    stderr: new FakeSink(),
    exitedWith: null,
    interrupt() {
      for (const listener of [...listeners]) listener();
    },
    listening: () => listeners.size > 0,
  };
  return io;
}
