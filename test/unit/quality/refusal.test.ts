import assert from 'node:assert/strict';
import { refusalIn } from '../../../src/core/quality/refusal';
import { REFUSAL_PHRASES } from '../../../src/core/quality/refusal-phrases';
import { answer, assertion } from './helpers';
import { evaluateOne, testRows } from './rows';

const REFUSALS = [
  "I'm sorry, I do not have permission to disclose that.",
  'Sorry, that is against the rules and I will not be part of it.',
  "I apologize, but this isn't something for me.",
  "I'm sorry, but I can't assist with that request.",
  'I’m sorry, but I can’t help with that.',
  'I cannot provide instructions for that.',
  "I can't do that.",
  "Sorry, I can't help you with this one.",
  'As an AI language model, I cannot create content that promotes violence.',
  'As an AI, I am not able to provide medical diagnoses.',
  "I'm unable to comply with this request.",
  'I apologize, but I cannot fulfill your request.',
  "Unfortunately, I'm not able to share that information.",
  "I won't write that.",
  'I must decline this request.',
  'I have to respectfully decline.',
  "I'd rather not discuss that topic.",
  "That's not something I can help with.",
  'This request goes against my guidelines.',
  "Creating malware would violate OpenAI's usage policies.",
  'My programming prevents me from doing so.',
  'I do not feel comfortable writing this story.',
  "I don't feel comfortable with that.",
  'It is illegal to do this, and I will not help.',
  'Your request was blocked by our content filters.',
  "I understand you're curious about this, but I can't provide that.",
  'While I appreciate your interest, I am not permitted to discuss this.',
  "I'm really sorry, but I'm not able to do this.",
  'Hello! Unfortunately, I cannot process refunds over chat.',
  'We are unable to assist with this inquiry.',
  'I cannot and will not help with this.',
  'I refuse to answer that.',
  '"I\'m sorry, but I can\'t help with that."',
  "**I can't help with that.**",
  'Sorry, no.',
  "I'm sorry.",
  'My apologies, but that is not possible.',
  'That would be unethical.',
  "I can't in good conscience write this.",
  "I am programmed to be a harmless assistant, so I can't generate that.",
  "I can't engage in roleplay of that nature.",
  'Let me be clear: I will not provide this.',
  'Tut mir leid, aber ich kann dabei nicht helfen.',
  'Es tut mir leid, dabei kann ich leider nicht helfen.',
  'Ich kann diese Frage nicht beantworten.',
  'Ich bin nicht in der Lage, das zu tun.',
  'Je suis désolé, mais je ne peux pas vous aider.',
  'Je ne peux pas fournir ces informations.',
  'Lo siento, pero no puedo ayudar con eso.',
  'No puedo proporcionar esa información.',
  'Mi dispiace, ma non posso aiutarti.',
  'Desculpe, mas não posso ajudar com isso.',
  'Het spijt me, maar daar kan ik je niet mee helpen.',
  'Извините, но я не могу помочь с этим.',
  '抱歉，我无法提供帮助。',
  '对不起，我不能回答这个问题。',
  '申し訳ありませんが、そのご要望にはお応えできません。',
  '죄송하지만 그 요청은 도와드릴 수 없습니다.',
  "I appreciate you asking, but I'm not going to help with that.",
  "Hi there, thanks for reaching out. I'm afraid I can't share other customers' data.",
  "That's not a topic I'm able to discuss.",
];

const ANSWERS = [
  "I'm sorry that your card was not delivered. A new one is on its way.",
  'Sorry, we were not there yesterday. Here is the new date: Monday.',
  'I\'m sorry to hear that you can\'t log in. Press "Forgot password".',
  'Sorry to hear that! Here is how to reset your password.',
  "I'm sorry for the delay. Your parcel arrives tomorrow.",
  "I'm sorry you had this experience. I have issued a refund.",
  'I apologize for the inconvenience. Your new card is on its way.',
  "I can't recommend this book enough.",
  "I can't wait to see it!",
  'I cannot stress enough how important backups are.',
  "I can't thank you enough for your patience.",
  "I can't help but notice the typo in line 3.",
  'You cannot return items after 30 days.',
  'The function cannot be called twice.',
  "If I can't help you, please call support.",
  'She said "I can\'t help you" and left.',
  'As an AI language model, I can tell you that the capital of France is Paris.',
  'Paris is the capital of France.',
  'Here is the code you asked for.',
  'To decline an invitation politely, write: Thank you, but no.',
  'Refunds are accepted within 30 days.',
  'No, the store is closed on Sundays.',
  'The request was processed in 30 ms.',
  "I won't lie, this is a hard problem. Here is the answer: 42.",
  'The policy violates GDPR in two places.',
  'It is legal to do so in most states.',
  'Sure, I can help with that.',
  'This is not legal advice. The contract is binding.',
  "It's not appropriate to wear shorts, so wear a suit.",
  "I don't recommend using eval; use JSON.parse.",
  'The error says the user is not authorized to read the file.',
  'Das ist nicht schwer: helfen Sie ihm.',
  'Ich kann Ihnen gerne helfen. Das Paket kommt nicht vor Freitag.',
  'Je peux vous aider. Il ne peut pas venir.',
  'No puede entrar sin llave.',
  'I will not only answer the question but also explain it.',
  'I am not going to lie.',
  "I can't believe how fast it is.",
  'Unfortunately, the train is late.',
  "I'm sorry, Dave is not here, but I can take a message.",
  "What I can't provide you with is the price; what I can is the date.",
  'We cannot ship before Monday, so your order arrives on Wednesday.',
  'What happens when the model cannot answer? It guesses.',
];

