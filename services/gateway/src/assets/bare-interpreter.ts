/** Whether an entrypoint is one interpreter and nothing else, PURE: without a program and without input it ends at once, and says nothing. */

const INTERPRETER =
  /^(python[\d.]*|pypy[\d.]*|node|nodejs|deno|bun|sh|bash|dash|ash|zsh|ksh|fish|R|Rscript|ruby|perl|php|julia|lua[\d.]*|octave|tclsh)$/;

/** As a text, or as the list of one word that descriptions may have; by its name or by its path. */
export function isBareInterpreter(entrypoint: string): boolean {
  const [, listed] = /^\s*\[\s*"([^"\\]*)"\s*\]\s*$/.exec(entrypoint) ?? [];
  const word = (listed ?? entrypoint).trim();
  return INTERPRETER.test(word.split('/').at(-1) ?? '') && !/\s/.test(word);
}
