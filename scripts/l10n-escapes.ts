import ts from 'typescript';
import { isTranslation, placeOf, type Message } from './l10n-messages';

/** Properties whose text a person sees. */
const SHOWN = new Set([
  'title',
  'label',
  'tooltip',
  'description',
  'detail',
  'placeHolder',
  'placeholder',
  'prompt',
  'message',
  'word',
  'head',
  'group',
  'invocationMessage',
  'openLabel',
  'saveLabel',
]);
/** Functions whose arguments a person sees. */
const SHOWING = /(?:^|\.)(?:tell|show(?:Information|Warning|Error)Message|setStatusBarMessage|createTreeItem)$/;
/** How important a message is; first of what `tell` is told. */
const KINDS = new Set(['info', 'warning', 'error']);

/** Texts of a file that are shown as they are, in English, whatever the person's language is. */
export function escapesOf(file: ts.SourceFile): Message[] {
  const found: Message[] = [];
  const add = (nodes: ts.Node[]): void => {
    for (const node of nodes) found.push({ at: placeOf(file, node), text: node.getText() });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && SHOWN.has(nameOf(node.name))) add(literalsOf(node.initializer));
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isPropertyAccessExpression(node.left) &&
      SHOWN.has(node.left.name.text)
    )
      add(literalsOf(node.right));
    if (ts.isCallExpression(node) && SHOWING.test(node.expression.getText())) {
      for (const argument of node.arguments) {
        add(literalsOf(argument).filter((literal) => !(ts.isStringLiteral(literal) && KINDS.has(literal.text))));
        // Buttons of a message are the keys of what they do.
        if (ts.isObjectLiteralExpression(argument)) add(argument.properties.flatMap(buttonOf));
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function nameOf(name: ts.PropertyName): string {
  return ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : '';
}

function buttonOf(property: ts.ObjectLiteralElementLike): ts.Node[] {
  const { name } = property;
  return name === undefined || ts.isComputedPropertyName(name) || nameOf(name) === 'modal' || nameOf(name) === 'detail'
    ? []
    : [name];
}

/** The literals that an expression may come to, or is put together of. */
function literalsOf(node: ts.Expression): ts.Node[] {
  if (isTranslation(node)) return [];
  if (ts.isStringLiteralLike(node)) return isWord(node.text) ? [node] : [];
  if (ts.isTemplateExpression(node)) {
    const texts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
    const inside = node.templateSpans.flatMap(({ expression }) => literalsOf(expression));
    return isWord(texts.join('\n')) ? [node, ...inside] : inside;
  }
  if (ts.isConditionalExpression(node)) return [...literalsOf(node.whenTrue), ...literalsOf(node.whenFalse)];
  if (ts.isParenthesizedExpression(node)) return literalsOf(node.expression);
  if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap(literalsOf);
  if (ts.isBinaryExpression(node))
    return isChoice(node.operatorToken.kind) ? [...literalsOf(node.left), ...literalsOf(node.right)] : [];
  // `[…].filter(…).join(' ')`
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression))
    return literalsOf(node.expression.expression);
  return [];
}

function isChoice(operator: ts.SyntaxKind): boolean {
  return [ts.SyntaxKind.QuestionQuestionToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.PlusToken].includes(operator);
}

/** Whether there is something to translate: not an icon, an address, the name of a file, a variable or a product. */
function isWord(text: string): boolean {
  const rest = text.replace(/\$\([\w~-]+\)/g, ' ').replace(/\b(?:https?:\/\/\S+|Promptrig|SLO|API|TTFT)\b/g, ' ');
  return /\p{L}{2}/u.test(rest) && !/^\s*(?:[A-Z][A-Z0-9_]+|[\w-]+\.[a-z]+)\s*$/.test(rest);
}
