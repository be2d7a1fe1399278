/** Writes `l10n/bundle.l10n.json`: every text that the extension shows, for translators. */
import { writeFileSync } from 'node:fs';
import { bundlePath, bundleText } from './l10n-messages';

writeFileSync(bundlePath, bundleText());
