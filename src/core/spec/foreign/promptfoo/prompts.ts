/** `prompts`: texts, messages and files, as variants of the native prompt. */
import { basename, dirname, relative } from 'node:path';
import { shortText, UniqueIds } from '../../naming';
import type { Span, TreeNode } from '../../tree';
import { csvRows } from '../csv-rows';
import type { Cursor } from '../cursor';
import type { FileEnvironment } from '../env-templates';
import { bodyOf, type PromptBody } from '../messages';
import { codeReason, dataOf, isFileUrl, isGlob, nonEmptyLines, parseReference, readFile } from '../references';
import { plainNode, type SourceFile } from '../source';
import { asTemplate } from '../template-vars';
import { conversationOf, type Conversation } from './conversation';

export interface PromptVariant {
  /** Unique in the file. */
  name: string;
  /** By which the filters of providers and tests call it. */
  aliases: string[];
  body: Exclude<PromptBody, { kind: 'unusable' }>;
  /** As it is written, before a prefix or suffix. */
  text: string;
  /** Where it repeats the conversation so far. */
  conversation?: Conversation;
  /** The text in the imported file itself, where it stands there. */
  node?: TreeNode;
  /** The file that is the prompt as it is, for messages that point into it. */
  file?: string;
  span: Span;
}

export interface Prompts {
  variants: PromptVariant[];
  /** Files have not been read yet: nothing is to be concluded from what is missing. */
  isPending: boolean;
}

interface Raw {
  text: string;
  label?: string;
  aliases: string[];
  node?: TreeNode;
  file?: string;
}

const FILE_NAME =
  /^[^\n{}]*\.(?:txt|md|json|jsonl|ya?ml|csv|j2|[cm]?[jt]sx?|py|rb|go|sh|bash|exe|bat|cmd|ps1|pl)(?::\w+)?$/i;
const SERVICES = /^(portkey|langfuse|helicone):\/\//;
/** A line of these characters separates prompts of one file. */
const SEPARATOR = '---';

export function readPrompts(list: Cursor | undefined, root: Cursor, env: FileEnvironment): Prompts {
  const reader = new PromptReader(env);
  if (list === undefined) reader.add(root, { text: '{{prompt}}', aliases: [] });
  else reader.read(list);
  return { variants: reader.variants, isPending: reader.isPending };
}

class PromptReader {
  readonly variants: PromptVariant[] = [];
  isPending = false;
  private readonly names = new UniqueIds();

  constructor(private readonly env: FileEnvironment) {}

  read(list: Cursor): void {
    if (list.node.kind === 'list') {
      for (const item of list.items) this.item(item);
    } else if (list.node.kind === 'map' && list.get('raw') === undefined && list.get('id') === undefined) {
      // The old form: a map from a file or text to its label.
      for (const [key, label] of list.entries) this.entry(label, key, label.word, []);
    } else {
      this.item(list);
    }
  }

  private item(item: Cursor): void {
    const { problems } = item.context;
    if (item.isEmpty) return;
    if (item.node.kind !== 'map') {
      const text = item.word;
      if (text === undefined)
        problems.error('wrong-type', 'A prompt is a text, a file or a map with "raw" or "id".', item.place);
      else this.entry(item, text, undefined, [], item.node);
      return;
    }
    const raw = item.get('raw') ?? item.get('id');
    const label = item.get('label')?.word;
    const id = item.get('id')?.word;
    const text = raw?.word ?? label;
    if (raw?.node.kind === 'list' || raw?.node.kind === 'map') {
      this.entry(raw, JSON.stringify(raw.plain), label, id === undefined ? [] : [id]);
    } else if (text === undefined) {
      problems.error(
        'missing-prompt',
        'This prompt has neither "raw" nor "id", so there is nothing to ask.',
        item.place,
      );
    } else {
      this.entry(raw ?? item, text, label, id === undefined ? [] : [id], raw?.node);
    }
    const config = item.get('config');
    if (config !== undefined)
      problems.skipped(
        '"config" of a prompt has no counterpart: parameters belong to the providers, which all prompts share.',
        config.keyPlace,
      );
    const code = item.get('function');
    if (code !== undefined)
      problems.skipped('"function" of a prompt is code, which makes no prompts here.', code.keyPlace);
  }

