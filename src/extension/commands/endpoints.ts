import * as path from 'node:path';
import * as vscode from 'vscode';
import { probeEndpoint } from '../../core/endpoints/probe';
import type { EndpointSpec } from '../../core/spec/schema-endpoint';
import { PromptrigError, messageOf } from '../../core/util/errors';
import type { Redactor } from '../../core/util/redact';
import { formatMoney } from '../../protocol/format';
import { CommandId, CONFIG_SECTION, ViewId } from '../contributions';
import { askForEndpoint, specOf, type Draft } from '../endpoints/add-endpoint-flow';
import { quickInputAsk } from '../endpoints/add-endpoint-ask';
import type { EndpointHealth } from '../endpoints/endpoint-health';
import type { EndpointList } from '../endpoints/endpoint-list';
import type { EndpointTester } from '../endpoints/endpoint-tester';
import type { HostTrust } from '../endpoints/host-trust';
import type { KnownEndpoint } from '../endpoints/known-endpoints';
import type { ApiKeys } from '../endpoints/secrets';
import { latencyText, outcomeSentence, type TestOutcome } from '../endpoints/test-outcome';
import type { UserEndpoints } from '../endpoints/user-endpoints';
import { editWorkspaceFile, workspaceFileOf } from '../endpoints/workspace-file-edit';
import type { RunController } from '../engine/run-controller';
import type { EvalDocuments } from '../language/documents';
import type { Tell } from '../messages';
import { specBundle } from '../spec/load';
import type { EndpointsTree } from '../views/endpoints-tree';
import { revealPointer } from './reveal';

export interface EndpointCommandParts {
  list: EndpointList;
  user: UserEndpoints;
  health: EndpointHealth;
  tester: EndpointTester;
  tree: EndpointsTree;
  keys: ApiKeys;
  hosts: HostTrust;
  redactor: Redactor;
  controller: RunController;
  documents: EvalDocuments;
  tell: Tell;
}

/** What the commands of the Endpoints view do. */
export class EndpointCommands {
  constructor(private readonly parts: EndpointCommandParts) {}

  /** The endpoint that a row, a lens or a message names; of the palette, the one that the person picks. */
  private async endpointOf(argument: unknown, title: string): Promise<KnownEndpoint | undefined> {
    const { list } = this.parts;
    if (isObject(argument)) {
      const { endpoint, uri, id, name } = argument;
      // The row may be older than the file.
      if (isKnown(endpoint)) return (await list.list()).find(({ key }) => key === endpoint.key);
      if (uri instanceof vscode.Uri && typeof id === 'string') return this.writtenAt(uri, id);
      if (typeof name === 'string') return list.find(name);
    }
    const endpoints = await list.list();
    const picked = await vscode.window.showQuickPick(
      endpoints.map((endpoint) => ({
        label: endpoint.name,
        description: endpoint.plan.url ?? vscode.l10n.t('built in'),
        endpoint,
      })),
      { title },
    );
    return picked?.endpoint;
  }

  async add(): Promise<void> {
    const { list, tell } = this.parts;
    const known = await list.list();
    const folders = (vscode.workspace.workspaceFolders ?? [])
      .filter(({ uri }) => vscode.workspace.fs.isWritableFileSystem(uri.scheme) !== false)
      .map(({ uri, name }) => ({ folder: uri.toString(), name }));
    const draft = await askForEndpoint(quickInputAsk, {
      folders,
      taken: (folder) =>
        new Set(
          known
            .filter(({ place }) =>
              folder === null ? place.kind !== 'workspace' : 'folder' in place && place.folder === folder,
            )
            .map(({ name }) => name),
        ),
      models: (given) => this.modelsOf(given),
    });
    if (draft === null) return;
    let endpoint: KnownEndpoint | undefined;
    try {
      endpoint = await this.save(draft);
    } catch (error) {
      tell('error', vscode.l10n.t('The endpoint was not added: {0}', messageOf(error)));
      return;
    }
    if (endpoint === undefined) return;
    await this.parts.tree.reveal(endpoint);
    await this.firstTest(endpoint);
  }

  async test(argument: unknown): Promise<TestOutcome | undefined> {
    const endpoint = await this.endpointOf(argument, vscode.l10n.t('Test Endpoint'));
    if (endpoint === undefined) return undefined;
    const isListed = await this.parts.tree.reveal(endpoint);
    const outcome = await this.run(endpoint);
    // One that has no row in the view has no other place to say it.
    if (outcome !== undefined && !isListed)
      this.parts.tell(outcome.ok ? 'info' : 'error', `${endpoint.name}: ${outcomeSentence(outcome)}`);
    return outcome;
  }

