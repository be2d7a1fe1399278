/** Reads a recorded trace: JSON lines or CSV, of any of the known kinds. */
import type { Trace, TraceNotice } from './trace';
import { detectColumns, KNOWN_COLUMNS, type TraceColumns } from './trace-columns';
import { SORTED_WITHIN_MS, TraceRows } from './trace-rows';
import { readRecords, traceError, type TraceRecord } from './trace-source';
import { parseDateMs, parseDecimal } from './trace-time';
import { MOST_TOKENS } from './synthetic-length';
import { formatCount, formatSeconds } from '../../protocol/format';

export interface ReadTraceOptions {
  /** As shown in messages; default the path. */
  shownPath?: string;
  /** Rows after this many are left out; default `MOST_ROWS`. */
  requests?: number;
  /** Rows due later than this after the first, at speed 1, are left out; default none. */
  durationMs?: number;
  signal?: AbortSignal;
}

/** About 200 MB of numbers; the longest public trace has 28 million rows and is run in parts. */
const MOST_ROWS = 10_000_000;
/** A number of seconds beyond this is the year 5000: it counts ms since 1970. */
const EPOCH_MS_FROM = 1e11;

/**
 * Reads a trace. Memory holds the numbers of the rows that are kept, never the file.
 *
 * Rows may be up to a minute out of order: they are sorted, with a notice. What cannot be right (a row without a number, a
 * negative or missing time, a jump back of more than a minute, a row of another width) is an error at its line, because a
 * trace that is silently repaired is another workload.
 *
 * @throws PromptrigError `not_found`, `unreadable`, or `invalid_file` with `path:line: what; what to do`; `cancelled` is the
 * signal's own reason
 */
export async function readTrace(path: string, options: ReadTraceOptions = {}): Promise<Trace> {
  const shown = options.shownPath ?? path;
  const limit = Math.min(options.requests ?? MOST_ROWS, MOST_ROWS);
  const horizonMs = options.durationMs ?? Number.POSITIVE_INFINITY;
  const rows = new TraceRows();
  const notices: TraceNotice[] = [];
  let reader: RowReader | undefined;
  let cut = false;
  for await (const record of readRecords(path, shown)) {
    if (reader === undefined) reader = new RowReader(shown, columnsOf(shown, record), notices);
    if (rows.length % 4096 === 0) options.signal?.throwIfAborted();
    if (rows.length >= limit) {
      cut = true;
      break;
    }
    const timeMs = reader.timeOf(record);
    // Later rows may belong before the horizon as long as the file is not a minute past it.
    if (timeMs - rows.firstMs > horizonMs + SORTED_WITHIN_MS) {
      cut = true;
      break;
    }
    const { ms, line } = rows.behind(timeMs);
    if (ms > SORTED_WITHIN_MS) {
      const back = formatSeconds(ms / 1000);
      throw traceError(
        shown,
        record.line,
        `the time goes back by ${back} from line ${line}; sort the rows by time, or split the file where it starts anew.`,
      );
    }
    rows.add(record.line, reader.rowOf(record, timeMs));
  }
  if (reader === undefined || rows.length === 0) {
    throw traceError(shown, null, 'there is a header but no row; a trace needs one row for each request.');
  }
  if (cut && rows.length >= MOST_ROWS) {
    notices.push({
      code: 'cut',
      severity: 'warning',
      line: null,
      message: `Only the first ${formatCount(MOST_ROWS)} rows are used; set requests or duration, or split the file.`,
    });
  }
  return within(rows.finish(shown, reader.columns, cut, notices), horizonMs);
}

function columnsOf(path: string, record: TraceRecord): TraceColumns {
  const names = Object.keys(record.fields);
  const columns = detectColumns(names);
  if (columns !== null) return columns;
  const found = names.slice(0, 12).join(', ');
  throw traceError(path, 1, `the columns (${found}) are not those of a known trace. ${KNOWN_COLUMNS}`);
}