  private entry(cursor: Cursor, text: string, label: string | undefined, aliases: string[], node?: TreeNode): void {
    const { problems } = cursor.context;
    const service = SERVICES.exec(text)?.[1];
    if (service !== undefined) {
      problems.skipped(
        `The prompt is not asked: it is kept by ${service}, which is not called from here.`,
        cursor.place,
      );
      return;
    }
    if (text.startsWith('exec:')) {
      problems.skipped('The prompt is not asked: a program makes it, and no program is run for it here.', cursor.place);
      return;
    }
    const filled = this.env.fill(text);
    if (!filled.ok) {
      problems.skipped(
        `The prompt is not asked: it reads the environment variable ${filled.variable}, which would end up in the results.`,
        cursor.place,
      );
      return;
    }
    if (isFileUrl(text) || FILE_NAME.test(text) || (/[*]/.test(text) && /^[^\s{}]+$/.test(text))) {
      this.files(cursor, filled.text, label, aliases);
      return;
    }
    this.add(cursor, {
      text: filled.text,
      ...(label === undefined ? {} : { label }),
      aliases: [...aliases, text],
      ...(node === undefined || filled.text !== text ? {} : { node }),
    });
  }

  private files(cursor: Cursor, reference: string, label: string | undefined, aliases: string[]): void {
    const { path, kind } = parseReference(reference, cursor.context);
    const names = [...aliases, reference, reference.replace(/^file:\/\//, '')];
    if (kind !== 'javascript' && isGlob(path)) {
      const found = cursor.context.files.list(path);
      if (found === undefined) this.pending(cursor, reference, label, names);
      else if (found.length === 0)
        cursor.context.problems.error('missing-file', `No file matches ${path}.`, cursor.place);
      else for (const each of found) this.file(cursor, each, undefined, [...names, each]);
      return;
    }
    this.file(cursor, reference, label, names);
  }

  private file(cursor: Cursor, reference: string, label: string | undefined, aliases: string[]): void {
    const { path, kind } = parseReference(reference, cursor.context);
    const { problems } = cursor.context;
    const code = codeReason(kind) ?? (kind === 'javascript' ? 'code makes no prompts here' : undefined);
    if (code !== undefined || kind === 'media' || kind === 'sheet' || /\.(?:sh|bash|exe|bat|cmd|ps1|pl)$/i.test(path)) {
      problems.skipped(`The prompt is not asked: ${code ?? `${basename(path)} is not a text`}.`, cursor.place);
      return;
    }
    const read = readFile(cursor, path);
    if (read.state === 'pending') this.pending(cursor, reference, label, aliases);
    if (read.state !== 'read') return;
    const raws = promptsIn(cursor, read.value, label);
    if (raws.length === 0) problems.error('missing-prompt', `${path} holds no prompt.`, cursor.place);
    for (const raw of raws) {
      const filled = this.env.fill(raw.text);
      if (filled.ok) this.add(cursor, { ...raw, text: filled.text, aliases: [...aliases, ...raw.aliases] });
      else
        problems.skipped(
          `A prompt of ${path} is not asked: it reads the environment variable ${filled.variable}, which would end up in the results.`,
          cursor.place,
        );
    }
  }

  /** Stands for the prompts of a file that has not been read, so that the file's outline has its variants. */
  private pending(cursor: Cursor, reference: string, label: string | undefined, aliases: string[]): void {
    this.isPending = true;
    this.add(cursor, { text: reference, label: label ?? titleOf(reference), aliases });
  }

  add(cursor: Cursor, raw: Raw): void {
    const conversation = conversationOf(raw.text);
    const body: PromptBody =
      conversation === null
        ? asTemplates(bodyOf(raw.text))
        : { kind: 'messages', messages: [...conversation.messages, { role: 'user', content: conversation.user }] };
    if (body.kind === 'unusable') {
      cursor.context.problems.skipped(`The prompt is not asked: ${body.reason}.`, cursor.place);
      return;
    }
    const name = this.names.take(raw.label ?? (shortText(raw.text) || 'empty'));
    this.variants.push({
      name,
      aliases: [...(raw.label === undefined ? [] : [raw.label]), ...raw.aliases],
      body,
      text: body.kind === 'text' ? asTemplate(raw.text) : raw.text,
      span: cursor.mainSpan,
      ...(conversation === null ? {} : { conversation }),
      ...(raw.node === undefined ? {} : { node: cursor.native }),
      ...(raw.file === undefined ? {} : { file: raw.file }),
    });
  }
}

function asTemplates(body: PromptBody): PromptBody {
  if (body.kind !== 'messages') return body;
  return { ...body, messages: body.messages.map(({ role, content }) => ({ role, content: asTemplate(content) })) };
}

/** The prompts of one file, by its kind. */
function promptsIn(reference: Cursor, file: SourceFile, label: string | undefined): Raw[] {
  const title = label ?? titleOf(file.path);
  const one = (text: string): Raw[] => [{ text, label: title, aliases: [title] }];
  const kind = parseReference(file.path, reference.context).kind;
  switch (kind) {
    case 'json':
    case 'yaml': {
      // A template may well be in a file that ends in .json without being JSON.
      if (kind === 'json' && !isJson(file.text)) return one(file.text);
      const data = dataOf(reference, file);
      return data.state === 'read' ? one(JSON.stringify(data.value.plain)) : [];
    }
    case 'jsonl':
      return numbered(
        nonEmptyLines(file).map(({ text }) => ({ text })),
        title,
      );
    case 'csv':
      return csvPrompts(reference, file, label, title);
    default:
      return /\.txt$/i.test(file.path)
        ? numbered(textPrompts(file), title, file.path)
        : [{ text: file.text, label: title, aliases: [title], file: file.path }];
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function numbered(prompts: { text: string; isWhole?: boolean }[], title: string, path?: string): Raw[] {
  return prompts.map(({ text, isWhole }, index) => ({
    text,
    label: prompts.length === 1 ? title : `${title} ${index + 1}`,
    aliases: [title],
    ...(isWhole === true && path !== undefined ? { file: path } : {}),
  }));
}

/** Prompts of a text file: what stands between the separating lines. */
function textPrompts({ text }: SourceFile): { text: string; isWhole?: boolean }[] {
  const blocks: string[][] = [[]];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === SEPARATOR) blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  const prompts = blocks.map((lines) => lines.join('\n').trim()).filter((prompt) => prompt !== '');
  return prompts.map((prompt) => ({ text: prompt, isWhole: prompt === text }));
}

/** Of a table the column `prompt`, of a list of lines each line. */
function csvPrompts(reference: Cursor, file: SourceFile, label: string | undefined, title: string): Raw[] {
  const lines = () => {
    const all = nonEmptyLines(file).map(({ text }) => text);
    return numbered(
      (all[0]?.toLowerCase() === 'prompt' ? all.slice(1) : all).map((text) => ({ text })),
      title,
    );
  };
  if (!file.text.includes(',')) return lines();
  const rows = csvRows(reference, file).filter(({ record }) => (record['prompt'] ?? '').trim() !== '');
  return rows.map(({ record }, index) => {
    const own = record['label']?.trim();
    const name = own === undefined || own === '' ? (label ?? `${title} ${index + 1}`) : own;
    return { text: (record['prompt'] ?? '').trim(), label: name, aliases: [name, title] };
  });
}

/** `file://prompts/terse.md` is called `terse`. */
function titleOf(reference: string): string {
  return basename(reference.replace(/^file:\/\//, '')).replace(/\.[^.]+$/, '') || reference;
}

/** Whether a filter means a prompt: by label, id, file or text, by a prefix that ends in `*`, or by the part before a colon. */
export function meansPrompt(filter: string, { name, aliases }: PromptVariant): boolean {
  return [name, ...aliases].some(
    (alias) =>
      alias === filter ||
      (filter.endsWith('*') && alias.startsWith(filter.slice(0, -1))) ||
      alias.startsWith(`${filter}:`),
  );
}

/** The nodes of a variant: `prompt` or `messages`, with what is put before and behind a text. */
export function variantNode(
  { body, text, node, file, span }: PromptVariant,
  prefix: string,
  suffix: string,
  main: SourceFile,
): { key: 'prompt' | 'messages'; node: TreeNode } {
  if (body.kind === 'messages') return { key: 'messages', node: plainNode(body.messages, span) };
  if (prefix === '' && suffix === '') {
    if (node !== undefined && node.kind === 'scalar' && node.value === text) return { key: 'prompt', node };
    if (file !== undefined && !text.startsWith('{% raw %}')) {
      const shown = relative(dirname(main.path), file).replaceAll('\\', '/');
      return { key: 'prompt', node: plainNode(`file://${shown}`, span) };
    }
  }
  return { key: 'prompt', node: plainNode(prefix + text + suffix, span) };
}