  /** Sends one tiny request, after everything that can forbid it; what comes out is shown in the row. */
  async run(endpoint: KnownEndpoint): Promise<TestOutcome | undefined> {
    const { controller, hosts, keys, tester, health, tell } = this.parts;
    const { plan, problem } = endpoint;
    if (!vscode.workspace.isTrusted) {
      tell(
        'warning',
        vscode.l10n.t('A test sends a prompt and the key to the endpoint. Trust this workspace to test it.'),
        {
          [vscode.l10n.t('Manage Workspace Trust')]: () => vscode.commands.executeCommand('workbench.trust.manage'),
        },
      );
      return undefined;
    }
    if (problem !== null) {
      tell('error', vscode.l10n.t('"{0}" cannot be tested: {1}', endpoint.name, problem), {
        [vscode.l10n.t('Edit')]: () => this.edit(endpoint),
      });
      return undefined;
    }
    if (controller.isRunning) {
      tell(
        'warning',
        vscode.l10n.t(
          'A run is in progress, and a test now would disturb its timing. Test the endpoint when it is over.',
        ),
      );
      return undefined;
    }
    const { keys: found, missing } = await keys.collect([plan]);
    const [absent] = missing;
    if (absent !== undefined) {
      tell(
        'error',
        vscode.l10n.t(
          '"{0}" needs an API key: the environment variable {1} is not set and no key is stored.',
          endpoint.name,
          absent.variable,
        ),
        {
          [vscode.l10n.t('Set API Key')]: () =>
            vscode.commands.executeCommand(CommandId.setApiKey, { name: endpoint.name, url: plan.url }),
        },
      );
      return undefined;
    }
    if (!(await hosts.allow([plan]))) return undefined;
    const outcome = await vscode.window.withProgress({ location: { viewId: ViewId.endpoints } }, () =>
      tester.test(endpoint, found[endpoint.name]),
    );
    // Whoever is there may be looked at from now on.
    health.watch(await this.parts.list.list());
    return outcome;
  }

  /** Shows where the endpoint is written. */
  async edit(argument: unknown): Promise<void> {
    const endpoint = isKnown(argument) ? argument : await this.endpointOf(argument, vscode.l10n.t('Edit Endpoint'));
    if (endpoint === undefined) return;
    const { place } = endpoint;
    switch (place.kind) {
      case 'workspace': {
        const uri = workspaceFileOf(vscode.Uri.parse(place.folder));
        await revealPointer(this.parts.documents, uri, `/endpoints/${place.index}`);
        return;
      }
      case 'user':
        await vscode.commands.executeCommand('workbench.action.openSettingsJson', {
          revealSetting: { key: `${CONFIG_SECTION}.endpoints`, edit: true },
        });
        return;
      case 'file':
        await vscode.window.showTextDocument(vscode.Uri.parse(place.uri));
        return;
      case 'builtin':
        this.parts.tell(
          'info',
          vscode.l10n.t(
            '"sim" is built in. An endpoint of your own with "api: sim" and a "sim" block behaves as you say.',
          ),
        );
    }
  }

  async setDefault(argument: unknown): Promise<void> {
    const { tell } = this.parts;
    const endpoint = await this.endpointOf(argument, vscode.l10n.t('Make Endpoint the Default'));
    if (endpoint === undefined) return;
    const folder = await this.folderFor(endpoint);
    if (folder === undefined) return;
    try {
      await editWorkspaceFile(folder, (text) => specBundle().setDefaultEndpoint(text, endpoint.name));
    } catch (error) {
      tell('error', vscode.l10n.t('The default was not changed: {0}', messageOf(error)));
      return;
    }
    if (endpoint.place.kind === 'user')
      tell(
        'warning',
        vscode.l10n.t(
          'Files that name no endpoint now run on "{0}", which stands in your settings: for others, and in CI, it is unknown. Add it to promptrig.yaml to share it.',
          endpoint.name,
        ),
      );
  }

