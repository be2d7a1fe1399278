/** The triangles of quality, latency and cost, with the formula of each corner behind it. */
import type { ComparePanelState, CompareTriangles } from '../../src/protocol/compare-panel';
import type { ChartData, FileKind } from '../charts/chart-data';
import { ChartFrame } from '../charts/chart-frame';
import { Drawing } from '../charts/drawing';
import type { Palette } from '../charts/palette';
import { PointButtons } from '../charts/point-buttons';
import { drawTriangles, scoreText, TRIANGLE_PX, triangleColumns, type TrianglesInput } from '../charts/triangles';
import { setHidden } from '../dom';
import type { Hovers } from '../ui/hover';
import { labelOf, namesOf } from './contender-name';
import { Drawn, type ChartSection } from './section';

/** More of them than this get the whole width. */
const MOST_BESIDE = 6;

export class TriangleSection implements ChartSection {
  readonly frame: ChartFrame;
  private readonly buttons: PointButtons;
  private readonly drawing: Drawing;
  private readonly drawn = new Drawn();
  private state: ComparePanelState | null = null;
  private input: TrianglesInput = { corners: [], full: 2, items: [] };

  constructor(
    palette: Palette,
    hovers: Hovers,
    actions: { toggle: () => void; save: (kind: FileKind, chart: ChartFrame) => void },
  ) {
    this.frame = new ChartFrame({
      title: 'Quality, latency, cost',
      legend: [
        { swatch: 'swatch-limit', label: 'exactly at the limit' },
        { swatch: 'swatch-hollow', label: 'hollow: misses it' },
      ],
      columns: [],
      onToggle: () => {
        this.drawn.forget();
        actions.toggle();
      },
      onSave: actions.save,
      data: () => this.data(),
    });
    const { plot, canvas } = this.frame;
    plot.classList.add('pointing', 'triangles');
    this.buttons = new PointButtons('Corners of the triangles: arrow keys move between them', {
      made: (id, button) => hovers.attach(button, () => this.lines(id)),
      press: () => undefined,
    });
    plot.append(this.buttons.element);
    this.drawing = new Drawing(
      canvas,
      plot,
      (sheet) => {
        this.reserve();
        this.buttons.place(drawTriangles(sheet, this.input));
      },
      palette,
    );
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  setPalette(palette: Palette): void {
    this.drawing.setPalette(palette);
  }

  render(state: ComparePanelState): void {
    this.state = state;
    const { triangles, contenders, axes } = state;
    setHidden(this.element, triangles === null);
    this.element.classList.toggle('many', contenders.length > MOST_BESIDE);
    if (triangles === null || !this.drawn.changed(triangles, contenders, axes)) return;
    const names = namesOf(state);
    const label = (axis: string) => axes.find((each) => each.axis === axis)?.label ?? axis;
    this.input = {
      corners: triangles.axes.map(shortName),
      full: triangles.full,
      items: triangles.items.flatMap(({ id, corners }) => {
        const named = names.get(id);
        return named === undefined ? [] : [{ ...named, scores: corners.map(({ score }) => score) }];
      }),
    };
    this.frame.setColumns([
      { label: 'Contender', numeric: false },
      ...triangles.axes.map((axis) => ({ label: label(axis), numeric: true })),
    ]);
    this.frame.setRows(
      triangles.items.map(({ id, corners }) => [
        labelOf(names, id),
        ...corners.map(({ score, formula }) => (score === null ? formula : `${scoreText(score)} (${formula})`)),
      ]),
    );
    if (!this.frame.tableShown) {
      this.buttons.update(
        this.input.items.flatMap((item, i) =>
          item.scores.map((_, corner) => ({ id: `${i} ${corner}`, label: this.lines(`${i} ${corner}`).join('. ') })),
        ),
      );
      this.reserve();
      this.drawing.draw();
    }
    this.frame.describe({
      summary: summaryOf(triangles, (id) => labelOf(names, id), label),
      note: this.input.items.length > 0 ? '' : 'No contender has been measured on these axes.',
      caption: `${triangles.axes.map(label).join(', ')}: 1× is exactly at the limit, more is better, drawn up to ${triangles.full}×`,
    });
  }

  /** Room for all rows of triangles. */
  private reserve(): void {
    const { plot } = this.frame;
    const rows = Math.ceil(this.input.items.length / triangleColumns(plot.clientWidth));
    const height = `${Math.max(1, rows) * TRIANGLE_PX.height}px`;
    if (plot.style.height !== height) plot.style.height = height;
  }

  private lines(id: string): string[] {
    const [item = -1, corner = -1] = id.split(' ').map(Number);
    const triangle = this.state?.triangles?.items[item];
    const one = triangle?.corners[corner];
    if (this.state == null || triangle === undefined || one === undefined) return [];
    const axis = this.state.axes.find((each) => each.axis === one.axis)?.label ?? one.axis;
    const label = labelOf(namesOf(this.state), triangle.id);
    return one.score === null
      ? [`${label}, ${axis}: not measured`, one.formula]
      : [
          `${label}, ${axis}: ${scoreText(one.score)}`,
          one.formula,
          one.score < 1 ? 'Misses its limit.' : 'Keeps its limit.',
        ];
  }

  private data(): ChartData {
    const { triangles, contenders = [] } = this.state ?? {};
    if (triangles == null) return { columns: [], rows: [] };
    return {
      columns: ['contender', ...triangles.axes],
      rows: triangles.items.map(({ id, corners }) => [
        contenders.find((each) => each.id === id)?.label ?? id,
        ...corners.map(({ score }) => score),
      ]),
    };
  }
}

/** A corner has little room: `quality.pass_rate` is about quality, whichever of its metrics it is. */
function shortName(axis: string): string {
  const [family = axis] = axis.split('.');
  if (family === 'quality') return 'Quality';
  if (family === 'cost') return 'Cost';
  return axis.startsWith('ttft') ? 'TTFT' : family.length <= 4 ? family.toUpperCase() : family;
}

function summaryOf({ items }: CompareTriangles, name: (id: string) => string, label: (axis: string) => string): string {
  return items
    .map(({ id, corners }) => {
      const parts = corners.map(
        ({ axis, score }) => `${label(axis)} ${score === null ? 'not measured' : scoreText(score)}`,
      );
      return `${name(id)}: ${parts.join(', ')}.`;
    })
    .join(' ');
}
