import { evalJsonSchema, workspaceJsonSchema } from '../core/spec/schema';
import { EXIT } from './exit-code';
import type { CliIo } from './io';

/** `promptrig schema`: the JSON Schema of eval files, or of `promptrig.yaml`, for other editors and for checks in CI. */
export function schemaCommand(io: CliIo, workspace: boolean): number {
  const schema = workspace ? workspaceJsonSchema() : evalJsonSchema();
  io.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
  return EXIT.pass;
}
