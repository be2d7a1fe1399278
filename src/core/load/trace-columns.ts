/** Which of the known kinds of trace a file is, by the names of its columns. */

export type TraceFormat = 'mooncake' | 'azure' | 'burstgpt' | 'plain';

/** What the numbers of the time column count; a date says so itself. */
export type TimeUnit = 'ms' | 's';

export interface TraceColumns {
  format: TraceFormat;
  /** Names as the file writes them. */
  time: string;
  inputTokens: string;
  outputTokens: string;
  /** Ids of the blocks that a prompt consists of. */
  blocks: string | null;
  unit: TimeUnit;
  /** False where the unit is our assumption and not the format's. */
  unitKnown: boolean;
}

interface Shape {
  format: TraceFormat;
  time: string[];
  input: string[];
  output: string[];
  unit: TimeUnit;
  unitKnown: boolean;
  /** Also needed for a file to be of this kind. */
  needs?: string;
}

/**
 * In order of preference. Mooncake: `timestamp` (ms), `input_length`, `output_length`, `hash_ids`, with the aliases that its
 * converters write. Azure LLM inference traces of 2023 and 2024: `TIMESTAMP`, `ContextTokens`, `GeneratedTokens`. BurstGPT:
 * `Timestamp` (s), `Model`, `Request tokens`, `Response tokens`, `Total tokens`, `Log Type`, in version 3 with `Session ID`
 * and `Elapsed time`.
 */
const SHAPES: readonly Shape[] = [
  {
    format: 'mooncake',
    time: ['timestamp'],
    input: ['inputlength', 'inputtokens'],
    output: ['outputlength', 'outputtokens'],
    unit: 'ms',
    unitKnown: true,
    needs: 'hashids',
  },
  {
    format: 'mooncake',
    time: ['timestamp'],
    input: ['inputlength'],
    output: ['outputlength'],
    unit: 'ms',
    unitKnown: true,
  },
  {
    format: 'azure',
    time: ['timestamp'],
    input: ['contexttokens'],
    output: ['generatedtokens'],
    unit: 's',
    unitKnown: false,
  },
  {
    format: 'burstgpt',
    time: ['timestamp'],
    input: ['requesttokens'],
    output: ['responsetokens'],
    unit: 's',
    unitKnown: true,
  },
  {
    format: 'plain',
    time: ['timestampms'],
    input: ['inputtokens'],
    output: ['outputtokens'],
    unit: 'ms',
    unitKnown: true,
  },
  {
    format: 'plain',
    time: ['timestamps'],
    input: ['inputtokens'],
    output: ['outputtokens'],
    unit: 's',
    unitKnown: true,
  },
  {
    format: 'plain',
    time: ['timestamp'],
    input: ['inputtokens'],
    output: ['outputtokens'],
    unit: 's',
    unitKnown: false,
  },
];

/** The columns that are read, whatever the case and the separators of their names; null where no known kind fits. */
export function detectColumns(names: readonly string[]): TraceColumns | null {
  const known = new Map(names.map((name) => [normalised(name), name]));
  const first = (candidates: readonly string[]): string | undefined =>
    candidates.map((candidate) => known.get(candidate)).find((name) => name !== undefined);
  for (const shape of SHAPES) {
    const time = first(shape.time);
    const inputTokens = first(shape.input);
    const outputTokens = first(shape.output);
    if (time === undefined || inputTokens === undefined || outputTokens === undefined) continue;
    if (shape.needs !== undefined && !known.has(shape.needs)) continue;
    const blocks = shape.format === 'mooncake' ? (known.get('hashids') ?? null) : null;
    const { format, unit, unitKnown } = shape;
    return { format, time, inputTokens, outputTokens, blocks, unit, unitKnown };
  }
  return null;
}

/** What a person can do where no kind fits. */
export const KNOWN_COLUMNS =
  'Name the columns timestamp, input_tokens and output_tokens, or use the names of Mooncake (timestamp, input_length, ' +
  'output_length), Azure (TIMESTAMP, ContextTokens, GeneratedTokens) or BurstGPT (Timestamp, Request tokens, Response tokens).';

function normalised(name: string): string {
  return name.toLowerCase().replace(/[\s_.-]+/g, '');
}
