/** A button that opens a short list of actions, as VS Code's own menus do: arrow keys, Escape, a click elsewhere. */
import { el, icon, setHidden } from '../dom';
import { button, type ButtonControl } from './controls';
import './menu.css';

export interface MenuItem {
  label: string;
  onChoose: () => void;
}

export interface MenuControl {
  element: HTMLElement;
  setDisabled(disabled: boolean): void;
}

let count = 0;

/** @param items asked for each time the menu opens: what can be chosen may have changed */
export function menu(options: {
  label: string;
  icon: string;
  appearance: 'secondary' | 'icon';
  items: () => MenuItem[];
}): MenuControl {
  const list = el('div', { class: 'menu-list', role: 'menu', hidden: true, aria: { label: options.label } });
  list.id = `menu-${++count}`;
  const opener: ButtonControl = button({
    label: options.label,
    icon: options.icon,
    appearance: options.appearance,
    onClick: () => (list.hidden ? open() : close()),
  });
  opener.element.setAttribute('aria-haspopup', 'menu');
  opener.element.setAttribute('aria-expanded', 'false');
  if (options.appearance === 'secondary') {
    const arrow = icon('chevron-down', 'menu-arrow');
    arrow.slot = 'end';
    opener.element.append(arrow);
  }
  const element = el('div', { class: 'menu' }, opener.element, list);

  const entries = () => [...list.querySelectorAll<HTMLElement>('[role="menuitem"]')];
  const focusEntry = (at: number) => {
    const all = entries();
    all[(at + all.length) % all.length]?.focus();
  };
  const open = () => {
    list.replaceChildren(
      ...options.items().map(({ label, onChoose }) => {
        const entry = el('button', { class: 'menu-item', type: 'button', role: 'menuitem', tabindex: -1 }, label);
        entry.addEventListener('click', () => {
          close();
          onChoose();
        });
        return entry;
      }),
    );
    setHidden(list, false);
    opener.element.setAttribute('aria-expanded', 'true');
    focusEntry(0);
  };
  const close = () => {
    if (list.hidden) return;
    // Focus would be lost with the entry that has it.
    if (list.contains(document.activeElement)) opener.element.focus();
    setHidden(list, true);
    opener.element.setAttribute('aria-expanded', 'false');
  };
  list.addEventListener('keydown', (event) => {
    const at = entries().indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
    const wanted = steps[event.key];
    if (wanted !== undefined) focusEntry(wanted);
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else return;
    if (event.key !== 'Tab') event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener('focusout', (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) close();
  });
  return { element, setDisabled: (disabled) => opener.setDisabled(disabled) };
}
