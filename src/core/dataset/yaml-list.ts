/** Rows of a YAML file: the items of one list. YAML can only be read whole, so its size is bounded. */
import { parseDocument } from 'yaml';
import { TextLines } from '../spec/lines';
import { buildTree, toPlain } from '../spec/tree';
import { DatasetError, isRecord, megabytes, notAnObject, rangeAt, type Row } from './rows';

export const MAX_YAML_BYTES = 16 * 1024 * 1024;

/**
 * The rows of a YAML list, as one batch.
 * @throws DatasetError where the text is no YAML list of at most `MAX_YAML_BYTES`
 */
export async function* readYamlList(
  chunks: AsyncIterable<Buffer>,
  onText: (text: string) => void,
): AsyncGenerator<Row[]> {
  const text = await readWhole(chunks);
  onText(text);
  const lines = new TextLines(text);
  const document = parse(text);
  const [error] = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]);
  if (error !== undefined) {
    const message =
      error.code === 'MULTIPLE_DOCS'
        ? 'A second YAML document starts here; put all rows into one list.'
        : `YAML: ${error.message.replace(/\s+/g, ' ').replace(/\.?$/, '.')}`;
    const end = Math.min(error.pos[1], lines.lineEnd(error.pos[0]));
    throw new DatasetError(lines.range(error.pos[0], Math.max(error.pos[0], end)), message);
  }
  const { root, problems } = buildTree(document, text);
  const [problem] = problems;
  if (problem !== undefined) throw new DatasetError(lines.range(problem.span.start, problem.span.end), problem.message);
  if (root === null)
    throw new DatasetError(rangeAt({ line: 0, character: 0 }, 0), 'The file is empty: it must hold a list of rows.');
  if (root.kind !== 'list') {
    const { start } = root.span;
    throw new DatasetError(
      lines.range(start, Math.min(root.span.end, lines.lineEnd(start))),
      'The file must be a list of rows, each starting with "- ".',
    );
  }
  const rows = root.items.map((node, index): Row => {
    const { start, end } = node.span;
    const at = { number: index + 1, start: lines.position(start), bytes: end - start };
    const fields = toPlain(node);
    if (isRecord(fields)) return { ...at, fields, text: '', node };
    const range = lines.range(start, Math.min(end, lines.lineEnd(start)));
    return { ...at, fault: { range, message: notAnObject(fields).replace('an object', 'a map') } };
  });
  if (rows.length > 0) yield rows;
}

function parse(text: string) {
  try {
    return parseDocument(text, {
      version: '1.2',
      merge: true,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
  } catch (error) {
    // The parser is recursive: very deep nesting runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    throw new DatasetError(rangeAt({ line: 0, character: 0 }, 0), 'The file is nested too deeply to be read.');
  }
}

async function readWhole(chunks: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > MAX_YAML_BYTES) {
      throw new DatasetError(
        rangeAt({ line: 0, character: 0 }, 0),
        `The file is larger than ${megabytes(MAX_YAML_BYTES)}, and YAML can only be read whole: convert it to JSONL, which is read as a stream.`,
      );
    }
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString('utf8');
}
