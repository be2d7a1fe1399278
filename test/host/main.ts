/**
 * Runs a program's main function: its sentence on stderr and exit code 1 when it fails.
 * @param main resolves to the exit code; nothing means 0.
 */
export function runMain(main: () => Promise<number | void>): void {
  main().then(
    (code) => {
      process.exitCode = code ?? 0;
    },
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exitCode = 1;
    },
  );
}
