/** A few lines of DOM. Text only ever goes in through `textContent`, so that an answer can hold any markup unharmed. */
export type Child = Node | string | null;

export interface Attributes {
  class?: string;
  id?: string;
  role?: string;
  title?: string;
  hidden?: boolean;
  tabindex?: number;
  type?: string;
  scope?: string;
  colspan?: number;
  aria?: Record<string, string | boolean>;
  data?: Record<string, string>;
}

/** Creates `<tag>` with attributes and children; a null child is left out. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { aria, data, hidden, ...plain } = attributes;
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) element.setAttribute(name, String(value));
  for (const [name, value] of Object.entries(aria ?? {})) element.setAttribute(`aria-${name}`, String(value));
  for (const [name, value] of Object.entries(data ?? {})) element.dataset[name] = value;
  element.hidden = hidden ?? false;
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A codicon. It is decoration: the word beside it says the same. */
export function icon(name: string, extra = ''): HTMLSpanElement {
  return el('span', { class: iconClass(name, extra), aria: { hidden: true } });
}

export function iconClass(name: string, extra = ''): string {
  return `codicon codicon-${name}${extra === '' ? '' : ` ${extra}`}`;
}

/** Writes only on change: a write of the same text would still cost a layout and a screen reader's attention. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string | null): void {
  if (value === null) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function setClass(element: Element, value: string): void {
  if (element.className !== value) element.className = value;
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}