  async remove(argument: unknown): Promise<void> {
    const { user, tell } = this.parts;
    const endpoint = await this.endpointOf(argument, vscode.l10n.t('Remove Endpoint'));
    if (endpoint === undefined) return;
    const { name, place } = endpoint;
    try {
      switch (place.kind) {
        case 'builtin':
          tell('info', vscode.l10n.t('"sim" is built in and cannot be removed.'));
          return;
        case 'file':
          await this.edit(endpoint);
          return;
        case 'user': {
          const known = user.list.find(({ spec }) => spec.name === name);
          if (!(await user.remove(name))) {
            tell(
              'warning',
              vscode.l10n.t('"{0}" stands in the settings of this workspace, not in yours. Remove it there.', name),
            );
            return;
          }
          tell('info', vscode.l10n.t('"{0}" is removed from your settings.', name), {
            ...(known === undefined ? {} : { [vscode.l10n.t('Undo')]: () => user.add(known.spec) }),
          });
          return;
        }
        case 'workspace': {
          const folder = vscode.Uri.parse(place.folder);
          let before = '';
          const document = await editWorkspaceFile(folder, (text) => {
            before = text;
            return specBundle().removeEndpoint(text, place.index);
          });
          const after = document.getText();
          tell('info', vscode.l10n.t('"{0}" is removed from promptrig.yaml.', name), {
            [vscode.l10n.t('Undo')]: () =>
              editWorkspaceFile(folder, (text) => {
                if (text !== after)
                  throw new PromptrigError(
                    'usage',
                    vscode.l10n.t('promptrig.yaml has changed since. Undo the removal there by hand.'),
                  );
                return [{ offset: 0, length: text.length, newText: before }];
              }),
          });
        }
      }
    } catch (error) {
      tell('error', vscode.l10n.t('"{0}" was not removed: {1}', name, messageOf(error)));
    }
  }

  /** Lets the person choose an endpoint to run an eval on. */
  async pickForRun(title: string): Promise<string | undefined> {
    const endpoints = (await this.parts.list.list()).filter(({ isHidden, problem }) => !isHidden && problem === null);
    const picked = await vscode.window.showQuickPick(
      endpoints.map(({ name, plan, isDefault }) => ({
        label: name,
        description: [isDefault ? vscode.l10n.t('default') : '', plan.model].filter((part) => part !== '').join(' · '),
        detail: plan.url ?? vscode.l10n.t('built in'),
      })),
      { title, placeHolder: vscode.l10n.t('The eval is run on this endpoint instead of its own') },
    );
    return picked?.label;
  }

  /** The endpoint that is written in a file, by its id in the file's outline: in `promptrig.yaml`, or in place in an eval. */
  private async writtenAt(uri: vscode.Uri, id: string): Promise<KnownEndpoint | undefined> {
    const { documents, list } = this.parts;
    const { document } = documents.current(await vscode.workspace.openTextDocument(uri));
    const item = document.outline.endpoints.find((endpoint) => endpoint.id === id);
    if (item === undefined) return undefined;
    if (document.kind === 'workspace') return list.find(item.name, uri);
    return specBundle()
      .endpointsInPlace(document)
      .filter(({ pointer }) => pointer === item.pointer)
      .map(({ spec }) => inPlace(spec, uri))[0];
  }

  /** The folder whose `promptrig.yaml` is meant: the endpoint's own, else the one that the person picks. */
  private async folderFor({ place }: KnownEndpoint): Promise<vscode.Uri | undefined> {
    if (place.kind === 'workspace') return vscode.Uri.parse(place.folder);
    const folders = vscode.workspace.workspaceFolders ?? [];
    if (folders.length === 0)
      this.parts.tell('info', vscode.l10n.t('Open a folder first: the default stands in its promptrig.yaml.'));
    if (folders.length <= 1) return folders[0]?.uri;
    const picked = await vscode.window.showWorkspaceFolderPick({
      placeHolder: vscode.l10n.t('Folder whose files run on it by default'),
    });
    return picked?.uri;
  }

  private async modelsOf({ kind, url, key }: Pick<Draft, 'kind' | 'url' | 'key'>): ReturnType<typeof probeEndpoint> {
    const { hosts, redactor } = this.parts;
    const apiKeyEnv = key.kind === 'environment' ? key.value.trim() : undefined;
    const { plan } = specBundle().resolveEndpoint(
      { name: kind.name, api: kind.api, url, ...(apiKeyEnv === undefined ? {} : { apiKeyEnv }) },
      '/',
    );
    if (!vscode.workspace.isTrusted)
      return {
        ok: false,
        kind: 'untrusted',
        message: vscode.l10n.t('Nothing is sent from a workspace that is not trusted. Type the model.'),
      };
    if (!(await hosts.allow([plan])))
      return { ok: false, kind: 'refused', message: vscode.l10n.t('Nothing was sent to this host. Type the model.') };
    const apiKey =
      key.kind === 'secret' ? key.value.trim() : apiKeyEnv === undefined ? undefined : process.env[apiKeyEnv];
    redactor.add(apiKey);
    return probeEndpoint(plan, {
      apiKey: apiKey === '' ? undefined : apiKey,
      redact: (text) => redactor.text(text),
      signal: new AbortController().signal,
    });
  }

