import { evalJsonSchema, workspaceJsonSchema } from './schema';

/** The generated files of `media/schema/`. */
export const SCHEMA_FILES: Readonly<Record<string, () => object>> = {
  'eval.schema.json': evalJsonSchema,
  'workspace.schema.json': workspaceJsonSchema,
};

/** A schema as it is written to disk. */
export function schemaText(schema: object): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
