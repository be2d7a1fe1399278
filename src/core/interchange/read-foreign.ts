import * as fs from 'node:fs/promises';
import type { ComparedRun } from '../compare/compared-run';
import { PromptrigError, messageOf } from '../util/errors';
import { isAiperf, isAiperfRecords, isProfileExport, readAiperf, readAiperfRecords, readProfileExport } from './aiperf';
import { isFields } from './fields';
import type { ForeignFile } from './foreign-run';
import { isGuidellm, readGuidellm } from './guidellm';
import { looksLikeYaml, parseYaml } from './parse-yaml';
import { isVllm, readVllm } from './vllm';

/** Larger files are not read whole into memory. */
const LARGEST_FILE = 512 * 1024 * 1024;

const READERS: readonly { fits: (document: unknown) => boolean; read: (file: ForeignFile) => ComparedRun }[] = [
  { fits: isGuidellm, read: readGuidellm },
  { fits: isVllm, read: readVllm },
  { fits: isAiperf, read: readAiperf },
  { fits: isAiperfRecords, read: readAiperfRecords },
  { fits: isProfileExport, read: readProfileExport },
];

/**
 * Reads the result of another tool, which is told by its shape.
 * @throws PromptrigError `not_found`, `unreadable`, or `unsupported` for a shape that is none of theirs, each in one sentence
 */
export async function readForeign(path: string): Promise<ComparedRun> {
  const text = await readText(path);
  const documents = parse(text, path);
  const [first] = documents;
  const reader = READERS.find(({ fits }) => fits(first));
  if (reader === undefined) {
    const keys = isFields(first) ? Object.keys(first).slice(0, 6).join(', ') : '';
    throw new PromptrigError(
      'unsupported',
      `${path} is neither a run of Promptrig nor a result of GuideLLM, vllm bench serve, AIPerf or GenAI-Perf` +
        `${keys === '' ? '.' : ` (its keys are ${keys}${Object.keys(first as object).length > 6 ? ', …' : ''}).`}`,
    );
  }
  return reader.read({ path, documents });
}

async function readText(path: string): Promise<string> {
  try {
    if ((await fs.stat(path)).size > LARGEST_FILE) {
      throw new PromptrigError(
        'unsupported',
        `${path} is larger than ${LARGEST_FILE / 1024 / 1024} MB. Leave out the single requests when it is written.`,
      );
    }
    return await fs.readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof PromptrigError) throw error;
    const code = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'not_found' : 'unreadable';
    throw new PromptrigError(code, `${path} could not be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** One document, or one a line; of YAML one. Python writes NaN and Infinity, which are no JSON: they are taken for "none". */
function parse(text: string, path: string): unknown[] {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const whole = tryParse(source);
  if (whole.ok) return [whole.value];
  if (source.trim() !== '' && looksLikeYaml(source, path)) return [parseYaml(source, path)];
  const lines = source.split('\n').filter((line) => line.trim() !== '');
  const documents: unknown[] = [];
  for (const [index, line] of lines.entries()) {
    const parsed = tryParse(line);
    if (parsed.ok) documents.push(parsed.value);
    // The last line may be cut off, where the tool was stopped while it wrote.
    else if (index === 0 || index < lines.length - 1) {
      throw new PromptrigError('unreadable', `${path} is not JSON: ${whole.reason}.`);
    }
  }
  if (documents.length === 0) throw new PromptrigError('unreadable', `${path} is empty.`);
  return documents;
}

type Parsed = { ok: true; value: unknown } | { ok: false; reason: string };

function tryParse(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    // The engine quotes the text, line breaks and all.
    const reason = messageOf(error).replace(/\s+/g, ' ');
    if (!/\b(?:NaN|Infinity)\b/.test(text)) return { ok: false, reason };
  }
  try {
    return { ok: true, value: JSON.parse(withoutNaN(text)) };
  } catch (error) {
    return { ok: false, reason: messageOf(error).replace(/\s+/g, ' ') };
  }
}

/** NaN and Infinity outside of strings as null. */
function withoutNaN(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g, (part) => (part.startsWith('"') ? part : 'null'));
}
