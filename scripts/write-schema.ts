/** Writes the JSON Schemas of the file format, which the editor and other YAML tools use, from the definitions of the parser. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SCHEMA_FILES, schemaText } from '../src/core/spec/schema-files';

const folder = resolve(__dirname, '../media/schema');
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(SCHEMA_FILES)) {
  writeFileSync(join(folder, name), schemaText(schema()));
  process.stdout.write(`media/schema/${name}\n`);
}
