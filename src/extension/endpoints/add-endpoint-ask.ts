import * as vscode from 'vscode';
import type { ProbeResult } from '../../core/endpoints/probe';
import {
  BACK,
  CANCEL,
  checkVariable,
  isOpenTraffic,
  type AddEndpointAsk,
  type Answer,
  type KeyChoice,
  type Place,
  type SaveTo,
} from './add-endpoint-flow';
import { originOf } from './hosts';
import { pick, text, type PickItem } from './multi-step';
import { ENDPOINT_KINDS, type EndpointKind } from './vendors';

/** The questions of the guided form, in the quick input. */
export const quickInputAsk: AddEndpointAsk = {
  kind: (place, before) =>
    pick<EndpointKind>({
      title: vscode.l10n.t('Add Endpoint'),
      place,
      placeholder: vscode.l10n.t('What serves the model? Its address can be changed next'),
      items: kindItems(),
      ...(before === undefined ? {} : { active: before }),
    }),

  url: (place, suggestion, check) =>
    text({
      title: vscode.l10n.t('Add Endpoint: address'),
      place,
      value: suggestion,
      prompt: vscode.l10n.t('Base URL of the API; the whole address of a method will do as well'),
      placeholder: 'http://127.0.0.1:8000/v1',
      check,
      hint: (value) =>
        isOpenTraffic(value)
          ? vscode.l10n.t('Prompts and keys travel to this host unencrypted: it is http and not this machine.')
          : null,
    }),

  key: async (place, kind, url, before) => {
    for (;;) {
      const how = await pick<KeyChoice['kind']>({
        title: vscode.l10n.t('Add Endpoint: API key'),
        place,
        placeholder: vscode.l10n.t('Does {0} want a key?', originOf(url) ?? url),
        items: keyItems(kind),
        active: before?.kind ?? (kind.apiKeyEnv === undefined ? 'none' : 'environment'),
      });
      if (how === BACK || how === CANCEL) return how;
      if (how === 'none') return { kind: 'none', value: '' };
      const value = how === 'environment' ? await variable(place, kind, before) : await secret(place, url);
      if (value === CANCEL) return CANCEL;
      // Back to the question how, not to the one before it.
      if (value !== BACK) return { kind: how, value };
    }
  },

  model: (place, models, before) => askModel(place, models, before),

  name: (place, suggestion, check) =>
    text({
      title: vscode.l10n.t('Add Endpoint: name'),
      place,
      value: suggestion,
      prompt: vscode.l10n.t('Eval files and results refer to the endpoint by this name'),
      check,
    }),

  saveTo: (place, folders) => {
    const several = folders.length > 1;
    return pick<SaveTo>({
      title: vscode.l10n.t('Add Endpoint: where to save it'),
      place,
      placeholder: vscode.l10n.t('A key is never written into either of them'),
      items: [
        ...folders.map(({ folder, name }): PickItem<SaveTo> => ({
          label: several
            ? vscode.l10n.t('$(file-code) promptrig.yaml of {0}', name)
            : vscode.l10n.t('$(file-code) promptrig.yaml of this workspace'),
          detail: vscode.l10n.t('Shared with everyone who has the files, and with CI'),
          value: { kind: 'workspace', folder },
        })),
        {
          label: vscode.l10n.t('$(account) Your settings'),
          detail: vscode.l10n.t('Yours in every workspace; files that name it run for you alone'),
          value: { kind: 'user' },
        },
      ],
    });
  },
};

function kindItems(): PickItem<EndpointKind>[] {
  const items: PickItem<EndpointKind>[] = [];
  let group = '';
  for (const kind of ENDPOINT_KINDS) {
    if (kind.group !== group) items.push({ label: kind.group, kind: vscode.QuickPickItemKind.Separator });
    group = kind.group;
    items.push({ label: kind.label, description: kind.detail, value: kind });
  }
  return items;
}

function keyItems({ apiKeyEnv }: EndpointKind): PickItem<KeyChoice['kind']>[] {
  const isSet = apiKeyEnv !== undefined && Boolean(process.env[apiKeyEnv]);
  return [
    { label: vscode.l10n.t('$(circle-slash) No key'), value: 'none' },
    {
      label: vscode.l10n.t('$(symbol-variable) Environment variable'),
      description: apiKeyEnv === undefined ? '' : isSet ? vscode.l10n.t('{0} is set', apiKeyEnv) : apiKeyEnv,
      detail: vscode.l10n.t('Its name is saved with the endpoint; CI sets it, too'),
      value: 'environment',
    },
    {
      label: vscode.l10n.t('$(key) Secret store of this editor'),
      detail: vscode.l10n.t('Kept on this machine, for this name and host only'),
      value: 'secret',
    },
  ];
}

function variable(place: Place, kind: EndpointKind, before: KeyChoice | undefined): Promise<Answer<string>> {
  return text({
    title: vscode.l10n.t('Add Endpoint: environment variable'),
    // From here the way back leads to the question how.
    place: { ...place, step: Math.max(2, place.step) },
    value: before?.kind === 'environment' ? before.value : (kind.apiKeyEnv ?? ''),
    prompt: vscode.l10n.t('Name of the variable that holds the key'),
    placeholder: 'OPENAI_API_KEY',
    check: checkVariable,
    hint: (value) =>
      process.env[value.trim()]
        ? null
        : vscode.l10n.t(
            '{0} is not set in this editor. Set it before VS Code starts, or store a key for the endpoint later.',
            value.trim(),
          ),
  });
}

function secret(place: Place, url: string): Promise<Answer<string>> {
  return text({
    title: vscode.l10n.t('Add Endpoint: API key'),
    place: { ...place, step: Math.max(2, place.step) },
    value: '',
    password: true,
    prompt: vscode.l10n.t("Kept in the editor's secret store and sent to {0} only", originOf(url) ?? url),
    check: (value) => (value.trim() === '' ? vscode.l10n.t('Enter the key, or go back.') : null),
  });
}

/** The list comes while the box is open already; what is typed is taken as well, since not every server has a list. */
function askModel(place: Place, models: Promise<ProbeResult>, before: string): Promise<Answer<string>> {
  let listed: string[] = [];
  let note = '';
  const itemsFor = (typed: string): PickItem<string>[] => {
    const own = typed.trim();
    const items: PickItem<string>[] = listed.map((name) => ({ label: name, value: name }));
    if (own !== '' && !listed.includes(own))
      items.unshift({ label: own, description: vscode.l10n.t('as typed'), value: own });
    if (items.length === 0 && note !== '') items.push({ label: `$(info) ${note}`, alwaysShow: true });
    return items;
  };
  return pick<string>({
    title: vscode.l10n.t('Add Endpoint: model'),
    place,
    placeholder: vscode.l10n.t('Choose the model, or type its name as the server knows it'),
    items: itemsFor(before),
    onType: (typed, input) => (input.items = itemsFor(typed)),
    onShown: (input) => {
      input.value = before;
      input.busy = true;
      void models.then((result) => {
        input.busy = false;
        listed = result.ok ? (result.models ?? []) : [];
        note = !result.ok
          ? result.message
          : listed.length === 0
            ? vscode.l10n.t('The server answers, but lists no models. Type the name of yours.')
            : '';
        input.placeholder =
          listed.length > 0
            ? listed.length === 1
              ? vscode.l10n.t('1 model on the server; another name can be typed')
              : vscode.l10n.t('{0} models on the server; another name can be typed', listed.length)
            : vscode.l10n.t('Type the name of the model as the server knows it');
        input.items = itemsFor(input.value);
      });
    },
  });
}
