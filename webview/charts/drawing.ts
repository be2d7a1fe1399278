/** A canvas that is drawn by hand: as sharp as the screen, and drawn again when its place changes its size. */
import type { Palette } from './palette';

export interface Sheet {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  palette: Palette;
}

export class Drawing {
  private width = 0;

  /** @param place what the canvas fills */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly place: HTMLElement,
    private readonly paint: (sheet: Sheet) => void,
    private palette: Palette,
  ) {
    new ResizeObserver(() => {
      if (place.clientWidth !== this.width) this.draw();
    }).observe(place);
  }

  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.place;
    const context = this.canvas.getContext('2d');
    this.width = width;
    if (context === null || width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    context.scale(ratio, ratio);
    this.paint({ context, width, height, palette: this.palette });
  }

  setPalette(palette: Palette): void {
    this.palette = palette;
    this.draw();
  }
}
