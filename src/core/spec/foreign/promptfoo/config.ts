/** A promptfoo configuration as a whole: what it amounts to in the native format. */
import type { Json } from '../../../../protocol/plan';
import { shortText } from '../../naming';
import type { Span, TreeNode } from '../../tree';
import { assertionNode, sharedJudge } from '../assertion';
import type { Converted } from '../converted';
import { Cursor, type ForeignContext } from '../cursor';
import { FileEnvironment } from '../env-templates';
import { keyedList, MapBuilder } from '../native';
import { isFileUrl, parseReference, readData } from '../references';
import { plainNode } from '../source';
import { TemplateChecks } from '../template-vars';
import { AssertionReader } from './assertions';
import { renderedValue } from './conversation';
import { CaseReader, caseMap, needsOwnDefaults, PREFIX, SUFFIX, type CaseDraft } from './cases';
import { Graders } from './graders';
import { meansPrompt, readPrompts, variantNode, type PromptVariant } from './prompts';
import { meansProvider, ProviderReader, type Provider } from './providers';
import { readSettings, reportUnused } from './settings';
import { TestReader } from './tests';

export function convertPromptfoo(context: ForeignContext): Converted {
  const { problems, main } = context;
  const node = context.root;
  const start: Span = { start: 0, end: 0 };
  if (node?.kind !== 'map') {
    const span = node === null ? { start: 0, end: main.lines.lineEnd(0) } : node.span;
    problems.error(
      'wrong-type',
      'A promptfoo configuration is a map with "prompts", "providers" and "tests".',
      {
        file: main,
        span: { start: span.start, end: Math.min(span.end, main.lines.lineEnd(span.start)) },
      },
      '',
    );
    return { root: null, names: [], isPending: false };
  }
  const root = Cursor.ofMain(context, node);
  const env = new FileEnvironment(root.get('env'));
  const providerReader = new ProviderReader(env);
  const providers = providerReader.readAll(root.get('providers') ?? root.get('targets'));
  const prompts = readPrompts(root.get('prompts'), root, env);
  const defaultTest = loadedDefault(root.get('defaultTest'));
  const tests = new TestReader(env).read(root.get('tests'), root.get('scenarios'), root);
  reportUnused(root);

  const transforms = transformsOf(providers.list);
  const reader = new AssertionReader(new Graders(providerReader, providers.list), env);
  const isPending = providers.isPending || prompts.isPending || tests.isPending || defaultTest.isPending;
  const cases = new CaseReader(tests.items, {
    defaultTest: defaultTest.cursor,
    env,
    reader,
    checks: new TemplateChecks(context),
    variants: prompts.variants,
    ...(transforms === undefined ? {} : { providerTransform: transforms }),
    isPending,
  });
  // While only the file itself is known, one case stands for all that stem from its place.
  const all = cases.read();
  const drafts = context.env === undefined ? all.filter(({ key }) => !key.includes('#')) : all;

  const runnable = providers.list.filter((provider) => provider.endpoint !== null);
  if (prompts.variants.length === 0) reportNone(root, 'prompts', 'missing-prompt', 'None of the prompts can be asked');
  if (drafts.length === 0 && !isPending) reportNone(root, 'tests', 'no-tests', 'None of the tests can be run');

  const isOwn = needsOwnDefaults(drafts, cases.defaults);
  const judge = sharedJudge([
    ...cases.defaults,
    ...drafts
      .flatMap((draft) => draft.turns ?? [draft])
      .flatMap(({ own, defaults }) => [...own, ...(isOwn ? defaults : [])]),
  ]);
  const affixes = cases.hasOwnAffixes
    ? { prefix: `{{${PREFIX}}}`, suffix: `{{${SUFFIX}}}` }
    : sharedAffixes(defaultTest.cursor);
  const settings = readSettings(root);
  const isConversation = drafts.some(({ turns }) => turns !== undefined);

  const map = new MapBuilder(node.span);
  const description = root.get('description');
  if (description?.word !== undefined) {
    const text = description.word;
    map.value('name', shortText(text), description.mainSpan);
    if (shortText(text) !== text) map.set('description', description.native);
  }
  map.value('tags', tagsOf(root));
  const list = root.get('providers') ?? root.get('targets');
  map.set(
    'endpoints',
    plainList(
      runnable.map(({ endpoint, span }) => plainNode(endpoint as Json, span)),
      list?.mainSpan ?? start,
    ),
  );
  map.value('judge', judgeOf(judge, runnable));
  promptEntries(map, prompts.variants, affixes, isConversation, root);
  map.value(
    'vars',
    Object.keys(cases.fileVars).length > 0 ? cases.fileVars : undefined,
    defaultTest.cursor?.get('vars')?.mainSpan,
  );
  if (!isOwn && cases.defaults.length > 0) {
    const span = defaultTest.cursor?.get('assert')?.mainSpan ?? start;
    map.set(
      'assert',
      plainList(
        cases.defaults.map((assertion) => assertionNode(assertion, judge, null)),
        span,
      ),
    );
  }
  const [only] = prompts.variants;
  const items = drafts.map((draft) => ({ key: draft.key, node: caseNode(draft, cases.fileVars, judge, isOwn, only) }));
  const testsSpan = (root.get('tests') ?? root.get('scenarios') ?? root).mainSpan;
  map.set('cases', keyedList(items, testsSpan));
  for (const [key, value, span] of settings) map.value(key, value, span);

  return {
    root: map.build(),
    names: drafts.map(({ named }) => named),
    isPending,
    ...(description?.word === undefined ? {} : { nameSpan: description.mainSpan }),
    hints: hintsOf(providers.list, prompts.variants, drafts),
    unwritable: filterNotes(providers.list, drafts),
    assertions: [...cases.defaults, ...drafts.flatMap((draft) => draft.turns ?? [draft]).flatMap(({ own }) => own)],
  };
}

