import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { RunVerdict } from '../../protocol/run-json';
import { CommandId } from '../contributions';
import type { RunController, RunEnd } from '../engine/run-controller';
import type { RunRequest } from '../engine/run-preparation';
import { progressText, type ProgressNow } from '../engine/run-progress';

const VERDICT: Record<RunVerdict, { icon: string; word: string }> = {
  pass: { icon: 'pass', word: vscode.l10n.t('passed') },
  fail: { icon: 'error', word: vscode.l10n.t('failed') },
  inconclusive: { icon: 'question', word: vscode.l10n.t('inconclusive') },
  error: { icon: 'circle-slash', word: vscode.l10n.t('could not be judged') },
};

/** Running: progress, rate, ETA, stop on click. Idle: the last verdict. */
export class RunStatusBar implements vscode.Disposable {
  private readonly store = new DisposableStore();
  private readonly item = this.store.add(
    vscode.window.createStatusBarItem('promptrig.status', vscode.StatusBarAlignment.Left, 1),
  );
  private text = '';

  constructor(controller: RunController) {
    this.item.name = 'Promptrig';
    this.store.add(
      controller.onDidStart(({ plan }) => {
        const tooltip = vscode.l10n.t('Promptrig: {0} is running. Click to stop.', plan.name);
        this.show(vscode.l10n.t('$(sync~spin) Starting'), tooltip, CommandId.stop, tooltip);
      }),
    );
    this.store.add(controller.onDidProgress((now) => this.onProgress(now)));
    this.store.add(controller.onDidEnd((end) => this.onEnd(end)));
  }

  /** What it shows, for tests. */
  get shown(): string {
    return this.text;
  }

  dispose(): void {
    this.store.dispose();
  }

  private onProgress(now: ProgressNow): void {
    const where = now.stage === '' ? '' : `\n${now.target}: ${now.stage}`;
    const progress = progressText(now);
    this.show(
      `$(sync~spin) ${progress}`,
      `${vscode.l10n.t('Promptrig: running. Click to stop.')}${where}`,
      CommandId.stop,
      vscode.l10n.t('Promptrig: running, {0}. Click to stop.', progress),
    );
  }

  private onEnd({ run, error, request }: RunEnd): void {
    if (run === null || error !== null) {
      const tooltip = error ?? vscode.l10n.t('The run failed.');
      const text = vscode.l10n.t('$(circle-slash) Promptrig: run failed');
      this.show(text, tooltip, CommandId.openRunPanel, `${withoutIcons(text)}. ${tooltip}`);
      return;
    }
    const { icon, word } = VERDICT[run.verdict];
    const part = partText(request.what, run.name);
    const isStopped = run.status === 'stopped';
    const tooltip = isStopped
      ? vscode.l10n.t(
          '{0}: {1}, stopped ({2}). Click for details.',
          part,
          word,
          run.status_reason ?? vscode.l10n.t('cancelled'),
        )
      : vscode.l10n.t('{0}: {1}. Click for details.', part, word);
    this.show(
      `$(${icon}) Promptrig: ${isStopped ? vscode.l10n.t('{0}, stopped', word) : word}`,
      tooltip,
      CommandId.openRunPanel,
      `Promptrig, ${tooltip}`,
    );
  }

  /** @param spoken what a screen reader says: the text alone does not tell what a click does, and its icons are read by name */
  private show(text: string, tooltip: string, command: CommandId, spoken: string): void {
    if (this.text !== text) {
      this.text = text;
      this.item.text = text;
    }
    if (this.item.accessibilityInformation?.label !== spoken)
      this.item.accessibilityInformation = { label: spoken, role: 'button' };
    if (this.item.tooltip !== tooltip) this.item.tooltip = tooltip;
    if (this.item.command !== command) this.item.command = command;
    this.item.show();
  }
}

/** Icons are read out by their names, which say nothing. */
function withoutIcons(text: string): string {
  return text.replace(/\$\([\w~-]+\) */g, '');
}

/** What was run of an eval. */
function partText(what: RunRequest['what'], name: string): string {
  switch (what) {
    case 'file':
      return name;
    case 'load':
      return vscode.l10n.t('load of {0}', name);
    case 'stage':
      return vscode.l10n.t('load stage of {0}', name);
    case 'case':
      return vscode.l10n.t('case of {0}', name);
    case 'cases':
      return vscode.l10n.t('cases of {0}', name);
  }
}
