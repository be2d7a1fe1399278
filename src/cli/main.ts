/** The command line's composition root: the only place of it that touches the process. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { CliIo, TextSink } from './io';
import { runCli } from './program';

const packageJson = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'package.json'), 'utf8')) as {
  version: string;
};

function sinkOf(stream: NodeJS.WriteStream): TextSink {
  // `promptrig metrics | head` closes the pipe early: that is the reader's choice and no error.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.columns || 80;
    },
    write: (text) => void stream.write(text),
  };
}

const io: CliIo = {
  stdout: sinkOf(process.stdout),
  stderr: sinkOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  engineEntry: path.join(__dirname, 'engine.js'),
  panelDir: path.join(__dirname, 'webview'),
  version: packageJson.version,
  onInterrupt(listener) {
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, listener);
    return () => {
      for (const signal of signals) process.off(signal, listener);
    };
  },
  exitNow: (code) => process.exit(code),
};

void runCli(process.argv.slice(2), io).then((code) => {
  // Not `process.exit`: what is still being written to a pipe would be lost.
  process.exitCode = code;
});
