/** Tests as native cases: with the defaults of `defaultTest`, one for every combination of lists, and the reason where one cannot be run. */
import type { Json } from '../../../../protocol/plan';
import { canonicalJson, nameCase } from '../../naming';
import type { MapEntry, TreeNode } from '../../tree';
import { everyAssertion, hasTemplatedCode, type ForeignAssertion } from '../assertion';
import type { Cursor } from '../cursor';
import type { FileEnvironment } from '../env-templates';
import { MapBuilder } from '../native';
import { mapOf, plainNode } from '../source';
import { textsIn, withPath, type TemplateChecks } from '../template-vars';
import { codeOf, type AssertionReader, type AssertionScope } from './assertions';
import { MOST_TESTS } from './limits';
import type { PromptVariant } from './prompts';
import type { TestItem } from './tests';
import { combinationsOf, readVars, resolveVars, type ReadVars } from './vars';

/** Variables that stand for what is put before and behind each prompt. */
export const PREFIX = 'prompt_prefix';
export const SUFFIX = 'prompt_suffix';

export interface CaseDraft {
  /** In pointers: `3`, or `3#2` for the second that stems from one place. */
  key: string;
  item: TestItem;
  /** As shown and as referred to; of what is written, whatever files hold. */
  named: { name: string; id: string };
  vars: Record<string, Json>;
  expand: boolean;
  own: ForeignAssertion[];
  /** The assertions of `defaultTest` as this test has them. */
  defaults: ForeignAssertion[];
  /** Whether they are as every other test has them. */
  hasUsualDefaults: boolean;
  threshold?: number;
  transform?: string;
  repeat?: number;
  tags: string[];
  skip?: string;
  providers?: string[];
  prompts?: string[];
  /** Of a test of a conversation: which one. */
  conversation?: string;
  /** Tests that are turns of this case, itself the first. */
  turns?: CaseDraft[];
}

export interface CaseSettings {
  defaultTest: Cursor | undefined;
  env: FileEnvironment;
  reader: AssertionReader;
  checks: TemplateChecks;
  variants: readonly PromptVariant[];
  /** Code that the answers of every provider pass first. */
  providerTransform?: string;
  /** Whether files have not been read yet: what is missing may come from them. */
  isPending: boolean;
}

const KNOWN_KEYS: ReadonlySet<string> = new Set([
  ...['description', 'vars', 'provider', 'providers', 'prompts', 'providerOutput', 'assert', 'assertScoringFunction'],
  ...['options', 'threshold', 'metadata', '$ref', 'path', 'config'],
]);
const KNOWN_OPTIONS: ReadonlySet<string> = new Set([
  ...['prefix', 'suffix', 'provider', 'rubricPrompt', 'transform', 'postprocess', 'transformVars', 'repeat'],
  ...['storeOutputAs', 'disableVarExpansion', 'disableConversationVar', 'disableDefaultAsserts', 'runSerially'],
]);

/** Turns tests into cases, in order. */
export class CaseReader {
  /** Variables of the whole file. */
  readonly fileVars: Record<string, Json>;
  readonly defaults: ForeignAssertion[];
  /** Whether a test has a prefix or suffix of its own, so that both are variables. */
  readonly hasOwnAffixes: boolean;
  private readonly stored: ReadonlySet<string>;
  private readonly undefinedNames = new Map<string, { first: CaseDraft; count: number }>();
  private readonly usesConversation: boolean;

  constructor(
    private readonly items: readonly TestItem[],
    private readonly settings: CaseSettings,
  ) {
    const { defaultTest, env, variants, reader } = settings;
    this.hasOwnAffixes = items.some(({ test, data }) =>
      [test, data].some((cursor) => ['prefix', 'suffix'].some((key) => cursor?.get('options')?.get(key) !== undefined)),
    );
    const { vars, expanding } = readVars([defaultTest?.get('vars')], env);
    this.fileVars = Object.fromEntries(
      Object.entries(vars).filter(([name, value]) => !expanding.includes(name) && !isTemplate(value)),
    );
    if (this.hasOwnAffixes) {
      this.fileVars[PREFIX] = this.affix(undefined, 'prefix');
      this.fileVars[SUFFIX] = this.affix(undefined, 'suffix');
    }
    this.defaults = reader.readList(defaultTest?.get('assert'), scopeOf(undefined, defaultTest));
    this.usesConversation = variants.some(({ text }) => /\b_conversation\b/.test(text));
    this.stored = new Set(items.flatMap(({ test, data }) => this.storedName(test, data)?.word ?? []));
    this.reportDefaults();
  }

