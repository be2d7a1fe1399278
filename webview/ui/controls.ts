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
  type Button,
  type Checkbox,
  type Dropdown,
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
}

export function checkbox(options: { label: string; onChange: (checked: boolean) => void }): CheckboxControl {
  const element = document.createElement('vscode-checkbox') as Checkbox;
  element.textContent = options.label;
  element.addEventListener('change', () => options.onChange(element.checked));
  return { element, checked: () => element.checked };
}

/** For work whose end is unknown; where a total is known, a bar says more. */
export function progressRing(label: string): HTMLElement {
  const element = document.createElement('vscode-progress-ring');
  element.setAttribute('aria-label', label);
  return element;
}
