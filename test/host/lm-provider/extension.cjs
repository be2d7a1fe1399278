// Registers chat models with fixed answers; what they were asked is exported to the suite.
'use strict';
const vscode = require('vscode');

/** By id: what a model does with the text it is asked. */
const MODELS = {
  parrot: (text, report) => {
    for (const word of text.split(/(?<= )/)) report(new vscode.LanguageModelTextPart(word));
  },
  caller: (_text, report) => report(new vscode.LanguageModelToolCallPart('call-1', 'get_weather', { city: 'Rome' })),
  judge: (_text, report) =>
    report(new vscode.LanguageModelTextPart(JSON.stringify({ reason: 'it is', pass: true, score: 1 }))),
  refusing: () => {
    throw vscode.LanguageModelError.Blocked('no tokens are left this month');
  },
};

/** @param {vscode.ExtensionContext} context */
exports.activate = function activate(context) {
  const asked = [];
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider('promptrig-test', {
      provideLanguageModelChatInformation: () =>
        Object.keys(MODELS).map((id) => ({
          id,
          name: id,
          family: `${id}-family`,
          version: '1',
          maxInputTokens: 10_000,
          maxOutputTokens: 1_000,
          capabilities: { toolCalling: true },
        })),
      provideLanguageModelChatResponse: async (model, messages, options, progress) => {
        const texts = messages.map(({ role, content }) => ({
          role,
          text: content.map((part) => part.value ?? '').join(''),
        }));
        asked.push({ model: model.id, messages: texts, options });
        await MODELS[model.id](texts.at(-1).text, (part) => progress.report(part));
      },
      provideTokenCount: async (_model, text) =>
        (typeof text === 'string' ? text : '').split(/\s+/).filter((word) => word !== '').length,
    }),
  );
  return { asked };
};