  read(): CaseDraft[] {
    const counts = new Map<number, number>();
    const drafts = this.items.flatMap((item) => {
      const before = counts.get(item.base) ?? 0;
      const found = this.readOne(item, before);
      counts.set(item.base, before + found.length);
      return found;
    });
    this.reportUndefined();
    const cases = this.usesConversation ? this.conversations(drafts) : drafts;
    for (const { skip, item } of cases)
      if (skip !== undefined) item.test.context.problems.skipped(`This test is not run: ${skip}.`, item.test.place);
    return cases.slice(0, MOST_TESTS);
  }

  /** Tests of one conversation as turns of one case; where that cannot be, the first alone asks what it would ask there. */
  private conversations(drafts: readonly CaseDraft[]): CaseDraft[] {
    const groups = new Map<string, CaseDraft[]>();
    const result: CaseDraft[] = [];
    for (const draft of drafts) {
      const group = draft.conversation === undefined ? undefined : groups.get(draft.conversation);
      if (group === undefined) result.push(draft);
      else group.push(draft);
      if (draft.conversation !== undefined && group === undefined) groups.set(draft.conversation, [draft]);
    }
    const [variant, second] = this.settings.variants;
    // The prompt is one for all cases: either every test is a turn, or none is.
    const isUsual =
      variant?.conversation !== undefined &&
      second === undefined &&
      drafts.every((draft) => draft.conversation !== undefined && isPlainTurn(draft));
    return result.flatMap((first) => {
      const group = groups.get(first.conversation ?? '') ?? [];
      if (first.conversation === undefined) return [first];
      if (isUsual) {
        first.turns = group;
        const { conversation, item } = first;
        if (group.length > 1 && conversation !== '' && item.test.get('description') === undefined)
          first.named = { name: conversation, id: first.named.id };
        return [first];
      }
      const reason =
        'it continues the conversation of the test before it ("_conversation"); write such tests as the "turns" of one case';
      return group.map((draft, index): CaseDraft => (index === 0 ? draft : { ...draft, skip: draft.skip ?? reason }));
    });
  }

  private readOne(item: TestItem, before: number): CaseDraft[] {
    const { test, data } = item;
    const { defaultTest, env, reader } = this.settings;
    if (item.isPlaceholder !== true) this.reportKeys(item);
    const option = (name: string) => this.option(item, name);
    const read = readVars([defaultTest?.get('vars'), data?.get('vars'), test.get('vars')], env);
    if (option('disableVarExpansion')?.boolean === true) read.expanding = [];
    if (this.hasOwnAffixes) {
      read.vars[PREFIX] = this.affix(item, 'prefix');
      read.vars[SUFFIX] = this.affix(item, 'suffix');
    }
    const scope = scopeOf(item, defaultTest);
    const own = [...reader.readList(data?.get('assert'), scope), ...reader.readList(test.get('assert'), scope)];
    const isOff = option('disableDefaultAsserts')?.boolean === true;
    const hasOwnScope = [test, data].some((cursor) =>
      ['provider', 'rubricPrompt'].some((key) => cursor?.get('options')?.get(key) !== undefined),
    );
    const defaults = isOff ? [] : hasOwnScope ? reader.readList(defaultTest?.get('assert'), scope) : this.defaults;
    const transform = this.transform(item);
    const skip = item.fault ?? read.fault ?? this.refusal(item) ?? transform.skip;
    const threshold = this.field(item, 'threshold')?.number;
    const repeat = option('repeat')?.number;
    const shared = {
      item,
      own,
      defaults,
      hasUsualDefaults: !isOff && !hasOwnScope,
      ...(threshold === undefined ? {} : { threshold: Math.max(0, Math.min(1, threshold)) }),
      ...(transform.code === undefined ? {} : { transform: transform.code }),
      ...(repeat === undefined || repeat < 1 ? {} : { repeat: Math.floor(repeat) }),
      tags: tagsOf(item, defaultTest),
      ...filterOf('providers', this.field(item, 'providers')),
      ...filterOf('prompts', this.field(item, 'prompts')),
    };
    const combinations = this.combinations(read);
    return combinations.map(({ vars, suffix, expand }, index): CaseDraft => {
      const number = before + index;
      const draft: CaseDraft = {
        ...shared,
        key: number === 0 ? String(item.base) : `${item.base}#${number + 1}`,
        named: nameOf(item, suffix),
        vars,
        expand,
      };
      const reason = skip ?? this.complete(draft);
      if (reason !== undefined) draft.skip = reason;
      const conversation = this.conversationOf(item);
      if (conversation !== undefined) draft.conversation = conversation;
      return draft;
    });
  }

