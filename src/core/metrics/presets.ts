import data from './presets.json';

export interface Preset {
  /** Who published the limits, for hovers and reports. */
  source: string;
  /** SLO expressions, as a file would write them. */
  slos: string[];
}

/** SLO presets by name. The limits live in `presets.json`, beside their source, so that they can be checked and edited as data. */
export const PRESETS: Readonly<Record<string, Preset>> = data;

/** The preset called `name`; undefined for an unknown name (and for names such as `constructor`). */
export function presetOf(name: string): Preset | undefined {
  return Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
}
