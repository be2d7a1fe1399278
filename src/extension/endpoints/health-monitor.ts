/** Looks at endpoints from time to time, while somebody sees what it finds. Knows no editor and no network. */
import type { ProbeResult } from '../../core/endpoints/probe';
import type { Clock } from '../../core/util/clock';
import type { Disposable } from '../../core/util/disposable';
import { Emitter } from '../../core/util/emitter';
import { messageOf } from '../../core/util/errors';

/** An endpoint that answered is asked again after this, in ms. */
const STEADY_MS = 60_000;
/** One that did not, after this, then twice as long each time, up to the last. */
const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 600_000;
/** Each wait is longer or shorter by up to this share: windows that were opened together must not ask together for ever. */
const JITTER = 0.1;
const MOST_AT_ONCE = 4;

export type Health =
  | { state: 'unknown' }
  | { state: 'checking' }
  | { state: 'ok'; elapsedMs: number; models: string[] | null; atMs: number }
  | { state: 'failing'; message: string; failures: number; retryMs: number; atMs: number };

export interface HealthOptions {
  clock: Clock;
  /** Asks the endpoint of a key. */
  check: (key: string, signal: AbortSignal) => Promise<ProbeResult>;
  /** Uniform in [0, 1). */
  random?: () => number;
}

interface Watched {
  health: Health;
  dueMs: number;
  running: AbortController | null;
  /** Asked for by a person, so that it runs whether or not somebody looks. */
  wanted: boolean;
}

const UNKNOWN: Health = { state: 'unknown' };

export class HealthMonitor implements Disposable {
  private readonly watched = new Map<string, Watched>();
  private readonly changed = new Emitter<string>();
  private visible = false;
  private running = 0;
  private cancelTimer: () => void = () => undefined;
  private disposed = false;

  /** Fires with the key of an endpoint whose health changed. */
  readonly onDidChange = this.changed.event;

  constructor(private readonly options: HealthOptions) {}

  get(key: string): Health {
    return this.watched.get(key)?.health ?? UNKNOWN;
  }

  /** What is to be looked at; the rest is forgotten, and checks of it are broken off. */
  watch(keys: Iterable<string>): void {
    const wanted = new Set(keys);
    for (const [key, { running }] of [...this.watched]) {
      if (wanted.has(key)) continue;
      running?.abort();
      this.watched.delete(key);
    }
    for (const key of wanted) if (!this.watched.has(key)) this.add(key);
    this.plan();
  }

  /** Nothing is asked on its own while nobody looks. */
  setVisible(visible: boolean): void {
    if (this.visible === visible) return;
    this.visible = visible;
    this.plan();
  }

  /** Asks at once, watched or not; what comes out of it is kept. */
  checkNow(key: string): void {
    const watched = this.watched.get(key) ?? this.add(key);
    watched.wanted = true;
    this.plan();
  }

  /** Forgets what is known: the endpoint, or its key, is another now. */
  forget(key: string): void {
    const watched = this.watched.get(key);
    if (watched === undefined) return;
    watched.running?.abort();
    this.watched.delete(key);
    this.add(key);
    this.changed.fire(key);
    this.plan();
  }

  dispose(): void {
    this.disposed = true;
    this.cancelTimer();
    for (const { running } of this.watched.values()) running?.abort();
    this.watched.clear();
    this.changed.dispose();
  }

  private add(key: string): Watched {
    const watched: Watched = { health: UNKNOWN, dueMs: 0, running: null, wanted: false };
    this.watched.set(key, watched);
    return watched;
  }

  /** Starts what is due and sets a timer for the rest. */
  private plan(): void {
    this.cancelTimer();
    this.cancelTimer = () => undefined;
    if (this.disposed) return;
    const now = this.options.clock.nowMs();
    let nextMs = Infinity;
    for (const [key, watched] of this.watched) {
      if (watched.running !== null || !(this.visible || watched.wanted)) continue;
      if (!watched.wanted && watched.dueMs > now) nextMs = Math.min(nextMs, watched.dueMs);
      else if (this.running < MOST_AT_ONCE) this.start(key, watched);
      // Else the end of a running one plans anew.
    }
    if (nextMs < Infinity) this.cancelTimer = this.options.clock.at(nextMs, () => this.plan());
  }

  private start(key: string, watched: Watched): void {
    const abort = new AbortController();
    const before = watched.health;
    watched.running = abort;
    watched.wanted = false;
    this.running++;
    // A dot that turns every minute would move for nothing: only the first look, and one after a failure, are shown.
    if (before.state !== 'ok') this.set(key, watched, { state: 'checking' });
    void this.look(key, abort.signal).then((result) => {
      this.running--;
      watched.running = null;
      if (!abort.signal.aborted && this.watched.get(key) === watched) this.take(key, watched, before, result);
      this.plan();
    });
  }

  /** Never rejects: what goes wrong is what was found. */
  private async look(key: string, signal: AbortSignal): Promise<ProbeResult> {
    try {
      return await this.options.check(key, signal);
    } catch (error) {
      return { ok: false, kind: 'internal', message: messageOf(error) };
    }
  }

  private take(key: string, watched: Watched, before: Health, result: ProbeResult): void {
    const { clock, random = Math.random } = this.options;
    const atMs = clock.nowMs();
    const spread = 1 + JITTER * (2 * random() - 1);
    if (result.ok) {
      watched.dueMs = atMs + STEADY_MS * spread;
      this.set(key, watched, { state: 'ok', elapsedMs: result.elapsedMs, models: result.models, atMs });
      return;
    }
    const failures = before.state === 'failing' ? before.failures + 1 : 1;
    const retryMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1)) * spread;
    watched.dueMs = atMs + retryMs;
    this.set(key, watched, { state: 'failing', message: result.message, failures, retryMs, atMs });
  }

  private set(key: string, watched: Watched, health: Health): void {
    watched.health = health;
    this.changed.fire(key);
  }
}
