/** One tile for each SLO: the answer, how far it is from its limit, and how sure it is. */
import { el, icon, iconClass, setAttribute, setClass, setHidden, setText } from '../dom';
import type { Post } from './post';
import type { Section } from './section';
import type { Shown } from './selection';
import type { RunStore } from './store';
import { stageTiles, worstFirst, type TileModel } from './tile-model';

export class Tiles implements Section {
  private readonly list = el('ul', { class: 'tiles' });
  private readonly empty = el(
    'p',
    { class: 'muted' },
    'This stage has no SLO. Add some under "slo" to hold it to a limit.',
  );
  readonly element = el('section', { aria: { label: 'Service level objectives' } }, this.list, this.empty);
  private readonly tiles = new Map<string, Tile>();
  private order = '';

  /** @param explain shows the requests or the answers that a tile is about */
  constructor(
    private readonly post: Post,
    private readonly explain: (metric: string) => void,
  ) {}

  render({ head }: RunStore, shown: Shown | null): void {
    const models = head === null || shown === null ? [] : tilesOf(shown, head);
    setHidden(this.empty, shown?.stage == null || models.length > 0);
    setHidden(this.element, models.length === 0 && this.empty.hidden);
    const keys = models.map(tileKey);
    const order = keys.join('\n');
    if (order !== this.order) {
      this.order = order;
      this.list.replaceChildren(...keys.map((key) => this.tile(key).element));
      for (const key of [...this.tiles.keys()]) if (!keys.includes(key)) this.tiles.delete(key);
    }
    const live = head?.status === 'running' && shown?.stage?.data.status !== 'done';
    setClass(this.list, live ? 'tiles live' : 'tiles');
    models.forEach((model, i) => this.tile(keys[i] ?? '').render(model));
  }

  private tile(key: string): Tile {
    const known = this.tiles.get(key);
    if (known !== undefined) return known;
    const reveal = this.post.standalone === true ? null : (pointer: string) => this.post({ type: 'reveal', pointer });
    const tile = new Tile(reveal, this.explain);
    this.tiles.set(key, tile);
    return tile;
  }
}

/** Worst first once the stage is done; before that in the order of the file, so that no tile moves under the pointer. */
function tilesOf({ stage, target }: Shown, head: NonNullable<RunStore['head']>): TileModel[] {
  const options = { metrics: head.metrics, confidence: head.confidence };
  const ended = head.status !== 'running';
  const done = stage !== null && (ended || stage.data.status === 'done');
  const ofStage = stage === null ? [] : stageTiles(stage.data.slos, stage.data.results, { ...options, final: done });
  // The stage `cases` lists the quality SLOs of its target, too.
  const known = new Set(ofStage.map(tileKey));
  const ofQuality = stageTiles([], target.quality.slo, { ...options, final: ended }).filter(
    (tile) => !known.has(tileKey(tile)),
  );
  const tiles = [...ofStage, ...ofQuality];
  return (stage === null ? ended : done) ? worstFirst(tiles) : tiles;
}

function tileKey({ pointer, title, limit }: TileModel): string {
  return `${pointer} ${title} ${limit}`;
}

class Tile {
  private readonly glyph = icon('clock');
  private readonly word = el('strong');
  private readonly title = el('span', { class: 'tile-title' });
  private readonly value = el('span', { class: 'tile-value number' });
  private readonly limit = el('span', { class: 'muted number' });
  private readonly fill = el('span', { class: 'bar-fill' });
  private readonly mark = el('span', { class: 'bar-limit' });
  private readonly distance = el('span', { class: 'tile-distance' });
  private readonly sample = el('span', { class: 'tile-sample muted number' });
  private readonly button: HTMLButtonElement;
  readonly element: HTMLElement;
  private pointer = '';
  private metric = '';

  /** @param reveal null where there is no file to go to */
  constructor(reveal: ((pointer: string) => void) | null, explain: (metric: string) => void) {
    this.button = el(
      'button',
      { class: 'tile', type: 'button' },
      // What never changes shares a row, so that no word that does can break its line.
      el('span', { class: 'tile-top' }, this.title, this.limit),
      el('span', { class: 'tile-figure' }, this.value, el('span', { class: 'badge' }, this.glyph, this.word)),
      el('span', { class: 'bar', aria: { hidden: true } }, this.fill, this.mark),
      this.distance,
      this.sample,
    );
    this.button.addEventListener('click', () => explain(this.metric));
    this.element = el('li', {}, this.button, reveal === null ? null : this.fileButton(reveal));
  }

  private fileButton(reveal: (pointer: string) => void): HTMLElement {
    const file = el(
      'button',
      { class: 'tile-file', type: 'button', title: 'Go to the SLO in the eval file' },
      icon('go-to-file'),
      el('span', { class: 'hidden-text' }, 'Go to the SLO in the eval file'),
    );
    file.addEventListener('click', () => reveal(this.pointer));
    return file;
  }

  render(model: TileModel): void {
    this.pointer = model.pointer;
    this.metric = model.metric;
    setClass(this.button, `tile tone-border-${model.word.tone}`);
    setAttribute(this.button, 'title', `${model.help}\n\n${actionOf(model.metric)}`);
    setClass(this.glyph, iconClass(model.word.icon, `tone-${model.word.tone}`));
    setText(this.word, model.word.word);
    setText(this.title, model.title);
    setText(this.value, model.value);
    setText(this.limit, model.limit);
    setText(this.distance, model.distance);
    setText(this.sample, model.sample);
    setClass(this.fill, `bar-fill tone-back-${model.word.tone}`);
    this.fill.style.transform = `scaleX(${model.bar.fill.toFixed(4)})`;
    this.mark.style.left = `${(model.bar.limit * 100).toFixed(2)}%`;
  }
}

/** What a click does, at the end of the hover. */
function actionOf(metric: string): string {
  if (metric.startsWith('quality.')) return 'Click to list the answers that did not pass.';
  if (metric === 'error_rate') return 'Click to list the requests that failed.';
  return ['ttft', 'itl', 'e2e'].includes(metric)
    ? 'Click to list the requests over the limit.'
    : 'Click to list the requests that it is counted from.';
}