function loadedDefault(written: Cursor | undefined): { cursor: Cursor | undefined; isPending: boolean } {
  const text = written?.text;
  if (written === undefined || text === undefined) return { cursor: written, isPending: false };
  if (!isFileUrl(text)) {
    written.context.problems.error('wrong-type', '"defaultTest" is a map, or a "file://" path of one.', written.place);
    return { cursor: undefined, isPending: false };
  }
  const { path } = parseReference(text, written.context);
  const read = readData(written, path);
  return { cursor: read.state === 'read' ? read.value : undefined, isPending: read.state === 'pending' };
}

/** The transform that all providers share. Of providers that differ in it, those with one are not asked: a case here has one for all. */
function transformsOf(providers: Provider[]): string | undefined {
  const asked = providers.filter(({ endpoint }) => endpoint !== null);
  const [first] = asked;
  if (first === undefined || asked.every(({ transform }) => transform === undefined)) return undefined;
  if (asked.every(({ transform }) => transform === first.transform)) return first.transform;
  for (const provider of asked) {
    if (provider.transform === undefined) continue;
    provider.endpoint = null;
    provider.skip = 'its transform is its own, and a case here has one transform for every endpoint';
    provider.cursor.context.problems.skipped(
      `"${provider.label ?? provider.id}" is not asked: ${provider.skip}.`,
      provider.cursor.place,
    );
  }
  return undefined;
}

/** What is wrong with each of them has been said; only where all of them are merely skipped is there more to say. */
function reportNone(root: Cursor, key: string, code: string, what: string): void {
  const { problems } = root.context;
  if (problems.hasError) return;
  problems.error(code, `${what} from here, so there is nothing to run.`, (root.get(key) ?? root).place, '');
}

function plainList(nodes: TreeNode[], span: Span): TreeNode {
  return keyedList(
    nodes.map((node, index) => ({ key: String(index), node })),
    span,
  );
}

/** A grader that is asked as well goes by its name. */
function judgeOf(judge: Provider['endpoint'], targets: readonly Provider[]): Json | undefined {
  if (judge === null) return undefined;
  return targets.some(({ endpoint }) => endpoint?.name === judge.name) ? judge.name : judge;
}

function sharedAffixes(defaultTest: Cursor | undefined): { prefix: string; suffix: string } {
  const options = defaultTest?.get('options');
  return { prefix: options?.get('prefix')?.word ?? '', suffix: options?.get('suffix')?.word ?? '' };
}

function promptEntries(
  map: MapBuilder,
  variants: readonly PromptVariant[],
  { prefix, suffix }: { prefix: string; suffix: string },
  isConversation: boolean,
  root: Cursor,
): void {
  const [first, second] = variants;
  if (first === undefined) {
    // The run is forbidden already; without a prompt each of the cases would be blamed for it as well.
    map.value('prompt', '');
    return;
  }
  if ((prefix !== '' || suffix !== '') && variants.some(({ body }) => body.kind === 'messages'))
    root.context.problems.skipped(
      'A prefix or suffix is not put around a prompt that is a list of messages.',
      (root.get('prompts') ?? root).place,
    );
  if (second === undefined) {
    if (isConversation && first.conversation !== undefined) {
      // Each turn is what the user says next; what comes before the first may be nothing.
      const { messages } = first.conversation;
      if (messages.length > 0) map.value('messages', messages, first.span);
      return;
    }
    const { key, node } = variantNode(first, prefix, suffix, root.context.main);
    map.set(key, node);
    return;
  }
  const nodes = variants.map((variant) => {
    const { key, node } = variantNode(variant, prefix, suffix, root.context.main);
    return new MapBuilder(variant.span).value('name', variant.name).set(key, node).build();
  });
  map.set('prompts', plainList(nodes, (root.get('prompts') ?? root).mainSpan));
}

