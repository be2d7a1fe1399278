/** A GitHub Models prompt file as a whole: what it amounts to in the native format. */
import type { Json } from '../../../../protocol/plan';
import { nameCase } from '../../naming';
import { setOwn } from '../../own';
import type { TreeNode } from '../../tree';
import { assertionNode, sharedJudge, type ForeignAssertion } from '../assertion';
import type { Converted } from '../converted';
import { Cursor, type ForeignContext } from '../cursor';
import { ROLES } from '../messages';
import { keyedList, MapBuilder } from '../native';
import { plainNode } from '../source';
import { TemplateChecks, textsIn, withPath } from '../template-vars';
import { githubEndpoint } from './endpoint';
import { readEvaluators, responseFormat } from './evaluators';

const KEYS: ReadonlySet<string> = new Set([
  ...[
    'name',
    'description',
    'model',
    'modelParameters',
    'responseFormat',
    'jsonSchema',
    'messages',
    'testData',
    'evaluators',
  ],
]);
/** Parameters whose name in the request is not their name with underscores. */
const SPECIAL_PARAMETERS: Readonly<Record<string, string>> = { stopSequences: 'stop' };

export function convertGitHubModels(context: ForeignContext): Converted {
  const { problems, main, root: node } = context;
  if (node?.kind !== 'map') {
    const span = { start: 0, end: main.lines.lineEnd(0) };
    problems.error('wrong-type', 'A prompt file is a map with "model" and "messages".', { file: main, span }, '');
    return { root: null, names: [], isPending: false };
  }
  const root = Cursor.ofMain(context, node);
  for (const [key, value] of root.entries)
    if (!KEYS.has(key) && !key.startsWith('x-') && !value.isEmpty)
      problems.ignored(`"${key}" has no counterpart and no effect.`, value.keyPlace);

  const messages = readMessages(root);
  const evaluators = readEvaluators(root.get('evaluators'));
  const judge = sharedJudge(evaluators);
  const rows = readRows(root, messages, evaluators);

  const map = new MapBuilder(node.span);
  map.set('name', textNode(root.get('name'))).set('description', textNode(root.get('description')));
  const model = root.get('model');
  if (model?.word === undefined)
    problems.error(
      'missing-key',
      '"model" is missing, so nobody can be asked. Add one such as openai/gpt-4o.',
      root.place,
      '/endpoints',
    );
  else {
    const endpoint = plainNode(githubEndpoint(model.word, paramsOf(root)), model.mainSpan);
    map.set('endpoints', keyedList([{ key: '0', node: endpoint }], model.mainSpan));
    // The one that answers may grade as well; its own parameters are not for that.
    map.value('judge', judge ?? undefined);
  }
  if (messages.length > 0) {
    const span = root.get('messages')?.mainSpan ?? node.span;
    map.set(
      'messages',
      keyedList(
        messages.map(({ node: message }, index) => ({ key: String(index), node: message })),
        span,
      ),
    );
  }
  if (evaluators.length > 0) {
    const span = root.get('evaluators')?.mainSpan ?? node.span;
    const items = evaluators.map((evaluator, index) => ({
      key: String(index),
      node: assertionNode(evaluator, judge, null),
    }));
    map.set('assert', keyedList(items, span));
  }
  if (rows.missing !== undefined && rows.missing.length > 0)
    map.value('vars', Object.fromEntries(rows.missing.map((name) => [name, ''])));
  const data = root.get('testData')?.mainSpan ?? node.span;
  map.set('cases', keyedList(rows.cases, data));
  return {
    root: map.build(),
    names: rows.names,
    isPending: false,
    ...(root.get('name')?.word === undefined ? {} : { nameSpan: root.get('name')?.mainSpan ?? node.span }),
    ...(rows.idle === undefined ? {} : { idle: rows.idle }),
    assertions: evaluators,
  };
}

function textNode(cursor: Cursor | undefined): TreeNode | undefined {
  if (cursor?.word === undefined) return undefined;
  return cursor.text === undefined ? plainNode(cursor.word, cursor.mainSpan) : cursor.native;
}

interface ReadMessage {
  node: TreeNode;
  content: string;
}

