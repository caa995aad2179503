/** Hands something to whoever looks at the page, as a download. */
import { el } from './dom.ts';

const HELD_MS = 10_000;

export function save(content: Blob, filename: string): void {
  const url = URL.createObjectURL(content);
  el('a', { href: url, download: filename }).click();
  // The download has its own hold on the content once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), HELD_MS);
}
