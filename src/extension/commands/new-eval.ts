import * as vscode from 'vscode';
import { languageBundle } from '../spec/load';
import type { Tell } from '../messages';
import { createEvalFile } from './new-file';

interface Template extends vscode.QuickPickItem {
  /** In `media/templates`. */
  file: string;
}

const TEMPLATES: readonly Template[] = [
  {
    label: vscode.l10n.t('$(note) Smallest'),
    detail: vscode.l10n.t('One prompt, one case, one objective'),
    file: 'smallest',
  },
  {
    label: vscode.l10n.t('$(comment-discussion) Chat with SLOs'),
    detail: vscode.l10n.t('Questions, a load of users, and objectives for both'),
    file: 'chat',
  },
  {
    label: vscode.l10n.t('$(library) Answers from passages'),
    detail: vscode.l10n.t('RAG: long prompts, and answers that must follow from them'),
    file: 'rag',
  },
  {
    label: vscode.l10n.t('$(tools) Tool use'),
    detail: vscode.l10n.t('Which function the model calls, with which arguments'),
    file: 'tools',
  },
  {
    label: vscode.l10n.t('$(dashboard) Load test'),
    detail: vscode.l10n.t('Made-up prompts at a rate, and the highest rate that holds'),
    file: 'load',
  },
  {
    label: vscode.l10n.t('$(git-compare) Compare endpoints'),
    detail: vscode.l10n.t('The same cases and load for each, side by side'),
    file: 'compare',
  },
];

/** What tests, and other commands, say instead of a person. */
export interface NewEvalArgument {
  template?: string;
}

/** Makes an eval file of a template that the person picks. */
export async function newEval(
  extensionUri: vscode.Uri,
  argument: NewEvalArgument = {},
): Promise<vscode.Uri | undefined> {
  const file = argument.template ?? (await pickTemplate());
  if (file === undefined) return undefined;
  const source = vscode.Uri.joinPath(extensionUri, 'media', 'templates', `${file}.eval.yaml`);
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(source));
  return createEvalFile(`${file}.eval.yaml`, text);
}

async function pickTemplate(): Promise<string | undefined> {
  const picked = await vscode.window.showQuickPick(TEMPLATES, {
    title: vscode.l10n.t('New Eval'),
    placeHolder: vscode.l10n.t('Each runs on the built-in simulator until you name your own endpoint'),
    matchOnDetail: true,
  });
  return picked?.file;
}

/** Makes an eval file of a request: the selected text where it holds one, else what was copied. */
export async function requestToEval(tell: Tell, argument: { text?: string } = {}): Promise<vscode.Uri | undefined> {
  const language = languageBundle();
  const editor = vscode.window.activeTextEditor;
  const selected = editor === undefined || editor.selection.isEmpty ? '' : editor.document.getText(editor.selection);
  const sources = argument.text === undefined ? [selected, await vscode.env.clipboard.readText()] : [argument.text];
  let reason = '';
  for (const source of sources.filter((text) => text.trim() !== '')) {
    const made = language.requestToEval(source);
    if (made.ok) return createEvalFile(made.fileName, made.text);
    reason ||= made.reason;
  }
  tell(
    'info',
    vscode.l10n
      .t(
        '{0} Copy a curl command, a call of an OpenAI or Anthropic SDK, or the JSON of a request, then try again.',
        reason,
      )
      .trim(),
  );
  return undefined;
}