function readMessages(root: Cursor): ReadMessage[] {
  const { problems } = root.context;
  const list = root.get('messages');
  if (list?.node.kind !== 'list' || list.items.length === 0) {
    problems.error(
      'missing-prompt',
      'The file does not say what is asked: it needs "messages" with "role" and "content".',
      (list ?? root).place,
      '',
    );
    return [];
  }
  return list.items.flatMap((item): ReadMessage[] => {
    const role = item.get('role');
    const content = item.key('content');
    const name = role?.word?.toLowerCase() ?? '';
    if (!ROLES.includes(name)) {
      problems.error(
        'unknown-value',
        `"${role?.word ?? ''}" is no role; a message is from system, user or assistant.`,
        (role ?? item).place,
      );
      return [];
    }
    const text = content?.word ?? '';
    const node = new MapBuilder(item.mainSpan)
      .value('role', name, role?.mainSpan)
      .set('content', content?.text === undefined ? plainNode(text, (content ?? item).mainSpan) : content.native)
      .build();
    return [{ node, content: text }];
  });
}

interface Rows {
  cases: { key: string; node: TreeNode }[];
  names: { name: string; id: string }[];
  idle?: string;
  /** Variables that nothing of the file defines. */
  missing?: string[];
}

/** Every row is a case; without rows a prompt that needs no variable is a case of its own. */
function readRows(root: Cursor, messages: readonly ReadMessage[], evaluators: readonly ForeignAssertion[]): Rows {
  const { problems } = root.context;
  const list = root.get('testData');
  const checks = new TemplateChecks(root.context);
  const prompts = messages.map(({ content }) => content);
  if (list === undefined || (list.node.kind === 'list' && list.items.length === 0)) {
    const missing = [...new Set(prompts.flatMap((text) => checks.missing(text, {})))];
    if (missing.length > 0 || prompts.length === 0) {
      const needs =
        missing.length === 0 ? '' : `: ${missing.map((name) => `"${name}"`).join(', ')} must come from there`;
      const idle = `The file has no "testData", so there is nothing to run${needs}.`;
      return { cases: [], names: [], idle, missing };
    }
    const node = new MapBuilder(root.node.span).value('name', 'prompt').build();
    return { cases: [{ key: '0', node }], names: [{ name: 'prompt', id: 'prompt' }] };
  }
  if (list.node.kind !== 'list') {
    problems.error('wrong-type', '"testData" must be a list of maps, each a case.', list.place);
    return { cases: [], names: [] };
  }
  const values = evaluators.flatMap(({ value, skip }) => (skip === undefined ? textsIn(value ?? null) : []));
  const rows: Rows = { cases: [], names: [] };
  const undefinedNames = new Map<string, { row: Cursor; count: number }>();
  list.items.forEach((item, index) => {
    if (item.node.kind !== 'map') {
      problems.error('wrong-type', 'A row of "testData" must be a map of variables.', item.place);
      return;
    }
    const vars: Record<string, Json> = {};
    for (const [name, value] of item.entries) setOwn(vars, name, value.plain);
    rows.names.push(nameCase({ vars }));
    // GitHub's tool leaves a placeholder without a variable as it stands.
    let known = vars;
    for (const [path, value] of checks.complete([...prompts, ...values], vars, (name) => `{{${name}}}`)) {
      const changed = withPath(known, path, value);
      if (changed === undefined) continue;
      known = changed;
      const entry = undefinedNames.get(path);
      if (entry === undefined) undefinedNames.set(path, { row: item, count: 1 });
      else entry.count++;
    }
    const expected = item.get('expected');
    const map = new MapBuilder(item.mainSpan);
    if (known !== vars) map.value('name', nameCase({ vars }).name);
    map.set('vars', known === vars ? item.native : plainNode(known, item.mainSpan));
    if (expected !== undefined) map.set('expected', expected.native);
    rows.cases.push({ key: String(index), node: map.build() });
  });
  for (const [path, { row, count }] of undefinedNames) {
    const more = count > 1 ? ` and ${count - 1} more rows` : '';
    problems.add({
      code: 'undefined-variable',
      message: `The variable "${path}" is not in this row${more}; as in GitHub Models its placeholder is sent as it stands.`,
      severity: 'warning',
      place: row.place,
    });
  }
  return rows;
}

/** `maxTokens` is `max_tokens` in the request. */
function paramsOf(root: Cursor): Record<string, Json> {
  const params: Record<string, Json> = {};
  for (const [key, value] of root.get('modelParameters')?.entries ?? []) {
    if (value.isEmpty) continue;
    const special = Object.hasOwn(SPECIAL_PARAMETERS, key) ? SPECIAL_PARAMETERS[key] : undefined;
    setOwn(params, special ?? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value.plain);
  }
  const format = responseFormat(root);
  if (format !== undefined) params['response_format'] = format;
  return params;
}
