/** Completion of keys, values and templates at a place of a text, whole or broken. */
import type { Path } from './loose/nodes';
import { childOf, itemsOf, scalarText, textAt } from './loose/nodes';
import { metaOf, type TSchema } from '../spec/schema-kit';
import { assertionDrafts, typeNames } from './complete/assertions';
import type { Draft } from './complete/draft';
import { asItem, asKey, formAt, type Form } from './complete/form';
import { schemaKeys, type KeyPlace } from './complete/keys';
import { datasetPath, datasetVariables } from './complete/names';
import { pathDrafts } from './complete/paths';
import { sloDrafts } from './complete/slo';
import { templateDrafts } from './complete/template';
import { aliasValues, assertionValues, contextValues, freeKeys, schemaValues } from './complete/values';
import { cursorAt, type Cursor } from './cursor';
import type { LanguageDocument } from './language-document';
import { alternatives, itemSlot, patternOf, propertiesOf, slotsAt, typesOf, usedPath, type Slot } from './slots';
import { isPlainSafe, quotedPart, scalarOf, verbatim } from './snippet';
import { openTagAt } from './templates/words';
import type { Completion, LanguageContext } from './types';

/** What may be written at `offset`; nothing in files of other formats. */
export async function completionsAt(
  document: LanguageDocument,
  offset: number,
  context: LanguageContext = {},
): Promise<Completion[]> {
  if (document.kind !== 'eval' && document.kind !== 'workspace') return [];
  return new Completer(document, cursorAt(document.loose, offset), context).complete();
}

/** Texts that may stand in a file of their own. */
const TEXTS =
  /^(?:prompt|prompts\/\*|prompts\/\*\/prompt|(?:prompts\/\*\/|cases\/\*\/)?messages\/\*\/content|cases\/\*\/turns\/\*\/user|cases\/\*\/transform|load\/\*\/trace)$/;
const PLAIN_PATHS = /^(?:dataset|dataset\/path|(?:endpoints\/\*|judge)\/tls\/ca)$/;
const SLOS = /^(?:load\/\*\/)?slo(?:\/\*(?:\/expr)?)?$/;
const PRESET_SLOS = /^presets\/[^/]+\/\*$/;

class Completer {
  private readonly tree;
  private readonly path: Path;
  private readonly found: Completion[] = [];

  constructor(
    private readonly document: LanguageDocument,
    private readonly cursor: Cursor,
    private readonly context: LanguageContext,
  ) {
    this.tree = document.loose;
    this.path = usedPath(this.tree, cursor.path);
  }

  async complete(): Promise<Completion[]> {
    const { cursor } = this;
    if (cursor.at === 'none') return [];
    if (await this.template()) return this.found;
    if (cursor.at === 'key') {
      await this.keys(this.slots(), this.path, formAt(cursor));
      return this.found;
    }
    if (await this.filePath()) return this.found;
    if (cursor.scalar?.style === 'block') return [];
    const form = formAt(cursor);
    for (const slot of this.slots()) await this.value(slot, this.path, form);
    if (this.isUnquoted && form.isBare) this.add(aliasValues(this.tree).filter(() => this.before.startsWith('*')));
    return this.found;
  }

  private slots(): Slot[] {
    return slotsAt(this.tree, this.document.kind, this.path);
  }

  /** The text of the value up to the cursor. */
  private get before(): string {
    return this.tree.text.slice(this.cursor.span.start, this.cursor.offset);
  }

  private get isUnquoted(): boolean {
    const style = this.cursor.scalar?.style;
    return style === undefined || style === 'plain' || style === 'alias';
  }

  /** Inside a template; true where nothing else can be meant. */
  private async template(): Promise<boolean> {
    const { cursor, tree, path } = this;
    const { scalar } = cursor;
    if (scalar === null) return false;
    const raw = tree.text.slice(scalar.start, Math.max(scalar.end, cursor.offset));
    const tag = openTagAt(raw, cursor.offset - scalar.start);
    if (tag === null) return false;
    const pattern = patternOf(path);
    const [first, second] = path;
    const { drafts, back, forth } = templateDrafts({
      tree,
      tag,
      owner: first === 'cases' && typeof second === 'number' ? second : null,
      isJudging: /(?:^|\/)assert\//.test(pattern),
      columns: datasetVariables(tree, await this.columns()),
    });
    this.add(drafts, { start: cursor.offset - back, end: cursor.offset + forth });
    return true;
  }

