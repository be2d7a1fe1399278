import assert from 'node:assert/strict';
import { CommandId, ContextKey } from '../../../src/extension/contributions';
import { itemAtLine, nextResultLine } from '../../../src/extension/language/places';
import type { SurveyNode } from '../../../src/extension/language/survey';
import type { ItemState } from '../../../src/extension/language/item-state';
import { localizedManifest } from '../support/manifest';

interface Keybinding {
  command: string;
  key: string;
  mac: string;
  when: string;
}

interface Setting {
  type: string;
  scope: string;
  order: number;
  default: unknown;
  markdownDescription?: string;
  enum?: string[];
  enumDescriptions?: string[];
  markdownEnumDescriptions?: string[];
}

const { contributes } = localizedManifest<{
  contributes: {
    commands: { command: string; title: string; enablement?: string }[];
    keybindings: Keybinding[];
    menus: { commandPalette: { command: string; when: string }[] };
    configuration: { properties: Record<string, Setting> };
  };
}>();

/** What has to hold for the palette to offer a command. */
function offered(id: string): string {
  const { enablement = '' } = contributes.commands.find(({ command }) => command === id) ?? {};
  const { when = '' } = contributes.menus.commandPalette.find(({ command }) => command === id) ?? {};
  return `${enablement} && ${when}`;
}

describe('commands in the palette', () => {
  it('that mean the file in front are offered while it is an eval', () => {
    for (const id of [
      CommandId.runEval,
      CommandId.runLoad,
      CommandId.runOn,
      CommandId.runAtCursor,
      CommandId.clearFileResults,
      CommandId.nextResult,
      CommandId.previousResult,
    ])
      assert.match(offered(id), new RegExp(ContextKey.activeEval), id);
  });

  it('that mean a selection are offered while there is one', () => {
    for (const id of [CommandId.addCaseFromSelection, CommandId.answerToCase])
      assert.match(offered(id), /editorHasSelection/, id);
  });

  it('that start something are not offered during a run, and those that end it are', () => {
    for (const id of Object.values(CommandId)) {
      if (/\.(?:run[A-Z]\w*|rerun|debugCase|testEndpoint)$/.test(id))
        assert.match(offered(id), new RegExp(`!${ContextKey.running}`), id);
    }
    assert.match(offered(CommandId.stop), new RegExp(`(?<!!)${ContextKey.running}`));
  });

  it('that mean something stored are offered in a window with a folder', () => {
    const ofRuns = /\.(?:openRun|deleteRun|revealRun|exportRun|\w*Runs\w*|\w*Baseline|noteRun|keepRun|releaseRun)$/;
    for (const id of Object.values(CommandId)) {
      if (ofRuns.test(id)) assert.match(offered(id), /workspaceFolderCount > 0|false/, id);
    }
  });

  it('have titles that tell them apart, as VS Code writes titles', () => {
    const titles = contributes.commands.map(({ title }) => title);
    assert.equal(new Set(titles).size, titles.length);
    for (const title of titles) assert.match(title, /^[A-Z]/);
  });
});

describe('keybindings', () => {
  it('begin with one chord, are few, and each has a condition', () => {
    const keys = contributes.keybindings.map(({ key }) => key);
    assert.equal(new Set(keys).size, keys.length);
    assert.ok(keys.length <= 8);
    for (const { command, key, mac, when } of contributes.keybindings) {
      assert.ok((Object.values(CommandId) as string[]).includes(command), command);
      assert.match(key, /^shift\+alt\+e [a-z]$/);
      assert.equal(mac, key.replace('shift+alt', 'cmd+alt'));
      assert.match(when, /promptrig\./, command);
    }
  });

  it('do nothing where their command is not offered', () => {
    const known: string[] = Object.values(ContextKey);
    for (const { command, when } of contributes.keybindings) {
      for (const name of when.match(/promptrig\.\w+/g) ?? []) assert.ok(known.includes(name), name);
      for (const part of contributes.commands.find((item) => item.command === command)?.enablement?.split(' && ') ?? [])
        assert.ok(when.split(' && ').includes(part), `${command}: ${part}`);
    }
  });
});

describe('settings', () => {
  const settings = Object.entries(contributes.configuration.properties);

  it('are explained, have a scope and a place in the list', () => {
    for (const [name, setting] of settings) {
      assert.match(setting.markdownDescription ?? '', /\.$/, name);
      assert.match(setting.scope, /^(?:resource|window|machine-overridable)$/, name);
      assert.notEqual(setting.default, undefined, name);
    }
    const orders = settings.map(([, { order }]) => order);
    assert.equal(new Set(orders).size, orders.length);
  });

  it('explain each value of a choice', () => {
    for (const [name, { enum: values, enumDescriptions, markdownEnumDescriptions, default: value }] of settings) {
      if (values === undefined) continue;
      assert.equal((enumDescriptions ?? markdownEnumDescriptions)?.length, values.length, name);
      assert.ok(values.includes(value as string), name);
    }
  });
});

describe('the cursor', () => {
  const node = (kind: SurveyNode['kind'], id: string, start: number, end: number): SurveyNode => {
    const position = (line: number): { line: number; character: number } => ({ line, character: 0 });
    const range = { start: position(start), end: position(end) };
    const anchor = { start: position(start), end: position(start) };
    return { kind, id, range, anchor, scope: 'file', index: 0, hash: '', pointer: '', name: id };
  };

  it('is in a case, a stage, or between them', () => {
    const survey = { cases: [node('case', 'a', 3, 5), node('case', 'b', 6, 9)], stages: [node('stage', 's', 12, 14)] };
    const ids = [2, 3, 5, 6, 10, 12, 14, 15].map((line) => itemAtLine(survey, line)?.id);
    assert.deepEqual(ids, [undefined, 'a', 'a', 'b', undefined, 's', 's', undefined]);
  });

  it('goes from one result that needs a look to the next, around the end, and past those that passed', () => {
    const at = (line: number, state: ItemState): { node: SurveyNode; state: ItemState } => ({
      node: node('assertion', String(line), line, line),
      state,
    });
    const statuses = [at(9, 'error'), at(2, 'failed'), at(4, 'passed'), at(6, 'inconclusive'), at(6, 'warning')];
    const from = (direction: 'next' | 'previous') => (line: number) => nextResultLine(statuses, line, direction);
    assert.deepEqual([0, 2, 6, 9].map(from('next')), [2, 6, 9, 2]);
    assert.deepEqual([0, 2, 6, 9].map(from('previous')), [9, 9, 2, 6]);
    assert.equal(nextResultLine([at(1, 'passed')], 0, 'next'), null);
  });
});
