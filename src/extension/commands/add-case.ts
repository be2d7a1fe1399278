import * as vscode from 'vscode';
import type { Json } from '../../protocol/plan';
import type { AnswerChoice, NewCase } from '../../core/language/convert/new-case';
import type { LanguageDocument } from '../../core/language/language-document';
import { kindOf } from '../../core/spec/discover';
import { toTextEdit } from '../language/convert';
import type { Tell } from '../messages';
import { languageBundle } from '../spec/load';

/** Evals that are offered where none is open. */
const MAX_FILES = 500;
const EVALS = '**/*.{eval,workload}.{yaml,yml}';
const LEFT_OUT = '**/{node_modules,.git,.promptrig}/**';

/** What a person would select, and choose. */
export interface SelectionArgument {
  text?: string;
  /** Of the eval file. */
  uri?: vscode.Uri;
  variable?: string;
}

/** Adds the selected text as a case to an eval. */
export async function addCaseFromSelection(
  tell: Tell,
  argument: SelectionArgument = {},
): Promise<vscode.Uri | undefined> {
  const text = argument.text ?? selectedText();
  if (text.trim() === '') {
    tell('info', vscode.l10n.t('Select the text that a case should ask about, then try again.'));
    return undefined;
  }
  const file = await openTarget(tell, argument.uri);
  if (file === undefined) return undefined;
  const variable = argument.variable ?? (await pickVariable(file.language));
  if (variable === undefined) return undefined;
  const item = languageBundle().caseOfSelection(file.language, text, variable === '' ? undefined : variable);
  return insert(tell, file, item);
}

export interface AnswerArgument {
  /** Of the eval file. */
  uri?: vscode.Uri;
  answer?: string;
  /** What the answer was given to. */
  vars?: { [name: string]: Json };
  choice?: AnswerChoice;
}

/** Adds a case that expects an answer like the given one. */
export async function answerToCase(tell: Tell, argument: AnswerArgument = {}): Promise<vscode.Uri | undefined> {
  const answer = argument.answer ?? selectedText();
  if (answer.trim() === '') {
    tell('info', vscode.l10n.t('Select an answer, or choose one in the results, then try again.'));
    return undefined;
  }
  const file = await openTarget(tell, argument.uri);
  if (file === undefined) return undefined;
  const language = languageBundle();
  const vars = argument.vars ?? (await askVars(file.language));
  if (vars === undefined) return undefined;
  const choice = argument.choice ?? (await pickChoice(answer));
  if (choice === undefined) return undefined;
  return insert(tell, file, language.caseOfAnswer(file.language, answer, vars, choice));
}

function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  return editor === undefined ? '' : editor.document.getText(editor.selection);
}

interface Target {
  document: vscode.TextDocument;
  language: LanguageDocument;
}

/** The eval that is meant: the one that is named, the one that is open, else one that the person picks. */
async function openTarget(tell: Tell, named: vscode.Uri | undefined): Promise<Target | undefined> {
  const uri = named ?? activeEval() ?? (await pickEval(tell));
  if (uri === undefined) return undefined;
  const document = await vscode.workspace.openTextDocument(uri);
  const { LanguageDocument: Text } = languageBundle();
  return { document, language: new Text(document.getText(), uri.fsPath) };
}

function activeEval(): vscode.Uri | undefined {
  const uri = vscode.window.activeTextEditor?.document.uri;
  return uri !== undefined && kindOf(uri.path) === 'eval' ? uri : undefined;
}

async function pickEval(tell: Tell): Promise<vscode.Uri | undefined> {
  const open = vscode.window.visibleTextEditors
    .map(({ document }) => document.uri)
    .filter((uri) => kindOf(uri.path) === 'eval');
  const found = await vscode.workspace.findFiles(EVALS, LEFT_OUT, MAX_FILES);
  const all = [...new Map([...open, ...found].map((uri) => [uri.toString(), uri])).values()];
  if (all.length === 0) {
    tell('info', vscode.l10n.t('There is no eval file to add a case to. Make one first.'), {
      [vscode.l10n.t('New Eval')]: () => vscode.commands.executeCommand('promptrig.newEval'),
    });
    return undefined;
  }
  if (all.length === 1) return all[0];
  const picked = await vscode.window.showQuickPick(
    all.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri })),
    { title: vscode.l10n.t('Add Case'), placeHolder: vscode.l10n.t('The eval that the case is added to') },
  );
  return picked?.uri;
}

/** The variable that the text is the value of; an empty text where the user says it. */
async function pickVariable(file: LanguageDocument): Promise<string | undefined> {
  const names = languageBundle().promptVariables(file);
  const [only] = names;
  if (names.length <= 1) return only ?? '';
  const picked = await vscode.window.showQuickPick(
    [
      ...names.map((name) => ({ label: name, description: vscode.l10n.t('variable of the prompt'), name })),
      {
        label: vscode.l10n.t('A message of the user'),
        description: vscode.l10n.t('added to those of the prompt'),
        name: '',
      },
    ],
    { title: vscode.l10n.t('Add Case'), placeHolder: vscode.l10n.t('What the selected text is') },
  );
  return picked?.name;
}

/** Values of the variables that the prompt reads and the file sets no default for. */
async function askVars(file: LanguageDocument): Promise<{ [name: string]: Json } | undefined> {
  const [name] = languageBundle().promptVariables(file);
  if (name === undefined) return {};
  const value = await vscode.window.showInputBox({
    title: vscode.l10n.t('Add Case'),
    prompt: vscode.l10n.t('What "{0}" is in the case that was answered so', name),
  });
  return value === undefined ? undefined : { [name]: value };
}

async function pickChoice(answer: string): Promise<AnswerChoice | undefined> {
  const picked = await vscode.window.showQuickPick(
    languageBundle()
      .answerChoices(answer)
      .map(({ choice, label, detail }) => ({ label, description: detail, choice })),
    {
      title: vscode.l10n.t('Turn This Answer into a Case'),
      placeHolder: vscode.l10n.t('What a right answer has in common with this one'),
    },
  );
  return picked?.choice;
}

async function insert(
  tell: Tell,
  { document, language: file }: Target,
  item: NewCase,
): Promise<vscode.Uri | undefined> {
  const result = languageBundle().addCase(file, item);
  if (!result.ok) {
    tell('warning', `${vscode.workspace.asRelativePath(document.uri)}: ${result.reason}`);
    return undefined;
  }
  const edit = new vscode.WorkspaceEdit();
  edit.set(document.uri, [toTextEdit(result.edit)]);
  const from = document.offsetAt(toTextEdit(result.edit).range.start);
  if (!(await vscode.workspace.applyEdit(edit))) {
    tell(
      'warning',
      vscode.l10n.t('{0} cannot be changed: is it write-protected?', vscode.workspace.asRelativePath(document.uri)),
    );
    return undefined;
  }
  await select(document, from, result.edit.newText);
  return document.uri;
}

/** Shows the case, with the cursor where something is left to fill in. */
async function select(document: vscode.TextDocument, from: number, text: string): Promise<void> {
  const open = /contains: ["']{2}/.exec(text);
  const at = open === null ? from + text.length : from + open.index + open[0].length - 1;
  const position = document.positionAt(at);
  const editor = await vscode.window.showTextDocument(document, { selection: new vscode.Range(position, position) });
  const start = document.positionAt(from);
  editor.revealRange(new vscode.Range(start, position), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}
