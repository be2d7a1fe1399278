import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

export const root = resolve(__dirname, '..');
export const bundlePath = join(root, 'l10n/bundle.l10n.json');

/** A text that is passed to `l10n.t`. */
export interface Message {
  /** Path and line. */
  at: string;
  text: string;
}

/** The files of the extension; whatever it shows is translated. */
export function extensionFiles(): string[] {
  return readdirSync(join(root, 'src/extension'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(root, 'src/extension', name))
    .sort();
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
}

export function isTranslation(node: ts.Node): node is ts.CallExpression {
  return ts.isCallExpression(node) && /(^|\.)l10n\.t$/.test(node.expression.getText());
}

export function placeOf(file: ts.SourceFile, node: ts.Node): string {
  return `${relative(root, file.fileName)}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
}

/** The texts of a file. Throws where one cannot be collected, or where its places and its values differ. */
export function messagesOf(file: ts.SourceFile): Message[] {
  const messages: Message[] = [];
  const visit = (node: ts.Node): void => {
    if (isTranslation(node)) messages.push(messageOf(file, node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return messages;
}

function messageOf(file: ts.SourceFile, call: ts.CallExpression): Message {
  const at = placeOf(file, call);
  const [first, ...values] = call.arguments;
  if (first === undefined || !ts.isStringLiteralLike(first)) throw new Error(`${at}: the text must be a literal.`);
  const places = new Set([...first.text.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index)));
  const isSpread = values.some((value) => ts.isSpreadElement(value));
  if (!isSpread && (places.size !== values.length || [...places].some((index) => index >= values.length)))
    throw new Error(`${at}: the text has ${places.size} places for ${values.length} values.`);
  return { at, text: first.text };
}

/** The content of `l10n/bundle.l10n.json`, which translators start from. */
export function bundleText(): string {
  const texts = extensionFiles()
    .filter((file) => !/\/l10n(-host)?\.ts$/.test(file))
    .flatMap((file) => messagesOf(parse(file)))
    .map(({ text }) => text);
  const sorted = [...new Set(texts)].sort();
  return `${JSON.stringify(Object.fromEntries(sorted.map((text) => [text, text])), null, 2)}\n`;
}
