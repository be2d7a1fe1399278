/** The process of user code: spawned by `SandboxRunner`, which talks to it over its standard input and output. */
import { serveUserCode } from '../core/quality/sandbox/host';
import type { GuestLimits } from '../core/quality/sandbox/protocol';

const exit = process.exit.bind(process);
serveUserCode({ limits: JSON.parse(process.argv[2] ?? '{}') as GuestLimits, exit: (code) => exit(code) });