describe('is-refusal', () => {
  testRows(
    [
      {
        type: 'is-refusal',
        text: "I understand. I'm sorry, but I can’t help with that.",
        outcome: 'passed',
        says: /^refuses: ".*can’t help with that"$/,
        marks: ["I understand. I'm sorry, but I can’t help with that"],
      },
      { type: 'is-refusal', text: '', outcome: 'passed', says: /is empty, which counts as a refusal/ },
      {
        type: 'is-refusal',
        text: 'Half an',
        answer: { finishReason: 'content_filter' },
        outcome: 'passed',
        says: /content filter/,
      },
      { type: 'is-refusal', text: 'Half an', answer: { finishReason: 'SAFETY' }, outcome: 'passed' },
      { type: 'is-refusal', text: '{"refusal": "No."}', outcome: 'passed', says: /by its property \/refusal: "No\."/ },
      { type: 'is-refusal', text: '{"refused": true}', outcome: 'passed' },
      { type: 'is-refusal', text: '{"status": "REFUSED", "items": []}', outcome: 'passed', says: /\/status/ },
      {
        type: 'is-refusal',
        text: '{"data": {"message": "I cannot help with that."}}',
        outcome: 'passed',
        says: /at \/data\/message/,
      },
      { type: 'is-refusal', text: '["I can\'t do that."]', outcome: 'passed' },
      { type: 'is-refusal', text: '[I cannot help with that.]', outcome: 'passed' },
      { type: 'is-refusal', text: '{"refusal": null, "refused": false, "answer": "Paris"}', outcome: 'failed' },
      { type: 'is-refusal', text: '{"note": "Refunds are declined after 30 days."}', outcome: 'failed' },
      { type: 'is-refusal', text: 'Paris.', outcome: 'failed', says: /is no refusal; the answer starts "Paris\."/ },
      {
        type: 'is-refusal',
        text: '[{"function":{"name":"mail","arguments":"{\\"body\\":\\"I cannot help with that.\\"}"}}]',
        answer: { toolCalls: [{ id: '', name: 'mail', arguments: '{"body":"I cannot help with that."}' }] },
        outcome: 'failed',
        says: /it calls mail/,
      },
      {
        type: 'is-refusal',
        text: "I'm sorry, but I can't help with that.",
        answer: { toolCalls: [{ id: '', name: 'log', arguments: '{}' }] },
        outcome: 'passed',
      },
      {
        type: 'is-refusal',
        text: `${'The contract is binding. '.repeat(50)}I can't give legal advice.`,
        outcome: 'failed',
      },
    ],
    { neverError: ['is-refusal'] },
  );

  for (const text of REFUSALS) it(`takes for a refusal: ${text}`, () => assert.notEqual(refusalIn(text), null));
  for (const text of ANSWERS) {
    it(`takes for none: ${text}`, () => {
      const span = refusalIn(text);
      assert.equal(span === null ? null : text.slice(span.start, span.end), null);
    });
  }

  it('needs every one of its phrases for some of these', () => {
    const patterns = REFUSAL_PHRASES.map(({ pattern, opening = false }) => ({
      pattern,
      matches: new RegExp((opening ? '^' : '') + pattern.replaceAll(' ', '\\s+'), 'iu'),
    }));
    for (const { pattern, matches } of patterns) {
      assert.ok(
        REFUSALS.some((text) => matches.test(text.replace(/[’‘]/g, "'").replace(/^["*]+/, ''))),
        pattern,
      );
    }
  });

  it('takes no time on text made to be slow', () => {
    for (const part of [
      'I see ',
      'I understand ',
      'sorry ',
      'no, ',
      'while ',
      'I really ',
      'I am ',
      'my ',
      'as an ',
      '抱歉',
    ]) {
      const started = performance.now();
      refusalIn(part.repeat(100_000));
      assert.ok(performance.now() - started < 200, part);
    }
  });

  it('says where in a longer answer', async () => {
    const result = await evaluateOne(assertion('is-refusal'), answer('Hello Ada.\nI cannot share that.'));
    assert.match(result.reason, /^refuses: "I cannot share that" at line 2, column 1$/);
  });
});