function caseNode(
  draft: CaseDraft,
  fileVars: Record<string, Json>,
  judge: Provider['endpoint'],
  isOwn: boolean,
  variant: PromptVariant | undefined,
): TreeNode {
  const { own, defaults, vars, item, turns } = draft;
  const known = { ...fileVars, ...vars };
  const map = caseMap(draft, fileVars);
  if (turns !== undefined && variant?.conversation !== undefined) {
    const { user } = variant.conversation;
    const nodes = turns.map((turn) => turnNode(turn, user, fileVars, judge));
    return map.set('turns', plainList(nodes, item.test.mainSpan)).build();
  }
  const asserted = [
    ...own.map((assertion, index) => ({ key: String(index), assertion })),
    ...(isOwn ? defaults.map((assertion, index) => ({ key: `default${index}`, assertion })) : []),
  ].map(({ key, assertion }) => ({ key, node: assertionNode(assertion, judge, known) }));
  if (asserted.length > 0)
    map.set('assert', keyedList(asserted, item.test.get('assert')?.mainSpan ?? item.test.mainSpan));
  return map.build();
}

/** A test as a turn of a conversation: a turn has no variables of its own, so what it says is spelled out. */
function turnNode(
  { item, vars, own, defaults }: CaseDraft,
  user: string,
  fileVars: Record<string, Json>,
  judge: Provider['endpoint'],
): TreeNode {
  const known = { ...fileVars, ...vars };
  const map = new MapBuilder(item.test.mainSpan).value('user', renderedValue(user, known));
  const asserted = [...own, ...defaults].map((assertion) => {
    const { value, type } = assertion;
    const spelled = { ...assertion };
    if (value !== undefined && !/javascript$/.test(type)) {
      spelled.value = renderedValue(value, known);
      delete spelled.node;
    }
    return assertionNode(spelled, judge, known);
  });
  if (asserted.length > 0)
    map.set('assert', plainList(asserted, item.test.get('assert')?.mainSpan ?? item.test.mainSpan));
  return map.build();
}

function tagsOf(root: Cursor): string[] | undefined {
  const tags = root.get('tags');
  const list =
    tags?.node.kind === 'list'
      ? tags.items.flatMap(({ word }) => word ?? [])
      : (tags?.entries ?? []).map(([key, value]) => `${key}:${value.word ?? ''}`);
  return list.length > 0 ? list : undefined;
}

/** Which prompts a provider is asked, and which providers and prompts a test is for. */
function hintsOf(
  providers: readonly Provider[],
  variants: readonly PromptVariant[],
  drafts: readonly CaseDraft[],
): Converted['hints'] {
  const hasFilters =
    providers.some(({ prompts }) => prompts !== undefined) ||
    drafts.some((draft) => draft.providers !== undefined || draft.prompts !== undefined);
  const holders = new Map<string, string>(
    drafts.flatMap(({ key, turns }) => (turns ?? []).map((turn) => [`/cases/${turn.key}`, `/cases/${key}`] as const)),
  );
  if (!hasFilters && holders.size === 0) return undefined;
  const byEndpoint = new Map(
    providers.flatMap((provider) => (provider.endpoint === null ? [] : [[provider.endpoint.name, provider]])),
  );
  const byPrompt = new Map(variants.map((variant) => [variants.length === 1 ? 'default' : variant.name, variant]));
  const byPointer = new Map(drafts.map((draft) => [`/cases/${draft.key}`, draft]));
  return {
    holderOf: (pointer) => holders.get(pointer),
    allows: (endpoint, prompt) => {
      const wanted = byEndpoint.get(endpoint)?.prompts;
      const variant = byPrompt.get(prompt);
      return wanted === undefined || variant === undefined || wanted.some((filter) => meansPrompt(filter, variant));
    },
    allowsCase: (pointer, endpoint, prompt) => {
      const draft = byPointer.get(pointer) ?? byPointer.get(pointer.replace(/#\d+$/, ''));
      const provider = byEndpoint.get(endpoint);
      const variant = byPrompt.get(prompt);
      const forProvider =
        draft?.providers === undefined ||
        provider === undefined ||
        draft.providers.some((filter) => meansProvider(filter, provider));
      const forPrompt =
        draft?.prompts === undefined ||
        variant === undefined ||
        draft.prompts.some((filter) => meansPrompt(filter, variant));
      return forProvider && forPrompt;
    },
  };
}

/** Filters that a native file has no key for: there every endpoint is asked every prompt of every case. */
function filterNotes(providers: readonly Provider[], drafts: readonly CaseDraft[]): string[] {
  const line = (cursor: Cursor) => cursor.context.main.lines.position(cursor.mainSpan.start).line + 1;
  const ofProviders = providers.flatMap(({ prompts, endpoint, cursor, id, label }) =>
    prompts === undefined || endpoint === null
      ? []
      : [
          `line ${line(cursor)}: "${label ?? id}" was asked ${prompts.map((name) => `"${name}"`).join(', ')} alone; here every endpoint is asked every prompt.`,
        ],
  );
  const ofCases = drafts
    .filter((draft) => draft.providers !== undefined || draft.prompts !== undefined)
    .map(
      ({ item }) =>
        `line ${line(item.test)}: the test was for some providers or prompts alone; here it is for all of them.`,
    );
  return [...ofProviders, ...new Set(ofCases)];
}