  /** The combinations of a test, or one that the planner multiplies where it does so in the same way. */
  private combinations(read: ReadVars): { vars: Record<string, Json>; suffix: string; expand: boolean }[] {
    const values = Object.entries(read.vars);
    const isPlain =
      !values.some(([, value]) => isTemplate(value)) &&
      values.every(([name, value]) => read.expanding.includes(name) || !Array.isArray(value));
    if (read.expanding.length > 0 && isPlain) return [{ vars: read.vars, suffix: '', expand: true }];
    return combinationsOf(read, MOST_TESTS).map(({ vars, suffix }) => ({
      vars: resolveVars(vars),
      suffix,
      expand: false,
    }));
  }

  private option({ test, data }: TestItem, name: string): Cursor | undefined {
    const { defaultTest } = this.settings;
    return [test, data, defaultTest]
      .map((cursor) => cursor?.get('options')?.get(name))
      .find((value) => value !== undefined);
  }

  private field({ test, data }: TestItem, name: string): Cursor | undefined {
    return [test, data, this.settings.defaultTest]
      .map((cursor) => cursor?.get(name))
      .find((value) => value !== undefined);
  }

  private affix(item: TestItem | undefined, name: 'prefix' | 'suffix'): string {
    const option = item === undefined ? this.settings.defaultTest?.get('options')?.get(name) : this.option(item, name);
    const filled = this.settings.env.fill(option?.word ?? '');
    return filled.ok ? filled.text : '';
  }

  private storedName(test: Cursor, data: Cursor | undefined): Cursor | undefined {
    return (
      test.get('options')?.get('storeOutputAs') ??
      data?.get('options')?.get('storeOutputAs') ??
      test.get('storeOutputAs')
    );
  }

  /** Why a test cannot be run at all. */
  private refusal(item: TestItem): string | undefined {
    if (this.field(item, 'provider') !== undefined)
      return 'it asks a provider of its own, and cases here are asked of every endpoint';
    if (this.field(item, 'providerOutput') !== undefined) return 'its answer is given, and nothing is asked';
    if (this.option(item, 'transformVars') !== undefined)
      return 'code changes its variables ("transformVars"), which has no counterpart';
    return undefined;
  }

  private transform(item: TestItem): { code?: string; skip?: string } {
    const { providerTransform } = this.settings;
    const written = this.option(item, 'transform') ?? this.option(item, 'postprocess');
    if (written === undefined) return providerTransform === undefined ? {} : { code: providerTransform };
    if (providerTransform !== undefined)
      return { skip: 'its transform follows one of the providers, and a case here has one' };
    const code = codeOf(written);
    return 'reason' in code ? { skip: `its transform is not run: ${code.reason}` } : { code: code.text };
  }

  /** Adds the variables that the test lacks, as empty texts; gives the reason where the lack has another one. */
  private complete(draft: CaseDraft): string | undefined {
    const { variants, checks, isPending } = this.settings;
    if (isPending || draft.item.isPlaceholder === true) return undefined;
    // Conversations start empty, as far as they start here.
    const given =
      this.usesConversation && !Object.hasOwn(draft.vars, '_conversation')
        ? { ...draft.vars, _conversation: [] }
        : draft.vars;
    const known = draft.expand
      ? (combinationsOf({ vars: given, expanding: listsOf(given) }, 1)[0]?.vars ?? given)
      : given;
    const assertions = everyAssertion([...draft.defaults, ...draft.own]).filter(
      ({ type, skip }) => skip === undefined && !/javascript$/.test(type),
    );
    const texts = [
      ...variants.flatMap(({ body, text }) =>
        body.kind === 'messages' ? body.messages.map(({ content }) => content) : [text],
      ),
      ...assertions.flatMap(({ value }) => textsIn(value ?? null)),
    ];
    const added = checks.complete(texts, known, () => '');
    const inVars = this.stored.size === 0 ? [] : textsIn(known).flatMap((text) => checks.missing(text, known));
    const stored = [...added.keys(), ...inVars].find((path) => this.stored.has(path));
    if (stored !== undefined) return `it uses "${stored}", the answer of another test, which has no counterpart`;
    let vars = given;
    for (const [path, value] of added) {
      const changed = withPath(vars, path, value);
      if (changed === undefined) continue;
      vars = changed;
      const entry = this.undefinedNames.get(path);
      if (entry === undefined) this.undefinedNames.set(path, { first: draft, count: 1 });
      else entry.count++;
    }
    draft.vars = vars;
    return undefined;
  }

