/** Links of a hover to commands of ours. A hover holds texts of models, so nothing else in it may be a link at all. */
import { CommandId } from '../contributions';
import type { Observation, Sample } from './observations';
import { l10n } from '../l10n';

/** Commands of other surfaces, which a hover links to where package.json contributes them. */
export const LinkedCommand = {
  openRun: 'promptrig.openRun',
  /** Is told the `request` as well. */
  openRequest: 'promptrig.openRequest',
  compareRun: 'promptrig.compareRun',
  pinBaseline: 'promptrig.pinBaseline',
} as const;

/** What these commands are told: as much of a row of the Runs view as is known here. */
export interface LinkedRun {
  kind: 'run';
  /** Absolute folder of the run. */
  dir: string;
  id: string;
}

export function linkedRun(run: string, context: Pick<LinkContext, 'dirOf'>): LinkedRun {
  return { kind: 'run', dir: context.dirOf(run), id: run };
}

/** The only commands that a hover may run. */
export const HOVER_COMMANDS: readonly string[] = [...Object.values(LinkedCommand), CommandId.openRunPanel];

export interface LinkContext {
  hasCommand: (id: string) => boolean;
  /** Absolute folder of a run. */
  dirOf: (run: string) => string;
  /** Id of the run that the run panel shows, or would show. */
  lastRun: string | null;
}

/** The row of links under a result; empty where there is nowhere to go. */
export function linksOf(observation: Observation, sample: Sample | null, context: LinkContext): string {
  const { run } = observation;
  if (run === undefined) return '';
  const linked = linkedRun(run, context);
  const links: string[] = [];
  const add = (title: string, command: string, argument: unknown): void => {
    if (context.hasCommand(command)) links.push(link(title, command, argument));
  };
  if (context.hasCommand(LinkedCommand.openRun)) add(l10n.t('$(graph-line) Open run'), LinkedCommand.openRun, linked);
  else if (run === context.lastRun) add(l10n.t('$(graph-line) Open run'), CommandId.openRunPanel, undefined);
  const request = sample?.request ?? (observation.kind === 'slo' ? observation.histogram?.maxRequest : undefined);
  if (request !== undefined) {
    const title = sample === null ? l10n.t('$(search) Open slowest request') : l10n.t('$(search) Open request');
    add(title, LinkedCommand.openRequest, { ...linked, request });
  }
  add(l10n.t('$(git-compare) Compare'), LinkedCommand.compareRun, linked);
  add(l10n.t('$(pin) Pin as baseline'), LinkedCommand.pinBaseline, linked);
  return links.join(' · ');
}

function link(title: string, command: string, argument: unknown): string {
  const query = argument === undefined ? '' : `?${encodeURIComponent(JSON.stringify([argument]))}`;
  // `encodeURIComponent` leaves parentheses, which would end the link.
  return `[${title}](command:${command}${query.replace(/[()]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)})`;
}
