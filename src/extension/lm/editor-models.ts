import * as vscode from 'vscode';
import { PromptrigError, messageOf } from '../../core/util/errors';
import type { RunPlan } from '../../protocol/plan';
import { ChatFailure, type ChatPart, type ChatRequest, type ChatTurn, type TurnPart } from './chat-request';
import { startChatServer, type ChatModel } from './chat-server';
import { chooseModel, namesOf } from './model-choice';
import { editorEndpoints, withAddress } from './plan-endpoints';

export interface EditorModelsOfRun {
  plan: RunPlan;
  /** By endpoint name, beside the API keys. */
  keys: Record<string, string>;
  /** Ends the server; to be called once the run is over. */
  release(): void;
}

/**
 * Gives the editor's models that a plan names an address that the engine can ask. A plan without any stays as it is.
 * @throws PromptrigError `not_found` where the editor does not offer one of them
 */
export async function serveEditorModels(plan: RunPlan): Promise<EditorModelsOfRun> {
  const endpoints = editorEndpoints(plan);
  if (endpoints.length === 0) return { plan, keys: {}, release: () => undefined };
  const offered = await vscode.lm.selectChatModels();
  const models = new Map<string, ChatModel>();
  for (const { name, model } of endpoints) {
    const found = chooseModel(offered, model);
    if (found === null) {
      throw new PromptrigError(
        'not_found',
        offered.length === 0
          ? vscode.l10n.t(
              'The endpoint "{0}" is a model of the editor, and the editor offers none: install or sign in to an extension that provides language models.',
              name,
            )
          : vscode.l10n.t(
              'The editor offers no model "{0}", which the endpoint "{1}" names. It offers {2}.',
              model,
              name,
              namesOf(offered),
            ),
      );
    }
    models.set(model, new EditorModel(found));
  }
  const server = await startChatServer(models);
  return {
    plan: withAddress(plan, server.url),
    keys: Object.fromEntries(endpoints.map(({ name }) => [name, server.token])),
    release: () => server.close(),
  };
}

class EditorModel implements ChatModel {
  constructor(private readonly chat: vscode.LanguageModelChat) {}

  async *ask(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatPart> {
    const source = new vscode.CancellationTokenSource();
    const cancel = (): void => source.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const { tools, toolRequired, options, turns } = request;
      const response = await this.chat.sendRequest(
        turns.map(messageFrom),
        {
          justification: vscode.l10n.t('Promptrig asks the model the cases of the eval file that you run.'),
          modelOptions: options,
          ...(tools.length === 0 ? {} : { tools }),
          ...(toolRequired ? { toolMode: vscode.LanguageModelChatToolMode.Required } : {}),
        },
        source.token,
      );
      for await (const part of response.stream) {
        if (part instanceof vscode.LanguageModelTextPart) yield { kind: 'text', text: part.value };
        else if (part instanceof vscode.LanguageModelToolCallPart) {
          // What a provider made up is JSON, since it came through JSON.
          const input = part.input as Extract<ChatPart, { kind: 'call' }>['input'];
          yield { kind: 'call', id: part.callId, name: part.name, input };
        }
      }
    } catch (error) {
      throw failureOf(error, this.chat);
    } finally {
      signal.removeEventListener('abort', cancel);
      source.dispose();
    }
  }

  async countTokens(text: string): Promise<number> {
    return this.chat.countTokens(text);
  }
}

function messageFrom({ role, parts }: ChatTurn): vscode.LanguageModelChatMessage {
  const isUser = role === 'user';
  return new vscode.LanguageModelChatMessage(
    isUser ? vscode.LanguageModelChatMessageRole.User : vscode.LanguageModelChatMessageRole.Assistant,
    parts.map(partFrom),
  );
}

function partFrom(part: TurnPart): vscode.LanguageModelInputPart {
  switch (part.kind) {
    case 'text':
      return new vscode.LanguageModelTextPart(part.text);
    case 'call':
      return new vscode.LanguageModelToolCallPart(part.id, part.name, part.input);
    case 'result':
      return new vscode.LanguageModelToolResultPart(part.id, [new vscode.LanguageModelTextPart(part.text)]);
  }
}

/** What the editor refuses, in the statuses that say the same of a server. */
function failureOf(error: unknown, { vendor, id }: vscode.LanguageModelChat): Error {
  if (error instanceof ChatFailure) return error;
  const what = messageOf(error);
  const code = error instanceof vscode.LanguageModelError ? error.code : '';
  switch (code) {
    case vscode.LanguageModelError.NoPermissions.name:
      return new ChatFailure(
        403,
        vscode.l10n.t(
          'You have not allowed Promptrig to use {0}: allow it in "Accounts: Manage Language Model Access". {1}',
          `${vendor}/${id}`,
          what,
        ),
        'permission_error',
      );
    case vscode.LanguageModelError.Blocked.name:
      return new ChatFailure(
        429,
        vscode.l10n.t('The quota of {0} is used up, or the request was blocked: {1}', `${vendor}/${id}`, what),
        'rate_limit_error',
      );
    case vscode.LanguageModelError.NotFound.name:
      return new ChatFailure(
        404,
        vscode.l10n.t('The editor no longer offers {0}: {1}', `${vendor}/${id}`, what),
        'not_found_error',
      );
    default:
      return new ChatFailure(502, what, 'editor_error');
  }
}
