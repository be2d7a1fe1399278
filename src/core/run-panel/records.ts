/** The records of one run's folder within reach by id: an index of byte offsets, built as far as it is needed. */
import { runFile } from '../results/files';
import type { CaseRecord, RequestRecord } from '../../protocol/run-json';
import { requestHolds } from '../../protocol/request-row';
import { LineReader, linesAt, type LinesRead } from './lines';

/** Most indexes of requests that are held as numbers; beyond it an id is odd and is held as text. */
const MOST_INDEX = 20_000_000;
/** Requests that are held at all: 8 bytes each. */
const MOST_INDEXED = 5_000_000;

export interface RequestScan extends LinesRead {
  /** Complete lines that are no record. */
  damaged: number;
  /** Number of the first of them, from 1. */
  firstDamaged: number | null;
}

/** Requests and answers of a run that is over, or that goes on: a look-up reads what has been added meanwhile. */
export class RunRecords {
  private readonly requestLines: LineReader;
  private readonly caseLines: LineReader;
  private readonly requests = new OffsetIndex();
  private readonly cases = new Map<string, number>();
  private readonly damage = { lines: 0, damaged: 0, firstDamaged: null as number | null };
  /** One reader at a time moves on in a file. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(readonly dir: string) {
    this.requestLines = new LineReader(runFile(dir, 'requests'));
    this.caseLines = new LineReader(runFile(dir, 'cases'));
  }

  /**
   * Reads every request that is new since the last time.
   * @param onRecord called with each of them
   * @param onBlock returns false to stop
   */
  scan(
    onRecord: (record: RequestRecord) => void,
    onBlock?: (read: number, size: number) => boolean | Promise<boolean>,
  ): Promise<RequestScan> {
    return this.inTurn(async () => {
      const read = await this.requestLines.advance((line, at) => {
        const record = this.parse(line);
        if (record === null) return;
        this.requests.set(record.id, at);
        onRecord(record);
      }, onBlock);
      return { ...read, damaged: this.damage.damaged, firstDamaged: this.damage.firstDamaged };
    });
  }

  /** The requests with these ids, as far as they are known; in the same order. */
  async byId(ids: readonly string[]): Promise<RequestRecord[]> {
    if (ids.some((id) => this.requests.get(id) === undefined)) await this.indexNew();
    const places = ids.flatMap((id) => this.requests.get(id) ?? []);
    const lines = await linesAt(runFile(this.dir, 'requests'), places);
    return lines.flatMap((line) => {
      const record = line === null ? null : recordOf<RequestRecord>(line);
      return record === null ? [] : [record];
    });
  }

  /**
   * Ids of the requests of a stage whose record holds `text`, whatever its case; at most `most` of them. The gaps between
   * tokens are left out of the search: every number would be found in them.
   */
  async find(target: string, stage: string, text: string, most: number): Promise<{ ids: string[]; complete: boolean }> {
    const wanted = text.toLowerCase();
    const ids: string[] = [];
    let complete = true;
    await new LineReader(runFile(this.dir, 'requests')).advance(
      (line) => {
        if (!complete) return;
        const from = line.indexOf('"itl":[');
        const searched = from === -1 ? line : line.slice(0, from) + line.slice(line.indexOf(']', from) + 1);
        if (!searched.toLowerCase().includes(wanted)) return;
        const record = recordOf<RequestRecord>(line);
        if (record?.target !== target || record.stage !== stage || !requestHolds(record, wanted)) return;
        if (ids.length < most) ids.push(record.id);
        else complete = false;
      },
      () => complete,
    );
    return { ids, complete };
  }

  /** The answer that a request, or a turn of its conversation, gave; null where it was not kept. */
  async answerOf(request: string): Promise<CaseRecord | null> {
    await this.inTurn(() =>
      this.caseLines.advance((line, at) => {
        const record = recordOf<CaseRecord>(line);
        if (record === null) return;
        for (const id of [record.request, ...(record.turns ?? []).map((turn) => turn.request)])
          if (id !== null) this.cases.set(id, at);
      }),
    );
    const place = this.cases.get(request);
    if (place === undefined) return null;
    const [line] = await linesAt(runFile(this.dir, 'cases'), [place]);
    return line == null ? null : recordOf<CaseRecord>(line);
  }

  /** Reads the answers of the run one by one, those of load stages included; `onRecord` returns false to stop. */
  async eachAnswer(onRecord: (record: CaseRecord) => boolean): Promise<void> {
    let going = true;
    await new LineReader(runFile(this.dir, 'cases')).advance(
      (line) => {
        const record = going ? recordOf<CaseRecord>(line) : null;
        if (record !== null && !onRecord(record)) going = false;
      },
      () => going,
    );
  }

  private async indexNew(): Promise<void> {
    await this.inTurn(() =>
      this.requestLines.advance((line, at) => {
        const id = idOf(line) ?? recordOf<RequestRecord>(line)?.id;
        if (id !== undefined) this.requests.set(id, at);
      }),
    );
  }

  private parse(line: string): RequestRecord | null {
    this.damage.lines++;
    if (line === '') return null;
    const record = recordOf<RequestRecord>(line);
    if (record !== null && isRequest(record)) return record;
    this.damage.damaged++;
    this.damage.firstDamaged ??= this.damage.lines;
    return null;
  }

  private inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.queue.then(action);
    // A reader that failed has told its own caller; the next one is not to fail for it.
    this.queue = result.catch(() => undefined);
    return result;
  }
}

/** Ids of requests are `target/stage/number`: of each stage a row of offsets, in place of a text for each request. */
class OffsetIndex {
  private readonly groups = new Map<string, Float64Array>();
  private readonly odd = new Map<string, number>();
  private count = 0;

  set(id: string, offset: number): void {
    if (this.count >= MOST_INDEXED) return;
    this.count++;
    const { prefix, index } = split(id);
    if (index === null) {
      this.odd.set(id, offset);
      return;
    }
    let offsets = this.groups.get(prefix);
    if (offsets === undefined || offsets.length <= index) {
      const grown = new Float64Array(Math.max(64, index + 1, (offsets?.length ?? 0) * 2)).fill(Number.NaN);
      if (offsets !== undefined) grown.set(offsets);
      offsets = grown;
      this.groups.set(prefix, offsets);
    }
    offsets[index] = offset;
  }

  get(id: string): number | undefined {
    const { prefix, index } = split(id);
    const offset = index === null ? this.odd.get(id) : this.groups.get(prefix)?.[index];
    return offset === undefined || Number.isNaN(offset) ? undefined : offset;
  }
}

function split(id: string): { prefix: string; index: number | null } {
  const slash = id.lastIndexOf('/');
  const rest = id.slice(slash + 1);
  const index = /^(?:0|[1-9]\d{0,8})$/.test(rest) ? Number(rest) : Number.POSITIVE_INFINITY;
  return { prefix: id.slice(0, slash), index: index < MOST_INDEX ? index : null };
}

/** The id at the start of a line as the engine writes it, without parsing all of the line. */
function idOf(line: string): string | undefined {
  return /^\{"id":"([^"\\]*)",/.exec(line)?.[1];
}

/** Whether it has what every reader of it relies on. */
function isRequest(record: Partial<RequestRecord>): boolean {
  const { id, target, stage, scheduled, end, itl } = record;
  return (
    [id, target, stage].every((part) => typeof part === 'string') &&
    Number.isFinite(scheduled) &&
    Number.isFinite(end) &&
    Array.isArray(itl)
  );
}

function recordOf<T>(line: string): T | null {
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null ? (value as T) : null;
  } catch (error) {
    // A line that is no JSON is damage, which whoever scans the file counts.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