  private async columns(): Promise<readonly string[]> {
    const path = datasetPath(this.tree);
    if (path === undefined || path === '') return [];
    return (await this.context.datasetColumns?.(this.document.resolve(path))) ?? [];
  }

  /** A path that has been started; true where nothing else can be meant. */
  private async filePath(): Promise<boolean> {
    const { before, cursor } = this;
    const pattern = patternOf(this.path);
    const isReference = before.startsWith('file://');
    if (!isReference && !PLAIN_PATHS.test(pattern)) return false;
    const wanted = isReference
      ? pattern === 'load/*/trace'
        ? /\.(?:jsonl|ndjson|csv)$/i
        : pattern.endsWith('transform')
          ? /\.[cm]?js$/i
          : /\.(?:txt|md|json|ya?ml|prompt|j2|njk|js)$/i
      : pattern.endsWith('ca')
        ? /\.(?:pem|crt|cer)$/i
        : /\.(?:csv|jsonl|ndjson|json|ya?ml)$/i;
    const { drafts, from } = await pathDrafts(this.document, this.context, before, wanted, this.isUnquoted);
    this.add(drafts, { ...cursor.span, start: cursor.span.start + from });
    return isReference;
  }

  private async keys(slots: readonly Slot[], path: Path, form: Form): Promise<void> {
    const { cursor, tree } = this;
    const map = cursor.at === 'key' ? cursor.map : null;
    const present = new Set((map?.entries ?? []).filter((entry) => entry !== cursor.entry).map(({ key }) => key));
    const nameOnly = cursor.at === 'key' && cursor.entry !== null && cursor.entry.colon !== null;
    const place: KeyPlace = { tree, path, map, present, form, nameOnly };
    for (const slot of slots) {
      switch (slot.kind) {
        case 'schema':
          for (const schema of alternatives(slot.schema)) await this.mapKeys(schema, place);
          break;
        case 'assertion':
          this.add(assertionDrafts(place));
          break;
        case 'assertion-value':
          for (const schema of alternatives(slot.schema)) await this.mapKeys(schema, place);
          break;
        case 'assertion-key':
        case 'free':
          break;
      }
    }
  }

  private async mapKeys(schema: TSchema, place: KeyPlace): Promise<void> {
    if (!typesOf(schema).includes('object')) return;
    this.add(schemaKeys(schema, place));
    const pattern = patternOf(place.path);
    const isFree =
      metaOf(schema).kind === 'json' || Object.keys(propertiesOf(schema)).length === 0 || pattern === 'matrix';
    if (!isFree) return;
    const columns = pattern === 'dataset/map' ? await this.columns() : [];
    const free = freeKeys(pattern, this.tree, columns).filter(({ label }) => !place.present.has(label));
    this.add(this.framed(free, place));
  }

  /** Drafts of keys as they are written at the place. */
  private framed(drafts: readonly Draft[], { form, nameOnly }: KeyPlace): Draft[] {
    return drafts.map((draft) => ({
      ...draft,
      snippet: nameOnly
        ? verbatim(draft.label)
        : `${verbatim(form.before)}${draft.snippet ?? ''}${verbatim(form.after)}`,
    }));
  }

  private async value(slot: Slot, path: Path, form: Form): Promise<void> {
    switch (slot.kind) {
      case 'schema':
        for (const schema of alternatives(slot.schema)) await this.schemaValue(schema, path, form);
        break;
      case 'assertion':
        await this.structure(() => this.keys([slot], path, asKey(form)));
        break;
      case 'assertion-value':
        this.values(assertionValues(slot.name, slot.type), form);
        if (slot.type.value === 'none') break;
        this.reference(form);
        for (const schema of alternatives(slot.schema)) await this.schemaValue(schema, path, form, true);
        break;
      case 'assertion-key':
        if (slot.key === 'type') this.values(typeNames(), form);
        if (slot.key === 'severity') this.values(severities(), form);
        if (slot.key === 'assert')
          await this.structure(() => this.keys([{ kind: 'assertion' }], [...path, 0], asKey(asItem(form))));
        break;
      case 'free':
        await this.fromContext(path, form);
        break;
    }
  }

  /** A list or a map cannot start inside quotes, nor behind what is no word. */
  private async structure(visit: () => Promise<void>): Promise<void> {
    if (this.isUnquoted && /^[\w-]*$/.test(this.before)) await visit();
  }

