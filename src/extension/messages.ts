import * as vscode from 'vscode';

type Kind = 'info' | 'warning' | 'error';

/** Says something with buttons. Does not wait for an answer: a message that nobody closes must not hold anything up. */
export type Tell = (kind: Kind, message: string, actions?: Record<string, () => unknown>) => void;

/** @param onError receives what an action throws */
export function createTell(onError: (error: unknown) => void): Tell {
  const show = {
    info: vscode.window.showInformationMessage,
    warning: vscode.window.showWarningMessage,
    error: vscode.window.showErrorMessage,
  } satisfies Record<Kind, unknown>;
  return (kind, message, actions = {}) => {
    const answer = async (): Promise<void> => {
      const chosen = await show[kind](message, ...Object.keys(actions));
      if (chosen !== undefined) await actions[chosen]?.();
    };
    answer().catch(onError);
  };
}