  /** The conversation that a test is part of; undefined where it is part of none. */
  private conversationOf(item: TestItem): string | undefined {
    const { test, data } = item;
    if (!this.usesConversation || this.option(item, 'disableConversationVar')?.boolean === true) return undefined;
    const written = [test, data, this.settings.defaultTest]
      .map((cursor) => cursor?.get('metadata')?.get('conversationId')?.word)
      .find((id) => id !== undefined);
    return written ?? (data === undefined ? '' : canonicalJson(data.plain));
  }

  private reportUndefined(): void {
    for (const [path, { first, count }] of this.undefinedNames) {
      const { test } = first.item;
      const more = count > 1 ? ` and ${count - 1} more` : '';
      test.context.problems.add({
        code: 'undefined-variable',
        message: `The variable "${path}" is not defined (in test "${first.named.name}"${more}); as in promptfoo it is empty.`,
        severity: 'warning',
        place: test.place,
      });
    }
  }

  private reportDefaults(): void {
    const { defaultTest } = this.settings;
    if (defaultTest === undefined) return;
    this.reportKeysOf(defaultTest);
    reportScoring(defaultTest);
  }

  private reportKeys({ test, data }: TestItem): void {
    for (const cursor of [test, data]) {
      if (cursor === undefined) continue;
      this.reportKeysOf(cursor);
      reportScoring(cursor);
      const stored = cursor.get('options')?.get('storeOutputAs') ?? cursor.get('storeOutputAs');
      if (stored !== undefined)
        stored.context.problems.skipped(
          '"storeOutputAs" has no counterpart: answers are not handed from one test to another. The tests that use it are not run.',
          stored.keyPlace,
        );
    }
  }

  private reportKeysOf(cursor: Cursor): void {
    for (const [key, value] of cursor.entries)
      if (!KNOWN_KEYS.has(key) && key !== 'storeOutputAs')
        value.context.problems.ignored(`"${key}" of a test has no counterpart and no effect.`, value.keyPlace);
    for (const [key, value] of cursor.get('options')?.entries ?? [])
      if (!KNOWN_OPTIONS.has(key))
        value.context.problems.ignored(
          `The option "${key}" of a test has no counterpart and no effect.`,
          value.keyPlace,
        );
  }
}

function reportScoring(cursor: Cursor): void {
  const scoring = cursor.get('assertScoringFunction');
  if (scoring !== undefined)
    scoring.context.problems.skipped(
      '"assertScoringFunction" is not run: the assertions are, and without it a case passes when all of them do (or when their score reaches the threshold).',
      scoring.keyPlace,
    );
}

/** Whether a test says nothing that a turn cannot. */
function isPlainTurn({ skip, threshold, transform, repeat, expand, providers, prompts }: CaseDraft): boolean {
  return [skip, threshold, transform, repeat, providers, prompts].every((value) => value === undefined) && !expand;
}

