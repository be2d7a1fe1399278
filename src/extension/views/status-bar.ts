import * as vscode from 'vscode';
import { DisposableStore } from '../../core/util/disposable';
import type { RunVerdict } from '../../protocol/run-json';
import { CommandId } from '../contributions';
import type { RunController, RunEnd } from '../engine/run-controller';
import { progressText, type ProgressNow } from '../engine/run-progress';

const VERDICT: Record<RunVerdict, { icon: string; word: string }> = {
  pass: { icon: 'pass', word: 'passed' },
  fail: { icon: 'error', word: 'failed' },
  inconclusive: { icon: 'question', word: 'inconclusive' },
  error: { icon: 'circle-slash', word: 'could not be judged' },
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
      controller.onDidStart(({ plan }) =>
        this.show('$(sync~spin) Starting', `Promptrig: ${plan.name} is running. Click to stop.`, CommandId.stop),
      ),
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
    this.show(`$(sync~spin) ${progressText(now)}`, `Promptrig: running. Click to stop.${where}`, CommandId.stop);
  }

  private onEnd({ run, error, request }: RunEnd): void {
    if (run === null || error !== null) {
      this.show('$(circle-slash) Promptrig: run failed', error ?? 'The run failed.', CommandId.openRunPanel);
      return;
    }
    const { icon, word } = VERDICT[run.verdict];
    const part = request.what === 'file' ? run.name : `${request.what} of ${run.name}`;
    const stopped = run.status === 'stopped' ? `, stopped (${run.status_reason ?? 'cancelled'})` : '';
    this.show(
      `$(${icon}) Promptrig: ${word}${stopped === '' ? '' : ', stopped'}`,
      `${part}: ${word}${stopped}. Click for details.`,
      CommandId.openRunPanel,
    );
  }

  private show(text: string, tooltip: string, command: CommandId): void {
    if (this.text !== text) {
      this.text = text;
      this.item.text = text;
    }
    if (this.item.tooltip !== tooltip) this.item.tooltip = tooltip;
    if (this.item.command !== command) this.item.command = command;
    this.item.show();
  }
}
