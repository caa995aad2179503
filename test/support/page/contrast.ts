/** How well the texts of a page can be read, computed as WCAG 2 has it, from the colours that the browser really uses. */
import type { Page } from 'playwright-core';

export interface Unreadable {
  readonly text: string;
  readonly ratio: number;
}

/** Texts whose contrast is below what their size asks for: 4.5, or 3 for large ones. */
export function unreadableTexts(page: Page): Promise<readonly Unreadable[]> {
  return page.evaluate(`(${inPage.toString()})()`);
}

/** Runs in the page, so it may use nothing from here. */
function inPage(): readonly Unreadable[] {
  type Colour = readonly [red: number, green: number, blue: number, alpha: number];
  const { document, getComputedStyle, OffscreenCanvas } = globalThis as unknown as Dom;
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });

  const parse = (css: string): Colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a]: Colour, [br, bg, bb]: Colour): Colour => {
    const mix = (top: number, below: number) => top * a + below * (1 - a);
    return [mix(r, br), mix(g, bg), mix(b, bb), 1];
  };
  const groundOf = (element: Element | null): Colour => {
    if (!element) return [255, 255, 255, 1];
    const own = parse(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, groundOf(element.parentElement));
  };
  const luminance = ([red, green, blue]: Colour) => {
    const linear = [red, green, blue].map((part) => {
      const share = part / 255;
      return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  };

  const bad: Unreadable[] = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes]
      .filter(({ nodeType }) => nodeType === 3)
      .map(({ textContent }) => textContent.trim())
      .join(' ')
      .trim();
    const { color, fontSize, fontWeight } = getComputedStyle(element);
    if (text === '' || !element.checkVisibility({ visibilityProperty: true })) continue;
    const ground = groundOf(element);
    const [a, b] = [luminance(over(parse(color), ground)), luminance(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const sizePx = Number.parseFloat(fontSize);
    const isLarge = sizePx >= 24 || (sizePx >= 18.66 && Number(fontWeight) >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) bad.push({ text: text.slice(0, 60), ratio: Math.round(ratio * 100) / 100 });
  }
  return bad;
}

/** Of a browser, what is used above: tests have Node's types, which lack it. */
interface Element {
  readonly parentElement: Element | null;
  readonly childNodes: Iterable<{ readonly nodeType: number; readonly textContent: string }>;
  checkVisibility(options: object): boolean;
}
interface Dom {
  readonly document: { querySelectorAll(selector: string): Iterable<Element> };
  getComputedStyle(element: Element): {
    readonly backgroundColor: string;
    readonly color: string;
    readonly fontSize: string;
    readonly fontWeight: string;
  };
  readonly OffscreenCanvas: new (
    width: number,
    height: number,
  ) => {
    getContext(
      kind: '2d',
      options: object,
    ): {
      fillStyle: string;
      clearRect(...box: readonly number[]): void;
      fillRect(...box: readonly number[]): void;
      getImageData(...box: readonly number[]): { readonly data: Iterable<number> };
    };
  };
}
