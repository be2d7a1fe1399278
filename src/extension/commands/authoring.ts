import type * as vscode from 'vscode';
import { CommandId } from '../contributions';
import type { Tell } from '../messages';
import { addCaseFromSelection, answerToCase, type AnswerArgument, type SelectionArgument } from './add-case';
import { newEval, requestToEval, type NewEvalArgument } from './new-eval';

type AuthoringId =
  | typeof CommandId.newEval
  | typeof CommandId.addCaseFromSelection
  | typeof CommandId.answerToCase
  | typeof CommandId.requestToEval;

/** Commands that write evals. What a menu hands over is no answer to what they ask; buttons of ours hand over plain maps. */
export function authoringHandlers(
  extensionUri: vscode.Uri,
  tell: Tell,
): Record<AuthoringId, (argument?: unknown) => unknown> {
  return {
    [CommandId.newEval]: (argument) => newEval(extensionUri, answersIn<NewEvalArgument>(argument, 'template')),
    [CommandId.addCaseFromSelection]: (argument) =>
      addCaseFromSelection(tell, answersIn<SelectionArgument>(argument, 'text')),
    [CommandId.answerToCase]: (argument) => answerToCase(tell, answersIn<AnswerArgument>(argument, 'answer')),
    [CommandId.requestToEval]: (argument) => requestToEval(tell, answersIn<{ text?: string }>(argument, 'text')),
  };
}

/** The argument where it has the text that is asked for; menus hand over the URI of their item. */
function answersIn<T>(argument: unknown, key: string): T | undefined {
  const isOurs =
    argument !== null && typeof argument === 'object' && typeof (argument as Record<string, unknown>)[key] === 'string';
  return isOurs ? (argument as T) : undefined;
}
