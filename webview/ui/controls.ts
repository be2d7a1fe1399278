/**
 * The controls of the panels. They wrap @vscode/webview-ui-toolkit, which is archived upstream: nothing outside this
 * folder knows that, so that replacing it touches this folder only.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeProgressRing,
  vsCodeTextField,
  type Button,
  type Checkbox,
  type Dropdown,
  type TextField,
} from '@vscode/webview-ui-toolkit';
import { icon } from '../dom';
import './controls.css';

let registered = false;

/**
 * Defines the custom elements. Call it first in a page's entry, while the page is still loading: the toolkit reads the
 * theme's colours once at its start and would otherwise keep dark ones in a light theme.
 */
export function registerControls(): void {
  if (registered) return;
  registered = true;
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeProgressRing(),
    vsCodeTextField(),
  );
}

export interface ButtonControl {
  element: HTMLElement;
  setDisabled(disabled: boolean): void;
  /** Replaces label and icon. */
  setFace(label: string, icon: string): void;
}

/** A push button with a codicon in front of its label; `icon` shows the codicon alone and the label on hover. */
export function button(options: {
  label: string;
  icon: string;
  appearance: 'primary' | 'secondary' | 'icon';
  onClick: () => void;
}): ButtonControl {
  const element = document.createElement('vscode-button') as Button;
  element.setAttribute('appearance', options.appearance);
  let face = '';
  const setFace = (label: string, name: string) => {
    if (face === `${name} ${label}`) return;
    face = `${name} ${label}`;
    const glyph = icon(name);
    if (options.appearance === 'icon') {
      element.setAttribute('aria-label', label);
      element.setAttribute('title', label);
      element.replaceChildren(glyph);
    } else {
      glyph.slot = 'start';
      element.replaceChildren(glyph, label);
    }
  };
  setFace(options.label, options.icon);
  element.addEventListener('click', () => {
    if (!element.disabled) options.onClick();
  });
  return {
    element,
    setFace,
    setDisabled: (disabled) => {
      if (element.disabled !== disabled) element.disabled = disabled;
    },
  };
}

export interface DropdownControl {
  element: HTMLElement;
  /** Replaces the options where they changed, and selects `value`. */
  update(options: { value: string; label: string }[], value: string): void;
}

/** A choice of one. `onChange` is told only what the reader chose, never what `update` set. */
export function dropdown(options: { label: string; onChange: (value: string) => void }): DropdownControl {
  const element = document.createElement('vscode-dropdown') as Dropdown;
  element.setAttribute('aria-label', options.label);
  let shown = '';
  let current = '';
  element.addEventListener('change', () => {
    if (element.value === current) return;
    current = element.value;
    options.onChange(current);
  });
  return {
    element,
    update: (entries, value) => {
      const key = JSON.stringify(entries);
      if (key !== shown) {
        shown = key;
        element.replaceChildren(
          ...entries.map((entry) => {
            const option = document.createElement('vscode-option');
            option.setAttribute('value', entry.value);
            option.textContent = entry.label;
            // The toolkit takes notice of new options later, and then selects the first one that is not marked.
            if (entry.value === value) option.setAttribute('selected', '');
            return option;
          }),
        );
        current = '';
      }
      if (current !== value) {
        current = value;
        element.setAttribute('current-value', value);
        element.value = value;
      }
    },
  };
}

export interface CheckboxControl {
  element: HTMLElement;
  checked(): boolean;
  /** Without a word to `onChange`. */
  setChecked(checked: boolean): void;
}

export function checkbox(options: { label: string; onChange: (checked: boolean) => void }): CheckboxControl {
  const element = document.createElement('vscode-checkbox') as Checkbox;
  element.textContent = options.label;
  let current = false;
  element.addEventListener('change', () => {
    if (element.checked === current) return;
    current = element.checked;
    options.onChange(current);
  });
  return {
    element,
    checked: () => element.checked,
    setChecked: (checked) => {
      current = checked;
      element.checked = checked;
    },
  };
}

export interface TextFieldControl {
  element: HTMLElement;
  value(): string;
  setValue(value: string): void;
}

/** A line of text. `onInput` is told what the reader typed, never what `setValue` set. */
export function textField(options: {
  label: string;
  placeholder: string;
  onInput: (value: string) => void;
}): TextFieldControl {
  const element = document.createElement('vscode-text-field') as TextField;
  // Its text is its label, and becomes its `aria-label` when it is connected; controls.css takes it out of sight.
  element.textContent = options.label;
  element.setAttribute('placeholder', options.placeholder);
  element.addEventListener('input', () => options.onInput(element.value));
  return {
    element,
    value: () => element.value,
    setValue: (value) => {
      if (element.value !== value) element.value = value;
    },
  };
}

/** For work whose end is unknown; where a total is known, a bar says more. */
export function progressRing(label: string): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  element.setAttribute('aria-label', label);
  return element;
}
