/** Why a container did not start, PURE: what its order or its image has to do with it, in our words. The rest of what an engine says is about the host. */

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/executable file not found|exec: .*no such file or directory/i, 'its program is not in the image'],
  [/exec format error/i, 'its program is made for another kind of machine'],
  [/exec: .*permission denied/i, 'its program may not be executed'],
  [/chdir to cwd|mkdir .*cwd|working directory/i, "the image's working folder can not be used"],
  [/argument list too long/i, 'its command is too long'],
  [/could not select device driver/i, 'it has no driver for them'],
];

/** Empty, or with the colon that goes before it. */
export function startProblem(text: string): string {
  const found = PROBLEMS.find(([pattern]) => pattern.test(text));
  return found ? `: ${found[1]}` : '';
}
