/** What a report is made with in the editor: the panel's own bundle, beside this one. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ReportParts } from '../../core/run-panel/export';

export function reportParts(): ReportParts {
  const manifest = JSON.parse(fs.readFileSync(path.join(__dirname, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  return { panelDir: path.join(__dirname, 'webview'), version: manifest.version };
}
