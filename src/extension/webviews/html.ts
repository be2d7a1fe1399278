/** The page around a webview's bundle. No data is part of it: everything comes in messages. */
export interface PageParts {
  title: string;
  cspSource: string;
  nonce: string;
  script: string;
  styles: string[];
}

/** The toolkit reads the nonce from the `csp-nonce` meta element for its style elements, and has to be an initial script. */
export function pageHtml({ title, cspSource, nonce, script, styles }: PageParts): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${nonce}">
<title>${title}</title>
${styles.map((style) => `<link rel="stylesheet" nonce="${nonce}" href="${style}">`).join('\n')}
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
