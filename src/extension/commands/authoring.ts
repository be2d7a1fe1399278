import type * as vscode from 'vscode';
import { CommandId } from '../contributions';
import type { Tell } from '../messages';
import { parts } from '../parts/load';
import type { AnswerArgument, SelectionArgument } from './add-case';
import type { NewEvalArgument } from './new-eval';

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
    [CommandId.newEval]: (argument) => parts().newEval(extensionUri, answersIn<NewEvalArgument>(argument, 'template')),
    [CommandId.addCaseFromSelection]: (argument) =>
      parts().addCaseFromSelection(tell, answersIn<SelectionArgument>(argument, 'text')),
    [CommandId.answerToCase]: (argument) => parts().answerToCase(tell, answersIn<AnswerArgument>(argument, 'answer')),
    [CommandId.requestToEval]: (argument) =>
      parts().requestToEval(tell, answersIn<{ text?: string }>(argument, 'text')),
  };
}

/** The argument where it has the text that is asked for; menus hand over the URI of their item. */
function answersIn<T>(argument: unknown, key: string): T | undefined {
  const isOurs =
    argument !== null && typeof argument === 'object' && typeof (argument as Record<string, unknown>)[key] === 'string';
  return isOurs ? (argument as T) : undefined;
}
