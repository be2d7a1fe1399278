import * as vscode from 'vscode';
import { CONFIG_SECTION, SETTING_DEFAULTS, type Settings } from './contributions';
import { inlineModeOf, type InlineMode } from './language/inline-mode';

/** A setting as it applies to `scope`; its default where it is unset. */
export function setting<K extends keyof Settings>(key: K, scope?: vscode.Uri): Settings[K] {
  return vscode.workspace.getConfiguration(CONFIG_SECTION, scope).get<Settings[K]>(key, SETTING_DEFAULTS[key]);
}

/** Which results are shown in the text. */
export function inlineResults(): InlineMode {
  return inlineModeOf(setting('inlineResults'));
}

/** Whether a change touches one of `keys`. */
export function affects(event: vscode.ConfigurationChangeEvent, ...keys: (keyof Settings)[]): boolean {
  return keys.some((key) => event.affectsConfiguration(`${CONFIG_SECTION}.${key}`));
}