  /** @param isPartial of a value whose examples are no more than that */
  private async schemaValue(schema: TSchema, path: Path, form: Form, isPartial = false): Promise<void> {
    const item = itemSlot(schema);
    if (item !== undefined) {
      await this.structure(() => this.value(item, [...path, 0], asItem(form)));
      return;
    }
    if (typesOf(schema).includes('object')) {
      await this.structure(() => this.keys([{ kind: 'schema', schema }], path, asKey(form)));
      if (typesOf(schema).length === 1) return;
    }
    const pattern = patternOf(path);
    if (SLOS.test(pattern) || PRESET_SLOS.test(pattern)) return this.slos(pattern, form);
    await this.fromContext(path, form);
    this.values(schemaValues(schema, isPartial), form);
    if (TEXTS.test(pattern)) this.reference(form);
  }

  private async fromContext(path: Path, form: Form): Promise<void> {
    const { tree, context, cursor } = this;
    const columns = path[0] === 'dataset' ? await this.columns() : [];
    this.values(await contextValues({ tree, context, cursor, path, flow: form.flow, columns }), form);
  }

  /** The start of a reference to a file. */
  private reference(form: Form): void {
    if (!'file://'.startsWith(this.before)) return;
    const snippet = `${verbatim(form.before)}file://${verbatim(form.after)}`;
    const documentation = 'A text in a file of its own; the path is relative to the folder of this file.';
    this.add([
      { label: 'file://', kind: 'file', documentation, snippet, group: 5, retrigger: true, source: 'context' },
    ]);
  }

  private slos(pattern: string, form: Form): void {
    const { cursor, tree } = this;
    if (!form.isBare && cursor.scalar !== null && !this.isUnquoted) return;
    const presets = this.context.workspace?.workspace?.presets ?? {};
    const list = cursor.path[0] === 'load' ? undefined : childOf(tree.root, 'slo');
    const present = new Set(
      itemsOf(list)
        .filter((node) => node !== cursor.scalar)
        .map((node) => (node.kind === 'scalar' ? scalarText(tree, node) : (textAt(tree, node, 'expr') ?? ''))),
    );
    const { drafts, from } = sloDrafts(this.before, presets, !PRESET_SLOS.test(pattern), present);
    // Only a whole SLO can be put in brackets.
    if (!form.isBare && from > 0) return;
    this.values(drafts, form, { ...cursor.span, start: cursor.span.start + from });
  }

  /** Scalars, quoted as their place needs it. */
  private values(drafts: readonly Draft[], form: Form, span = this.cursor.span): void {
    const style = this.cursor.scalar?.style;
    if (!form.isBare && !this.isUnquoted) return;
    const isQuoted = style === 'single' || style === 'double';
    this.add(
      drafts.map(({ text, ...draft }) => {
        const body =
          text === undefined
            ? (draft.snippet ?? '')
            : verbatim(isQuoted ? quotedPart(text, style) : literal(text, draft, form.flow));
        return { ...draft, snippet: `${verbatim(form.before)}${body}${verbatim(form.after)}` };
      }),
      span,
    );
  }

  private add(drafts: readonly Draft[], span = this.cursor.span): void {
    const range = this.document.range(span);
    const known = new Set(this.found.map(({ label, kind }) => `${kind} ${label}`));
    for (const { group, text, snippet, retrigger, ...draft } of drafts) {
      if (known.has(`${draft.kind} ${draft.label}`)) continue;
      known.add(`${draft.kind} ${draft.label}`);
      this.found.push({
        ...draft,
        snippet: snippet ?? verbatim(text ?? ''),
        range,
        sortText: `${group}${String(this.found.length).padStart(4, '0')}`,
        retrigger: retrigger === true,
      });
    }
  }
}

/** Words of the schema are what they are; names of people may need quotes. */
function literal(text: string, draft: Pick<Draft, 'source'>, flow: boolean): string {
  if (draft.source === 'schema') return isPlainSafe(text, flow) || !/[,[\]{}]/.test(text) ? text : scalarOf(text, flow);
  return scalarOf(text, flow);
}

function severities(): Draft[] {
  const words = { error: 'Fails.', warning: 'Is reported, fails nothing.', info: 'Is shown.' };
  return Object.entries(words).map(([label, documentation]) => ({
    label,
    kind: 'value',
    documentation,
    text: label,
    group: 0,
    source: 'schema',
  }));
}
