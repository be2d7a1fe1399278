/** Tells the panel which kind of theme the reader's system asks for, as the editor does: by a class of the body. */
export function followSystemTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const forced = matchMedia('(forced-colors: active)');
  const apply = () => {
    const kind = dark.matches ? 'vscode-dark' : 'vscode-light';
    document.body.className = forced.matches
      ? `vscode-high-contrast${dark.matches ? '' : ' vscode-high-contrast-light'}`
      : kind;
  };
  apply();
  for (const query of [dark, forced]) query.addEventListener('change', apply);
}
