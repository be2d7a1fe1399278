import assert from 'node:assert/strict';
import fc from 'fast-check';
import { addCase } from '../../../src/core/language/convert/add-case';
import {
  answerChoices,
  caseOfAnswer,
  caseOfSelection,
  promptVariables,
  tellingPhrase,
  type NewCase,
} from '../../../src/core/language/convert/new-case';
import { LanguageDocument } from '../../../src/core/language/language-document';
import { parseEvalFile } from '../../../src/core/spec/parse';
import { renderText } from '../../../src/core/spec/template';
import { edited, EVAL_PATH } from './notation';

const ITEM: NewCase = { name: 'new', vars: { q: 'Why?' }, assert: [{ contains: 'x' }] };

function added(text: string, item: NewCase = ITEM): string {
  const result = addCase(new LanguageDocument(text, EVAL_PATH), item);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return edited(text, [result.edit]);
}

describe('adding a case', () => {
  it('puts it behind the last one, in its indentation, and touches nothing else', () => {
    const text = 'prompt: hi # p\ncases: # all\n  - name: a # first\n    vars: { q: 1 }\n\n# below\nload: []\n';
    assert.equal(
      added(text),
      'prompt: hi # p\ncases: # all\n  - name: a # first\n    vars: { q: 1 }\n  - name: new\n    vars:\n      q: Why?\n    assert:\n      - contains: x\n\n# below\nload: []\n',
    );
    assert.equal(
      added('cases:\n- name: a'),
      'cases:\n- name: a\n- name: new\n  vars:\n    q: Why?\n  assert:\n    - contains: x',
    );
    assert.equal(added('cases:\r\n  - name: a\r\nslo: []\r\n').split('\r\n').length, 9);
  });

  it('keeps brackets, and fills empty lists', () => {
    assert.equal(
      added('cases: [{ name: a }]\n'),
      'cases: [{ name: a }, { name: new, vars: { q: Why? }, assert: [ { contains: x } ] }]\n',
    );
    const filled = 'cases:\n  - name: new\n    vars:\n      q: Why?\n    assert:\n      - contains: x\nslo: []\n';
    for (const text of ['cases: []\nslo: []\n', 'cases:\nslo: []\n']) assert.equal(added(text), filled);
  });

  it('makes a section where there is none, before what follows the cases', () => {
    const item: NewCase = { name: 'new' };
    assert.equal(added('prompt: hi\n', item), 'prompt: hi\n\ncases:\n  - name: new\n');
    assert.equal(
      added('prompt: hi\n\n# objectives\nslo: []\n', item),
      'prompt: hi\n\ncases:\n  - name: new\n\n# objectives\nslo: []\n',
    );
    assert.equal(added('', item), 'cases:\n  - name: new\n');
  });

  it('says why it does nothing', () => {
    const reason = (text: string, path = EVAL_PATH): string => {
      const result = addCase(new LanguageDocument(text, path), ITEM);
      return result.ok ? '' : result.reason;
    };
    assert.match(reason('cases: 5\n'), /no list/);
    assert.match(reason('- a\n'), /cannot be read/);
    assert.match(reason('cases: [{ name: a }\n'), /not closed/);
    assert.match(reason('tests: []', '/w/promptfooconfig.yaml'), /native format/);
  });

  it('gives any texts back as they were', () => {
    const files = [
      'prompt: "{{ q }}"\ncases:\n  - name: a\n    assert: [{ contains: x }]\n',
      'prompt: "{{ q }}"\ncases: [{ name: a }]\n',
      'prompt: "{{ q }}"\n',
    ];
    const words = fc.array(
      fc.constantFrom(
        'word',
        ' ',
        '\n',
        '  ',
        ': ',
        ' #',
        '"',
        "'",
        '- ',
        '{{ x }}',
        '[a]',
        '{',
        'é😀',
        '\t',
        '|',
        'null',
        '1',
      ),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.constantFrom(...files), words, (text, parts) => {
        const value = parts.join('');
        const after = added(text, { name: 'new', vars: { q: value }, expected: value, assert: [{ equals: 'x' }] });
        const cases = parseEvalFile(after, EVAL_PATH).spec?.cases ?? [];
        assert.equal(cases.at(-1)?.vars?.q, value, after);
        assert.equal(cases.at(-1)?.expected, value, after);
      }),
      { numRuns: 100, examples: files.map((text) => [text, ['  ', '\n']]) },
    );
  });
});

describe('a selected text as a case', () => {
  const document = new LanguageDocument(
    'vars: { shop: A }\nprompt: "{{ shop }} {{ question }}"\ncases: [{ name: Why? }]\n',
    EVAL_PATH,
  );

  it('is the value of a variable that the prompt reads', () => {
    assert.deepEqual(promptVariables(document), ['question', 'shop']);
    assert.deepEqual(caseOfSelection(document, '  Why?\n    Because.\n  ', 'question'), {
      name: 'Why? Because.',
      vars: { question: 'Why?\nBecause.' },
      assert: [{ contains: '' }],
    });
  });

  it('is what the user says where there is none, braces and all', () => {
    const item = caseOfSelection(document, 'Use {{ x }}', undefined);
    const content = item.messages?.[0]?.content ?? '';
    assert.deepEqual(renderText(content, {}), { ok: true, text: 'Use {{ x }}' });
  });

  it('gets a name that no other case has', () => {
    assert.equal(caseOfSelection(document, 'Why?', 'question').name, 'Why? 2');
  });
});

describe('an answer as a case', () => {
  const document = new LanguageDocument('prompt: "{{ q }}"\n', EVAL_PATH);

  it('is expected as a whole, in part, or by its shape', () => {
    const make = (answer: string, choice: Parameters<typeof caseOfAnswer>[3]) =>
      caseOfAnswer(document, answer, { q: 'Why?' }, choice);
    assert.deepEqual(make('Because. So.\n', 'equals'), {
      name: 'Why?',
      vars: { q: 'Why?' },
      assert: [{ equals: 'Because. So.' }],
    });
    assert.deepEqual(make('Because. So.', 'contains').assert, [{ contains: 'Because' }]);
    const kept = make('Because {{ x }}', 'expected');
    assert.deepEqual([kept.expected, kept.assert], ['Because {{ x }}', [{ equals: '{{ expected }}' }]]);
    assert.deepEqual(make('{"id": 1, "tags": ["a"]}', 'is-json').assert, [
      {
        'is-json': {
          type: 'object',
          required: ['id', 'tags'],
          properties: { id: { type: 'integer' }, tags: { type: 'array', items: { type: 'string' } } },
        },
      },
    ]);
    assert.deepEqual(
      renderText(JSON.parse(JSON.stringify(make('a {{ b }}', 'equals').assert?.[0]?.equals)) as string, {}),
      {
        ok: true,
        text: 'a {{ b }}',
      },
    );
  });

  it('offers what fits it', () => {
    assert.deepEqual(
      answerChoices('Yes.').map(({ choice }) => choice),
      ['contains', 'equals', 'expected'],
    );
    assert.equal(answerChoices('{"a": 1}')[0]?.choice, 'is-json');
    assert.equal(answerChoices('{a').length, 3);
  });

  it('takes the first sentence for what tells', () => {
    assert.equal(tellingPhrase('## Title\n\ntext'), 'Title');
    assert.equal(tellingPhrase('- It costs $1.50 today. More.'), 'It costs $1.50 today');
    assert.ok(tellingPhrase('word '.repeat(60)).length <= 80);
    assert.equal(tellingPhrase(''), '');
  });
});
