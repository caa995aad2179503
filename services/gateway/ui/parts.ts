/** The parts of the page that stand in its HTML. */

export function part(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new TypeError(`the page has no part called ${id}`);
  return element;
}
