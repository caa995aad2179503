/** The command line of an algorithm, PURE: run as it is where it can be, by a shell where it needs one. */

/** Anything that a shell would treat in its own way; `=` only where it would set a variable. */
const SHELL_SYNTAX = /[|&;<>()`\\"'*?[\]#~!{}\n$]|^\s*[A-Za-z_][A-Za-z0-9_]*=/;

/** `$ALGO` stands for the algorithm's path; a shell finds it in its environment. */
export function argvOf(entrypoint: string, algorithmPath: string): readonly string[] {
  const replaced = entrypoint.replaceAll('${ALGO}', algorithmPath).replaceAll(/\$ALGO(?![A-Za-z0-9_])/g, algorithmPath);
  if (SHELL_SYNTAX.test(replaced)) return ['/bin/sh', '-c', entrypoint];
  return replaced.trim().split(/\s+/);
}
