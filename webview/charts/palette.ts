/** The theme as a canvas needs it: a canvas cannot use CSS variables, so they are read, and read again on each change. */
export interface Palette {
  foreground: string;
  muted: string;
  grid: string;
  background: string;
  focus: string;
  point: string;
  p50: string;
  p99: string;
  limit: string;
  failed: string;
  secondary: string;
  connect: string;
  /** Of things that are told apart, in their order; each also has a shape, see marks.ts. Red is left to limits. */
  series: string[];
  fontFamily: string;
  /** Fewer alphas, heavier lines and distinct shapes: colours alone do not separate there. */
  highContrast: boolean;
}

/** Reads the theme that is in force. Each variable has a fallback since themes (high contrast above all) may lack it. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (...names: string[]): string => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return getComputedStyle(document.body).color;
  };
  return {
    foreground: read('charts-foreground', 'foreground'),
    muted: read('descriptionForeground', 'foreground'),
    grid: read('charts-lines', 'foreground'),
    background: read('editor-background'),
    focus: read('focusBorder', 'foreground'),
    point: read('charts-blue', 'foreground'),
    p50: read('charts-foreground', 'foreground'),
    p99: read('charts-purple', 'foreground'),
    limit: read('charts-red', 'errorForeground', 'foreground'),
    failed: read('charts-red', 'errorForeground', 'foreground'),
    secondary: read('charts-green', 'foreground'),
    connect: read('charts-yellow', 'foreground'),
    // Not orange: in the default themes it is a brown or a peach that can hardly be seen.
    series: [
      read('charts-blue', 'foreground'),
      read('charts-foreground', 'foreground'),
      read('charts-purple', 'foreground'),
      read('charts-yellow', 'foreground'),
      read('charts-green', 'foreground'),
    ],
    fontFamily: read('font-family'),
    highContrast: document.body.classList.contains('vscode-high-contrast'),
  };
}

/** Calls `listener` when the editor's theme or font changes. The editor rewrites the root's style and the body's class. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  const attributes = { attributes: true, attributeFilter: ['class', 'style', 'data-vscode-theme-id'] };
  observer.observe(document.documentElement, attributes);
  observer.observe(document.body, attributes);
  return () => observer.disconnect();
}
