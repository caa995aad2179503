/** Elements, and lists of them that change in place. What jobs say only ever becomes text: nothing here parses markup. */

export type Child = Node | string | false | undefined;
/** Attributes; false and undefined leave one out, true sets it without a value. */
export type Attributes = Readonly<Record<string, string | boolean | undefined>>;

export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

export function setAttribute(element: Element, name: string, value: string | boolean | undefined): void {
  const text = value === true ? '' : value;
  if (text === undefined || text === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Leaves a text alone that is right already: a selection in it stays, and screen readers do not repeat it. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function button(text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = el('button', { type: 'button', ...attributes }, text);
  element.addEventListener('click', onClick);
  return element;
}

/** Something on the page that shows a value and follows it. */
export interface View<T> {
  readonly element: HTMLElement;
  update(value: T): void;
}

/** A list whose items keep their elements, and the focus, while they change and move. */
export function keyedList<T>(
  container: HTMLElement,
  keyOf: (value: T) => string,
  make: (value: T) => View<T>,
): (values: readonly T[]) => void {
  const views = new Map<string, View<T>>();
  return (values) => {
    const focused = document.activeElement;
    const keys = new Set(values.map(keyOf));
    for (const [key, { element }] of views) {
      if (keys.has(key)) continue;
      element.remove();
      views.delete(key);
    }
    let place = container.firstElementChild;
    for (const value of values) {
      const key = keyOf(value);
      const view = views.get(key) ?? make(value);
      views.set(key, view);
      view.update(value);
      if (view.element === place) place = place.nextElementSibling;
      else container.insertBefore(view.element, place);
    }
    // An element that moves loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement && container.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  };
}

/** Arrow keys, Home and End move between the links of a list; Tab goes on past it. */
export function arrowKeys(container: HTMLElement): void {
  container.addEventListener('keydown', (event) => {
    const links = [...container.querySelectorAll<HTMLElement>('a[href]')];
    const at = links.findIndex((link) => link === document.activeElement);
    if (at === -1) return;
    const next = targetOf(event.key, at, links.length);
    if (next === undefined) return;
    event.preventDefault();
    links[next]?.focus();
  });
}

function targetOf(key: string, at: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return Math.min(at + 1, count - 1);
    case 'ArrowUp':
      return Math.max(at - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
