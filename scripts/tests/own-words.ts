/** The words of `npm test` that are not mocha's, PURE. */

export type OwnWords =
  | {
      readonly ok: true;
      readonly lanes: number | undefined;
      /** The socket of the engine that all tests use, if not the machine's. */
      readonly engine: string | undefined;
      readonly isCovered: boolean;
      readonly rest: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/** Takes `--name value`, `--name=value` and `--coverage` out of the words. */
export function readOwnWords(words: readonly string[]): OwnWords {
  const isCovered = words.includes('--coverage');
  const { values, rest } = takeOut(
    words.filter((word) => word !== '--coverage'),
    ['lanes', 'engine'],
  );
  const [lanes, engine] = [values.get('lanes'), values.get('engine')];
  if (lanes !== undefined && !/^[1-9]\d?$/.test(lanes))
    return { ok: false, problem: `--lanes is a number from 1 to 99, not "${lanes}".` };
  if (engine !== undefined && !engine.startsWith('/'))
    return { ok: false, problem: `--engine is the path of the socket of an engine, not "${engine}".` };
  return { ok: true, lanes: lanes === undefined ? undefined : Number(lanes), engine, isCovered, rest };
}

function takeOut(words: readonly string[], names: readonly string[]) {
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [, name = '', value] = /^--([a-z]+)(?:=(.*))?$/.exec(word) ?? [];
    if (!names.includes(name)) rest.push(word);
    else values.set(name, value ?? words[(at += 1)] ?? '');
  }
  return { values, rest };
}
