/** The command line of an algorithm, PURE: run as it is where it can be, by a shell where it needs one. */

/** Anything that a shell would treat in its own way; `=` only where it would set a variable. */
const SHELL_SYNTAX = /[|&;<>()`\\"'*?[\]#~!{}\n$]|^\s*[A-Za-z_][A-Za-z0-9_]*=/;

/** The parts of an entrypoint that is written as a Dockerfile would have it, `["python3", "$ALGO"]`: no shell sees them. */
function partsOf(entrypoint: string): readonly string[] | undefined {
  if (!/^\s*\[/.test(entrypoint)) return undefined;
  try {
    const parts: unknown = JSON.parse(entrypoint);
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : undefined;
  } catch {
    return undefined;
  }
}

/** Words that a shell knows by itself, where no program of that name need be in the image. */
const SHELL_WORD = /^\s*(?:exec|cd|set|eval|export|unset|source|umask|ulimit|trap|if|for|while|until|case|[.:])\s/;

/** Empty where the order names no program: the image's own then. `$ALGO` stands for the algorithm's path, within quotes too: the programs there may be in languages that know no variables. */
export function argvOf(entrypoint: string, algorithmPath: string): readonly string[] {
  const withPath = (text: string) =>
    text.replaceAll('${ALGO}', algorithmPath).replaceAll(/\$ALGO(?![A-Za-z0-9_])/g, algorithmPath);
  const parts = partsOf(entrypoint);
  if (parts) return parts.map(withPath);
  const replaced = withPath(entrypoint);
  if (SHELL_SYNTAX.test(replaced) || SHELL_WORD.test(replaced)) return ['/bin/sh', '-c', replaced];
  return replaced.trim() === '' ? [] : replaced.trim().split(/\s+/);
}
