import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import {
  CommandId,
  CONFIG_SECTION,
  ContextKey,
  PanelId,
  SETTING_DEFAULTS,
  TreeItemContext,
  ViewId,
} from '../../../src/extension/contributions';
import { localizedManifest, repositoryRoot } from '../support/manifest';

interface MenuEntry {
  command: string;
  when?: string;
}

interface Manifest {
  icon: string;
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: string }; virtualWorkspaces: { supported: string } };
  contributes: {
    commands: { command: string; title: string; category: string; icon: string; enablement?: string }[];
    menus: Record<string, MenuEntry[]>;
    viewsContainers: { activitybar: { id: string; icon: string }[] };
    views: Record<string, { id: string }[]>;
    viewsWelcome: { view: string; contents: string }[];
    configuration: { properties: Record<string, { default: unknown }> };
  };
}

const root = repositoryRoot;
const manifest = localizedManifest<Manifest>();
const { contributes } = manifest;
const commands = Object.values(CommandId);

describe('contributions', () => {
  it('declares every command once, in the category Promptrig and with an icon', () => {
    assert.deepEqual(contributes.commands.map((item) => item.command).sort(), [...commands].sort());
    for (const item of contributes.commands) {
      assert.equal(item.category, 'Promptrig');
      assert.match(item.icon, /^\$\([a-z-]+\)$/);
      assert.ok(!item.title.endsWith('.'));
    }
  });

  it('names only known commands in menus', () => {
    for (const [menu, entries] of Object.entries(contributes.menus)) {
      for (const entry of entries) {
        assert.ok((commands as string[]).includes(entry.command), `${menu}: ${entry.command}`);
      }
    }
  });

  it('hides commands that need an argument from the palette', () => {
    const hidden = (contributes.menus.commandPalette ?? [])
      .filter((entry) => entry.when === 'false')
      .map((entry) => entry.command);
    assert.deepEqual(
      hidden.sort(),
      [
        CommandId.copyPath,
        CommandId.debugCase,
        CommandId.openRequest,
        CommandId.revealItem,
        CommandId.runCase,
        CommandId.runStage,
      ].sort(),
    );
  });

  it('uses no context key that nobody sets', () => {
    const known: string[] = [...Object.values(ContextKey), ...Object.values(ViewId)];
    const clauses = [
      ...contributes.commands.map((item) => item.enablement ?? ''),
      ...Object.values(contributes.menus).flatMap((entries) => entries.map((entry) => entry.when ?? '')),
    ];
    const used = new Set(clauses.flatMap((clause) => clause.match(/promptrig\.\w+/g) ?? []));
    assert.ok(used.size > 0);
    for (const key of used) assert.ok(known.includes(key), key);
  });

  it('shows an inline run action on each kind of row', () => {
    const rows = (contributes.menus['view/item/context'] ?? []).filter((entry) => entry.when?.includes('viewItem'));
    const matched = (context: string): string[] =>
      rows.filter((entry) => matches(entry.when ?? '', context)).map((entry) => entry.command);
    assert.ok(matched(TreeItemContext.file).includes(CommandId.runEval));
    assert.ok(!matched(TreeItemContext.file).includes(CommandId.runLoad));
    assert.ok(matched(TreeItemContext.fileWithLoad).includes(CommandId.runLoad));
    assert.ok(matched(TreeItemContext.case).includes(CommandId.runCase));
    assert.ok(matched(TreeItemContext.stage).includes(CommandId.runStage));
  });

  it('declares views, their container and its icon', () => {
    const [container] = contributes.viewsContainers.activitybar;
    assert.equal(container?.id, ViewId.container);
    assert.ok(existsSync(path.join(root, container.icon)));
    assert.match(readFileSync(path.join(root, container.icon), 'utf8'), /currentColor/);
    assert.deepEqual(
      (contributes.views[ViewId.container] ?? []).map((view) => view.id),
      [ViewId.evals, ViewId.endpoints, ViewId.runs],
    );
    for (const welcome of contributes.viewsWelcome) {
      assert.ok((Object.values(ViewId) as string[]).includes(welcome.view), welcome.view);
      for (const [, command] of welcome.contents.matchAll(/\(command:([\w.]+)\)/g)) {
        assert.ok(command?.startsWith('vscode.') || (commands as string[]).includes(command ?? ''), command);
      }
    }
  });

  it('declares every setting with its default', () => {
    const declared = Object.fromEntries(
      Object.entries(contributes.configuration.properties).map(([key, value]) => [key, value.default]),
    );
    const expected = Object.fromEntries(
      Object.entries(SETTING_DEFAULTS).map(([key, value]) => [`${CONFIG_SECTION}.${key}`, value as unknown]),
    );
    assert.deepEqual(declared, expected);
  });

  it('activates on YAML, in a workspace of evals, so that their tests are found, and for its own panels', () => {
    assert.deepEqual(manifest.activationEvents, [
      'onLanguage:yaml',
      'workspaceContains:**/*.eval.{yaml,yml}',
      'workspaceContains:promptrig.yaml',
      `onWebviewPanel:${PanelId.run}`,
      `onWebviewPanel:${PanelId.compare}`,
    ]);
  });

  it('is limited where the workspace is not trusted or not on disk', () => {
    assert.equal(manifest.capabilities.untrustedWorkspaces.supported, 'limited');
    assert.equal(manifest.capabilities.virtualWorkspaces.supported, 'limited');
    assert.ok(existsSync(path.join(root, manifest.icon)));
  });
});

/** The one operator that the rows' clauses use on `viewItem`. */
function matches(clause: string, context: string): boolean {
  const pattern = /viewItem =~ \/(.+?)\//.exec(clause)?.[1];
  if (pattern !== undefined) return new RegExp(pattern).test(context);
  return /viewItem == ([\w.]+)/.exec(clause)?.[1] === context;
}