/** One kind of trace's columns as numbers. */
class RowReader {
  private unitMs: number | null = null;

  constructor(
    private readonly path: string,
    readonly columns: TraceColumns,
    private readonly notices: TraceNotice[],
  ) {}

  timeOf(record: TraceRecord): number {
    const { time } = this.columns;
    const value = record.fields[time];
    const text = this.textOf(record, time);
    const number = typeof value === 'number' ? value : parseDecimal(text);
    if (number === null) {
      const dateMs = parseDateMs(text);
      if (dateMs !== null) return dateMs;
      throw this.error(
        record,
        `${time} is ${quoted(text)}, which is neither a number nor a date such as 2024-05-10 00:00:01.25`,
      );
    }
    if (number < 0) throw this.error(record, `${time} is ${text}; a time must not be negative: let the first row be 0`);
    this.unitMs ??= this.unitOf(record, number);
    return number * this.unitMs;
  }

  rowOf(record: TraceRecord, timeMs: number) {
    const { inputTokens, outputTokens, blocks } = this.columns;
    return {
      timeMs,
      inputTokens: this.tokensOf(record, inputTokens),
      outputTokens: this.tokensOf(record, outputTokens),
      blocks: blocks === null ? null : this.blocksOf(record, blocks),
    };
  }

  /** Ms of one unit, decided once by the first row. */
  private unitOf(record: TraceRecord, first: number): number {
    const { unit, unitKnown, time } = this.columns;
    if (unitKnown) return unit === 'ms' ? 1 : 1000;
    const inform = (code: string, message: string) =>
      this.notices.push({ code, severity: 'info', line: record.line, message });
    if (first >= EPOCH_MS_FROM) {
      inform('epoch-ms', `${time} is read as milliseconds since 1970.`);
      return 1;
    }
    inform('assumed-seconds', `${time} is read as seconds; name the column timestamp_ms if it counts milliseconds.`);
    return 1000;
  }

  private tokensOf(record: TraceRecord, column: string): number {
    const value = record.fields[column];
    const text = this.textOf(record, column);
    const number = typeof value === 'number' ? value : parseDecimal(text);
    if (number === null || !Number.isInteger(number) || number < 0 || number > MOST_TOKENS) {
      throw this.error(
        record,
        `${column} is ${quoted(text)}; it must be a whole number from 0 to ${formatCount(MOST_TOKENS)}`,
      );
    }
    return number;
  }

  private blocksOf(record: TraceRecord, column: string): (number | string)[] {
    const value = record.fields[column];
    if (value === undefined || value === null || value === '') return [];
    const list = typeof value === 'string' ? listOf(value) : value;
    if (Array.isArray(list) && list.every((id) => typeof id === 'number' || typeof id === 'string')) return list;
    throw this.error(
      record,
      `${column} is ${quoted(String(JSON.stringify(value)))}; it must be a list of block ids such as [0, 1, 2]`,
    );
  }

  private textOf(record: TraceRecord, column: string): string {
    const value = record.fields[column];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number') return String(value);
    if (value === undefined || value === null || value === '' || typeof value === 'string') {
      throw this.error(record, `${column} is missing; fill it in or remove the row`);
    }
    return String(JSON.stringify(value));
  }

  private error(record: TraceRecord, message: string): Error {
    return traceError(this.path, record.line, `${message}.`);
  }
}

function listOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function quoted(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

/** Drops the rows at the end that are due after the horizon; they were kept only because rows may be out of order. */
function within(trace: Trace, horizonMs: number): Trace {
  let length = trace.length;
  while (length > 0 && (trace.offsetsMs[length - 1] as number) > horizonMs) length--;
  if (length === trace.length) return trace;
  return {
    ...trace,
    length,
    offsetsMs: trace.offsetsMs.subarray(0, length),
    inputTokens: trace.inputTokens.subarray(0, length),
    outputTokens: trace.outputTokens.subarray(0, length),
    cut: true,
  };
}
