/**
 * Writes src/core/load/corpus-tokens.json: how many tokens each word of the corpus is after a space. Load workers read this
 * table instead of loading a tokenizer of megabytes.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { corpusWords, type TokenTable } from '../src/core/load/corpus-pieces';
import { countTokens, TOKENIZER_NAME } from '../src/engine/tokenizer';

const path = join(__dirname, '../src/core/load/corpus-tokens.json');

async function main(): Promise<void> {
  const table: TokenTable = {
    tokenizer: TOKENIZER_NAME,
    words: Object.fromEntries(corpusWords().map((word) => [word, countTokens(` ${word}`)])),
  };
  const options = (await resolveConfig(path)) ?? {};
  writeFileSync(path, await format(JSON.stringify(table), { ...options, filepath: path }));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
