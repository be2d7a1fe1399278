/** Fills in what a hover draws of an SLO: the values of its metric, from the requests of the run. */
import * as fs from 'node:fs/promises';
import { metricOf } from '../../core/metrics/definitions';
import { seededRandom } from '../../core/metrics/random';
import { latenciesOf } from '../../core/metrics/request-sample';
import { parseSloExpression } from '../../core/metrics/slo';
import { runFile } from '../../core/results/files';
import type { RequestRecord, RunJson } from '../../protocol/run-json';
import { histogramOf } from '../language/histogram';
import type { Observation, SloObservation } from '../language/observations';

/** Of a larger file blocks at even distances are read: the extension host is shared, and a picture needs no more. */
const MOST_BYTES = 12 << 20;
const BLOCK_BYTES = 256 << 10;
/** Values kept of one metric, drawn at random where there are more. */
const MOST_VALUES = 20_000;
const NEWLINE = 10;

interface Wanted {
  metric: string;
  observations: SloObservation[];
  values: Reservoir;
  max: number;
  maxRequest: string | undefined;
}

/**
 * Gives each SLO of this run that speaks of single requests its histogram. Nothing is done where the run has no records.
 * @param limits bytes read at most; smaller in tests
 */
export async function addHistograms(
  dir: string,
  run: Pick<RunJson, 'targets' | 'started_at'>,
  observations: readonly Observation[],
  limits: { bytes: number; block: number } = { bytes: MOST_BYTES, block: BLOCK_BYTES },
): Promise<void> {
  const wanted = wantedOf(observations);
  if (wanted.size === 0) return;
  const loops = new Map(
    run.targets.flatMap(({ id, stages }) => stages.map(({ name, loop }) => [keyOf(id, name), loop] as const)),
  );
  const whole = await eachRecord(runFile(dir, 'requests'), limits, (record) => {
    const key = keyOf(record.target, record.stage);
    const metrics = wanted.get(key);
    const loop = loops.get(key);
    if (metrics === undefined || loop === undefined || record.phase !== 'measured') return;
    const values = latenciesOf(record, loop);
    for (const one of metrics) {
      if (one.metric !== 'itl') take(one, values[one.metric], record.id);
      else if (record.outcome === 'completed') for (const gap of record.itl) take(one, gap, record.id);
    }
  });
  for (const metrics of wanted.values()) {
    for (const { observations: of, values, max, maxRequest } of metrics) {
      for (const observation of of) {
        const histogram = histogramOf(values.kept, observation.result.limit);
        if (histogram === null) continue;
        observation.histogram = {
          ...histogram,
          max,
          n: values.seen,
          ...(maxRequest === undefined ? {} : { maxRequest }),
          ...(whole && values.seen === values.kept.length ? {} : { isSample: true }),
        };
      }
    }
  }
}

function wantedOf(observations: readonly Observation[]): Map<string, Wanted[]> {
  const wanted = new Map<string, Wanted[]>();
  for (const observation of observations) {
    if (observation.kind !== 'slo' || observation.provisional || observation.histogram !== undefined) continue;
    const parsed = parseSloExpression(observation.result.expr);
    if (!parsed.ok || metricOf(parsed.metric)?.scope !== 'request') continue;
    const key = keyOf(observation.target, observation.stage);
    const metrics = wanted.get(key) ?? [];
    wanted.set(key, metrics);
    const known = metrics.find(({ metric }) => metric === parsed.metric);
    if (known !== undefined) known.observations.push(observation);
    else {
      metrics.push({
        metric: parsed.metric,
        observations: [observation],
        values: new Reservoir(),
        max: Number.NEGATIVE_INFINITY,
        maxRequest: undefined,
      });
    }
  }
  return wanted;
}

function take(wanted: Wanted, value: number | undefined, request: string): void {
  if (value === undefined || !Number.isFinite(value)) return;
  wanted.values.add(value);
  if (value > wanted.max) {
    wanted.max = value;
    wanted.maxRequest = request;
  }
}

/** A random part of a stream of unknown length, each value with the same chance (algorithm R). */
class Reservoir {
  readonly kept: number[] = [];
  seen = 0;
  private readonly random = seededRandom(1);

  add(value: number): void {
    this.seen++;
    if (this.kept.length < MOST_VALUES) {
      this.kept.push(value);
      return;
    }
    const place = Math.floor(this.random() * this.seen);
    if (place < MOST_VALUES) this.kept[place] = value;
  }
}

/** Hands over the records of a file, or of a part of it that is spread over the whole. Resolves to whether it was all of it. */
async function eachRecord(
  file: string,
  limits: { bytes: number; block: number },
  onRecord: (record: RequestRecord) => void,
): Promise<boolean> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, 'r');
  } catch (error) {
    // A run that was put together elsewhere, or an imported one: its results are shown without the picture.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    const whole = size <= limits.bytes;
    const blocks = Math.ceil(whole ? size / limits.block : limits.bytes / limits.block);
    const step = whole ? limits.block : (size - limits.block) / Math.max(1, blocks - 1);
    let carried = Buffer.alloc(0);
    for (let index = 0; index < blocks; index++) {
      const at = Math.floor(index * step);
      const block = Buffer.allocUnsafe(limits.block);
      const { bytesRead } = await handle.read(block, 0, limits.block, at);
      const text = Buffer.concat([carried, block.subarray(0, bytesRead)]);
      const last = text.lastIndexOf(NEWLINE);
      // In the middle of the file a block begins in the middle of a line, and ends in one.
      const first = whole || at === 0 ? 0 : text.indexOf(NEWLINE) + 1;
      if (last > first) parseLines(text.toString('utf8', first, last), onRecord);
      carried = whole ? Buffer.from(text.subarray(last + 1)) : Buffer.alloc(0);
    }
    return whole;
  } finally {
    await handle.close();
  }
}

function parseLines(text: string, onRecord: (record: RequestRecord) => void): void {
  for (const line of text.split('\n')) {
    if (line === '') continue;
    let record: RequestRecord;
    try {
      record = JSON.parse(line) as RequestRecord;
    } catch (error) {
      // A damaged line is one request less in a picture; whoever opens the run is told of it.
      if (error instanceof SyntaxError) continue;
      throw error;
    }
    onRecord(record);
  }
}

function keyOf(target: string, stage: string): string {
  return JSON.stringify([target, stage]);
}
