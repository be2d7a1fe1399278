/** An answer as people read it: its text with what the assertions found in it, each assertion with its reason. Text stays text. */
import type { AssertionResult } from '../../src/protocol/run-json';
import type { PanelCase } from '../../src/protocol/run-panel';
import { formatCount, formatValue } from '../../src/protocol/format';
import { el, icon } from '../dom';
import type { Asks } from './asks';
import { judgeText } from './judge-text';
import type { Post } from './post';
import { piecesOf } from './spans';
import { outcomeWord } from '../words';

/** Of a text at first; a reader asks for the rest. */
const FIRST_CHARACTERS = 4000;
/** Longer than this a text is not laid out here: it takes seconds, and an editor does it better. */
const MOST_CHARACTERS = 2_000_000;

export interface AnswerParts {
  post: Post;
  /** For what was cut; null where nothing can be asked. */
  asks: Asks | null;
}

/** Everything about one judged answer. */
export function answerView(record: PanelCase, parts: AnswerParts): HTMLElement {
  const { assertions, answer, reasoning, turns, tool_calls: calls } = record;
  const content = el('div', { class: 'answer-view' });
  content.append(
    assertions.length === 0
      ? el('p', { class: 'muted' }, record.reason ?? 'The case has no assertion.')
      : assertionList(assertions, parts.post),
  );
  if (record.reason !== undefined && assertions.length > 0 && record.outcome !== 'passed')
    content.append(el('p', { class: 'muted' }, record.reason));
  if (turns !== undefined && turns.length > 1) content.append(...conversation(turns, parts));
  if (reasoning !== null && reasoning !== '')
    content.append(el('h3', {}, 'Reasoning'), longText(reasoning, [], parts, 'Reasoning'));
  if (calls !== undefined && calls.length > 0) {
    content.append(el('h3', {}, 'Tool calls'));
    content.append(...calls.map(({ name, arguments: given }) => longText(`${name}(${given})`, [], parts, 'Tool call')));
  }
  if (answer !== null)
    content.append(
      el('h3', {}, turns !== undefined && turns.length > 1 ? 'Last answer' : 'Answer'),
      longText(answer, assertions, parts, 'Answer', record),
    );
  if (parts.post.standalone === true) content.append(el('p', {}, finishText(record)));
  else {
    const reveal = el('button', { class: 'link', type: 'button' }, 'Go to the case in the eval file');
    reveal.addEventListener('click', () => parts.post({ type: 'reveal', pointer: record.case }));
    const finish = finishText(record);
    content.append(el('p', {}, reveal, finish === null ? null : ' · ', finish));
  }
  return content;
}

export function assertionList(assertions: readonly AssertionResult[], post: Post): HTMLElement {
  return el('ul', { class: 'assertions' }, ...assertions.map((assertion) => assertionItem(assertion, post)));
}

/**
 * A text as it is, whatever it holds; a very long one in two steps, since laying out a million characters takes seconds.
 * @param whole the record whose answer it is the beginning of
 */
export function longText(
  text: string,
  assertions: readonly AssertionResult[],
  parts: AnswerParts,
  title: string,
  whole?: PanelCase,
): HTMLElement {
  if (text === '') return el('p', { class: 'muted' }, `The ${title.toLowerCase()} is empty.`);
  const total = whole?.answerCharacters ?? text.length;
  const block = el('pre', { class: 'answer', tabindex: 0 });
  block.append(...pieces(text.slice(0, FIRST_CHARACTERS), assertions));
  const cut = whole?.cutCharacters ?? 0;
  if (total <= FIRST_CHARACTERS && cut === 0) return block;
  const tools = el('p', { class: 'text-tools' });
  const show = (all: string) => {
    block.replaceChildren(...pieces(all, assertions));
    rest.remove();
    block.focus();
  };
  const rest = el('button', { class: 'link', type: 'button' }, `Show all ${formatCount(total)} characters`);
  rest.addEventListener('click', () => withWhole(text, parts, whole, show));
  const editor = el('button', { class: 'link', type: 'button' }, 'Open in an editor');
  editor.addEventListener('click', () =>
    withWhole(text, parts, whole, (all) => parts.post({ type: 'open-text', title, text: all })),
  );
  if (total > FIRST_CHARACTERS && total <= MOST_CHARACTERS) tools.append(rest);
  if (parts.post.standalone !== true) tools.append(editor);
  if (cut > 0)
    tools.append(el('span', { class: 'muted' }, `${formatCount(cut)} more characters are in cases.ndjson of the run.`));
  return el('div', {}, block, tools);
}

