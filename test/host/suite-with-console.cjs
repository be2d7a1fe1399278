// Runs in the extension host in place of the suite and passes the suite's console to the launcher through a file.
// VS Code's own way for it mixes the suite's console with hundreds of lines of the workbench's log. Lines are written
// synchronously, so that what came before a crash of the extension host is not lost.
'use strict';
const { appendFileSync } = require('node:fs');
const { Console } = require('node:console');
const { Writable } = require('node:stream');

/** @returns {Promise<void>} */
exports.run = async function run() {
  const suite = process.env.PROMPTRIG_SUITE;
  const log = process.env.PROMPTRIG_SUITE_LOG;
  if (!suite || !log)
    throw new Error('PROMPTRIG_SUITE and PROMPTRIG_SUITE_LOG are set by the launcher; they are missing.');
  // The methods of VS Code's console cannot be replaced, the console can.
  globalThis.console = new Console({
    stdout: appendTo(log, false),
    stderr: appendTo(log, true),
    inspectOptions: { depth: 5 },
  });
  await require(suite).run();
};

/** A stream that appends each text it is given to the file as a line of JSON, before `write` returns. */
function appendTo(path, isError) {
  return new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      const text = String(chunk).replace(/\n$/, '');
      appendFileSync(path, `${JSON.stringify({ isError, text })}\n`);
      done();
    },
  });
}
