/** Packs promptrig-VERSION.vsix from a fresh build. */
import { pack } from './pack';

pack().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