function withWhole(
  text: string,
  { asks }: AnswerParts,
  whole: PanelCase | undefined,
  use: (text: string) => void,
): void {
  if (whole?.answerCharacters === undefined || asks === null) use(text);
  else asks.answer(whole, (answer) => use(answer ?? text));
}

function pieces(text: string, assertions: readonly AssertionResult[]): (Node | string)[] {
  return piecesOf(text, assertions).map(({ text: part, mark }) =>
    mark === null ? part : el('mark', { class: `span-${mark.outcome}`, title: mark.reason }, part),
  );
}

function assertionItem(assertion: AssertionResult, post: Post): HTMLElement {
  const { icon: glyph, tone, word } = outcomeWord(assertion.outcome);
  const label = assertion.name === undefined ? assertion.type : `${assertion.name} (${assertion.type})`;
  const name =
    post.standalone === true
      ? el('span', {}, label)
      : el('button', { class: 'link', type: 'button', title: 'Go to the assertion in the eval file' }, label);
  if (post.standalone !== true)
    name.addEventListener('click', () => post({ type: 'reveal', pointer: assertion.pointer }));
  const score =
    assertion.score === null || assertion.score === 0 || assertion.score === 1
      ? null
      : el('span', { class: 'muted number' }, `score ${formatValue(assertion.score, 'count')}`);
  const minor =
    assertion.severity === 'error' ? null : el('span', { class: 'muted' }, `${assertion.severity}, does not decide`);
  const notes = notesOf(assertion);
  const { members = [] } = assertion;
  return el(
    'li',
    {},
    el(
      'div',
      { class: 'assertion' },
      el('span', { class: 'badge case-outcome' }, icon(glyph, `tone-${tone}`), el('span', {}, word)),
      name,
      score,
      minor,
      el('span', { class: 'assertion-reason' }, assertion.reason),
    ),
    notes === '' ? null : el('p', { class: 'muted assertion-notes' }, notes),
    showsExpected(assertion)
      ? el(
          'div',
          { class: 'expected' },
          el('span', { class: 'muted' }, 'Expected'),
          el('pre', {}, assertion.expected ?? ''),
        )
      : null,
    members.length === 0 ? null : assertionList(members, post),
  );
}

/** Where the reason does not say it already. */
function showsExpected({ outcome, expected, reason }: AssertionResult): boolean {
  return outcome === 'failed' && expected !== undefined && expected !== '' && !reason.includes(expected);
}

function notesOf({ judge, again, outcome }: AssertionResult): string {
  const parts: string[] = [];
  if (judge !== undefined) parts.push(`judge: ${judgeText(judge)}`);
  if (again !== undefined && again !== outcome)
    parts.push(`asked once more, the judge said ${outcomeWord(again).word.toLowerCase()}`);
  else if (again !== undefined) parts.push('asked once more, the judge said the same');
  return parts.join(' · ');
}

function conversation(turns: NonNullable<PanelCase['turns']>, parts: AnswerParts): HTMLElement[] {
  return [
    el('h3', {}, 'Conversation'),
    el(
      'ol',
      { class: 'turns' },
      ...turns.map(({ user, answer }) =>
        el(
          'li',
          {},
          el(
            'div',
            { class: 'turn' },
            el('span', { class: 'muted role' }, 'user'),
            longText(user, [], parts, 'Message'),
          ),
          el(
            'div',
            { class: 'turn' },
            el('span', { class: 'muted role' }, 'assistant'),
            answer === null ? el('p', { class: 'muted' }, 'No answer.') : longText(answer, [], parts, 'Answer'),
          ),
        ),
      ),
    ),
  ];
}

function finishText({ finish_reason: reason, score }: PanelCase): HTMLElement | null {
  const parts: string[] = [];
  if (score !== null) parts.push(`score ${formatValue(score, 'count')}`);
  if (reason != null) parts.push(`finish reason: ${reason}`);
  return parts.length === 0 ? null : el('span', { class: 'muted number' }, parts.join(' · '));
}