  private async save(draft: Draft): Promise<KnownEndpoint | undefined> {
    const { keys, list, user, documents } = this.parts;
    const spec = specOf(draft);
    const { saveTo, key, name, url } = draft;
    if (key.kind === 'secret') await keys.set({ name, url }, key.value.trim());
    if (saveTo.kind === 'user') {
      await user.add(spec);
    } else {
      const folder = vscode.Uri.parse(saveTo.folder);
      const document = await editWorkspaceFile(folder, (text) => specBundle().addEndpoint(text, spec));
      // Shown, so that the person sees what was written and can undo it.
      const { document: parsed } = documents.current(document);
      const index = (parsed.workspace?.endpoints ?? []).length - 1;
      await revealPointer(documents, document.uri, `/endpoints/${index}`);
    }
    const place = saveTo.kind === 'user' ? 'user' : saveTo.folder;
    const isSaved = (one: KnownEndpoint): boolean =>
      one.name === name && (one.place.kind === 'workspace' ? one.place.folder === place : one.place.kind === place);
    // The file is read again a moment after it is written.
    for (let tries = 0; tries < 20; tries++) {
      const found = (await list.list()).find(isSaved);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return undefined;
  }

  /** The last step of the guided way: one request, and what it took. */
  private async firstTest(endpoint: KnownEndpoint): Promise<void> {
    const cost = specBundle().endpointTestCost(endpoint.plan);
    const input = vscode.window.createQuickPick<vscode.QuickPickItem & { action?: 'again' | 'edit' | 'done' }>();
    input.title = vscode.l10n.t('Add Endpoint: test {0}', endpoint.name);
    input.ignoreFocusOut = true;
    const again = { label: vscode.l10n.t('$(debug-rerun) Test again'), action: 'again' as const };
    const edit = { label: vscode.l10n.t('$(edit) Edit it'), action: 'edit' as const };
    const done = { label: vscode.l10n.t('$(check) Done'), action: 'done' as const };
    const test = async (): Promise<void> => {
      input.busy = true;
      input.placeholder =
        cost === null || cost === 0
          ? vscode.l10n.t('Sending one small request')
          : vscode.l10n.t('Sending one small request for at most {0}', formatMoney(cost));
      input.items = [];
      const outcome = await this.run(endpoint);
      input.busy = false;
      if (outcome === undefined) {
        input.placeholder = vscode.l10n.t('{0} is added, and not tested', endpoint.name);
        input.items = [done, edit, again];
        return;
      }
      input.placeholder = vscode.l10n.t('{0} is added', endpoint.name);
      const said: vscode.QuickPickItem & { action: 'done' } = {
        label: outcome.ok ? `$(pass) ${latencyText(outcome)}` : vscode.l10n.t('$(error) It does not answer'),
        detail: outcomeSentence(outcome),
        alwaysShow: true,
        action: 'done',
      };
      input.items = outcome.ok ? [said, again, edit] : [said, edit, again, done];
    };
    await new Promise<void>((resolve) => {
      input.onDidHide(() => {
        resolve();
        input.dispose();
      });
      input.onDidAccept(() => {
        const action = input.selectedItems[0]?.action;
        if (action === 'again') void this.guarded(test());
        else input.hide();
        if (action === 'edit') void this.guarded(this.edit(endpoint));
      });
      input.show();
      void this.guarded(test());
    });
  }

  private async guarded(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.parts.tell('error', messageOf(error));
    }
  }
}

/** One that an eval file describes for itself. */
function inPlace(spec: EndpointSpec, uri: vscode.Uri): KnownEndpoint {
  const { plan, params } = specBundle().resolveEndpoint(spec, path.dirname(uri.fsPath));
  return {
    key: `file:${uri.toString()}#${spec.name}`,
    name: spec.name,
    place: { kind: 'file', uri: uri.toString() },
    plan,
    params,
    problem: null,
    isDefault: false,
    isHidden: false,
  };
}

function isKnown(value: unknown): value is KnownEndpoint {
  return isObject(value) && 'place' in value && 'plan' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
