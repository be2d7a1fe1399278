// Mocha's `spec` reporter that also appends each outcome to the file named by PROMPTRIG_TEST_COUNTS, one word a line, so
// that `npm test` can add up its suites. Written as it happens: what passed before a crash is still counted.
'use strict';
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const path = process.env.PROMPTRIG_TEST_COUNTS;
    if (!path) return;
    // A failed hook is reported as a failure too, though no test of it ran.
    for (const event of ['pass', 'fail', 'pending']) runner.on(event, () => appendFileSync(path, `${event}\n`));
    runner.once('end', () => appendFileSync(path, 'end\n'));
  }
};