function isTemplate(value: Json): boolean {
  return typeof value === 'string' && /\{\{|\{%/.test(value);
}

function listsOf(vars: Record<string, Json>): string[] {
  return Object.entries(vars).flatMap(([name, value]) => (Array.isArray(value) ? [name] : []));
}

function scopeOf(item: TestItem | undefined, defaultTest: Cursor | undefined): AssertionScope {
  const layers = [item?.test, item?.data, defaultTest];
  const option = (name: string) =>
    layers.map((cursor) => cursor?.get('options')?.get(name)).find((value) => value !== undefined);
  const grader = option('provider');
  const rubricPrompt = option('rubricPrompt');
  return {
    ...(grader === undefined ? {} : { grader }),
    ...(rubricPrompt === undefined ? {} : { rubricPrompt }),
  };
}

function filterOf<K extends string>(key: K, value: Cursor | undefined): { [P in K]?: string[] } {
  if (value === undefined) return {};
  const list = value.node.kind === 'list' ? value.items.flatMap(({ word }) => word ?? []) : [value.word ?? ''];
  return { [key]: list } as { [P in K]?: string[] };
}

/** `metadata` as tags, by which a run can be narrowed: `team:search`. */
function tagsOf({ test, data }: TestItem, defaultTest: Cursor | undefined): string[] {
  const merged = new Map([defaultTest, data, test].flatMap((cursor) => cursor?.get('metadata')?.entries ?? []));
  return [...merged].flatMap(([key, value]) => {
    if (key === 'conversationId') return [];
    const words = value.node.kind === 'list' ? value.items.map(({ word }) => word) : [value.word];
    return words.flatMap((word) => (word === undefined || word === '' ? [] : [`${key}:${word}`]));
  });
}

/** The name of a test does not depend on what files hold: results keep it while the file is edited. */
function nameOf({ test, data, name }: TestItem, suffix: string): { name: string; id: string } {
  const description = test.get('description')?.word ?? data?.get('description')?.word;
  const vars = { ...plainMap(data?.get('vars')), ...plainMap(test.get('vars')) };
  const base =
    description !== undefined && description.trim() !== ''
      ? { name: description, id: description }
      : Object.keys(vars).length > 0
        ? nameCase({ vars })
        : { name: name ?? 'test', id: name ?? 'test' };
  return suffix === '' ? base : { name: `${base.name} (${suffix})`, id: `${base.id} (${suffix})` };
}

function plainMap(cursor: Cursor | undefined): Record<string, Json> {
  const data = cursor?.plain;
  return data === null || data === undefined || typeof data !== 'object' || Array.isArray(data) ? {} : data;
}

/** Whether the assertions of `defaultTest` have to stand in each case, since one of them does without or has them otherwise. */
export function needsOwnDefaults(drafts: readonly CaseDraft[], defaults: readonly ForeignAssertion[]): boolean {
  return (
    defaults.length > 0 &&
    (drafts.some(({ hasUsualDefaults, turns }) => !hasUsualDefaults || turns !== undefined) ||
      defaults.some((assertion) => hasTemplatedCode(assertion)))
  );
}

/** The native case of a draft, but for its assertions. */
export function caseMap(draft: CaseDraft, fileVars: Record<string, Json>): MapBuilder {
  const { item, vars, threshold, transform, repeat, tags, skip, expand } = draft;
  const span = item.test.mainSpan;
  const description = item.test.get('description') ?? item.data?.get('description');
  const map = new MapBuilder(span);
  const own = Object.entries(vars).filter(
    ([name, value]) => !Object.hasOwn(fileVars, name) || canonicalJson(fileVars[name]) !== canonicalJson(value),
  );
  // Without a name the case would go by its variables, which may have come to more than the test says.
  const { name } = draft.named;
  if (item.isPlaceholder !== true && nameCase({ vars: Object.fromEntries(own) }).name !== name)
    map.value('name', name, description?.mainSpan);
  if (own.length > 0) map.set('vars', varsNode(own, item.test));
  map.value('expand', expand ? true : undefined);
  map.value('threshold', threshold).value('transform', transform).value('repeat', repeat);
  map.value('tags', tags.length > 0 ? tags : undefined).value('skip', skip);
  return map;
}

/** Variables at their places where they stand in the test. */
function varsNode(vars: readonly (readonly [string, Json])[], test: Cursor): TreeNode {
  const written = test.get('vars');
  const span = written?.mainSpan ?? test.mainSpan;
  const entries = vars.map(([key, value]): MapEntry => {
    const cursor = written?.node.kind === 'map' ? written.get(key) : undefined;
    const isSame = cursor !== undefined && canonicalJson(cursor.plain) === canonicalJson(value);
    const node = isSame ? cursor.native : plainNode(value, cursor?.mainSpan ?? span);
    return { key, keySpan: node.span, node, merged: false };
  });
  return mapOf(entries, span);
}
