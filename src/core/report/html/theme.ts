/** Colours of a report: those of the editor's default themes, light or dark as the reader's system is; forced ones where it forces them. */

/** Theme variables that the panel and its controls read: light and dark. */
const COLOURS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  'badge-background': ['#cccccc', '#616161'],
  'badge-foreground': ['#3b3b3b', '#f8f8f8'],
  'button-background': ['#005fb8', '#0078d4'],
  'button-border': ['rgba(0, 0, 0, 0.1)', 'rgba(255, 255, 255, 0.1)'],
  'button-foreground': ['#ffffff', '#ffffff'],
  'button-hoverBackground': ['#0258a8', '#026ec1'],
  'button-secondaryBackground': ['#e5e5e5', 'rgba(0, 0, 0, 0)'],
  'button-secondaryForeground': ['#3b3b3b', '#cccccc'],
  'button-secondaryHoverBackground': ['#cccccc', '#2b2b2b'],
  'charts-blue': ['#0063d3', '#59a4f9'],
  'charts-foreground': ['#3b3b3b', '#cccccc'],
  'charts-green': ['#388a34', '#89d185'],
  'charts-lines': ['rgba(59, 59, 59, 0.5)', 'rgba(204, 204, 204, 0.5)'],
  'charts-purple': ['#652d90', '#b180d7'],
  'charts-red': ['#e51400', '#f14c4c'],
  'charts-yellow': ['#bf8803', '#cca700'],
  'checkbox-background': ['#f8f8f8', '#313131'],
  'checkbox-border': ['#cecece', '#3c3c3c'],
  'checkbox-foreground': ['#3b3b3b', '#cccccc'],
  descriptionForeground: ['#3b3b3b', '#9d9d9d'],
  'dropdown-background': ['#ffffff', '#313131'],
  'dropdown-border': ['#cecece', '#3c3c3c'],
  'dropdown-foreground': ['#3b3b3b', '#cccccc'],
  'editor-background': ['#ffffff', '#1f1f1f'],
  'editorHoverWidget-background': ['#f8f8f8', '#202020'],
  'editorHoverWidget-border': ['rgba(59, 59, 59, 0.2)', 'rgba(204, 204, 204, 0.2)'],
  'editorHoverWidget-foreground': ['#3b3b3b', '#cccccc'],
  errorForeground: ['#f85149', '#f85149'],
  focusBorder: ['#005fb8', '#0078d4'],
  foreground: ['#3b3b3b', '#cccccc'],
  'input-background': ['#ffffff', '#313131'],
  'input-foreground': ['#3b3b3b', '#cccccc'],
  'input-placeholderForeground': ['#767676', '#989898'],
  'list-activeSelectionBackground': ['#e8e8e8', '#04395e'],
  'list-activeSelectionForeground': ['#000000', '#ffffff'],
  'list-hoverBackground': ['#f2f2f2', '#2a2d2e'],
  'panel-background': ['#f8f8f8', '#181818'],
  'panel-border': ['#e5e5e5', '#2b2b2b'],
  'panelTitle-activeBorder': ['#005fb8', '#0078d4'],
  'panelTitle-activeForeground': ['#3b3b3b', '#cccccc'],
  'panelTitle-inactiveForeground': ['#3b3b3b', '#9d9d9d'],
  'progressBar-background': ['#005fb8', '#0078d4'],
  'scrollbarSlider-activeBackground': ['rgba(0, 0, 0, 0.6)', 'rgba(191, 191, 191, 0.4)'],
  'scrollbarSlider-background': ['rgba(100, 100, 100, 0.4)', 'rgba(121, 121, 121, 0.4)'],
  'scrollbarSlider-hoverBackground': ['rgba(100, 100, 100, 0.7)', 'rgba(100, 100, 100, 0.7)'],
  'settings-dropdownListBorder': ['rgba(59, 59, 59, 0.2)', 'rgba(204, 204, 204, 0.2)'],
  'textCodeBlock-background': ['#f8f8f8', '#2b2b2b'],
  'textLink-activeForeground': ['#005fb8', '#4daafc'],
  'textLink-foreground': ['#005fb8', '#4daafc'],
};

const FONTS = {
  'font-family': "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif",
  'font-size': '13px',
  'font-weight': 'normal',
  'editor-font-family': "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace",
  'editor-font-size': '12px',
};

/**
 * With forced colours (high contrast of the system) there are few, and backgrounds are taken away unless they are one of them.
 * Shapes, words and dashes tell apart what shares a colour, as in the editor's high-contrast themes.
 */
const FORCED: Readonly<Record<string, string>> = {
  'charts-blue': 'LinkText',
  'charts-purple': 'VisitedText',
  'charts-lines': 'GrayText',
  focusBorder: 'Highlight',
  'progressBar-background': 'Highlight',
  'list-activeSelectionBackground': 'Highlight',
  'list-activeSelectionForeground': 'HighlightText',
  'list-hoverBackground': 'Canvas',
  'badge-background': 'CanvasText',
  'badge-foreground': 'Canvas',
  'button-background': 'ButtonFace',
  'button-foreground': 'ButtonText',
  'button-hoverBackground': 'ButtonFace',
  'button-secondaryHoverBackground': 'ButtonFace',
  'textLink-foreground': 'LinkText',
  'textLink-activeForeground': 'LinkText',
};

/** The style sheet that stands for the editor's theme. */
export function themeStyles(): string {
  const fonts = Object.entries(FONTS).map(([name, value]) => `--vscode-${name}:${value};`);
  const of = (index: 0 | 1): string => rules(Object.entries(COLOURS).map(([name, both]) => [name, both[index]]));
  const forced = rules([
    ...Object.keys(COLOURS).map((name): [string, string] => [name, FORCED[name] ?? forcedOf(name)]),
    ['contrastBorder', 'CanvasText'],
    ['contrastActiveBorder', 'Highlight'],
  ]);
  return [
    `:root{color-scheme:light dark;${fonts.join('')}${of(0)}}`,
    `@media (prefers-color-scheme:dark){:root{${of(1)}}}`,
    `@media (forced-colors:active){:root{forced-color-adjust:none;${forced}}}`,
  ].join('\n');
}

function rules(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, value]) => `--vscode-${name}:${value};`).join('');
}

function forcedOf(name: string): string {
  return /background/i.test(name) ? 'Canvas' : 'CanvasText';
}
