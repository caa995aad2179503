/** Sixty shapes of nonsense, each as large as one likes, PURE. As the text of a JSON value, or of what only begins like one. */

export interface Shape {
  readonly name: string;
  /** About so many bytes, and not more. */
  readonly make: (sizeBytes: number) => string;
}

/** Values that a reader of strangers' JSON just about takes: as many, and each as long as the size leaves room for. */
const MANY = 19_000;

const repeat = (unit: string, sizeBytes: number) => unit.repeat(Math.max(0, Math.floor(sizeBytes / unit.length)));
const list = (items: string, sizeBytes: number) => `[${repeat(`${items},`, sizeBytes - 2 - items.length)}${items}]`;
const text = (unit: string) => (sizeBytes: number) => `"${repeat(unit, sizeBytes - 2)}"`;
const wide = (item: string) => (sizeBytes: number) => list(item, sizeBytes);
const nested = (open: string, close: string) => (sizeBytes: number) => {
  const levels = Math.floor(sizeBytes / (open.length + close.length));
  return open.repeat(levels) + close.repeat(levels);
};
const members = (sizeBytes: number, member: (index: number) => string) => {
  const made: string[] = [];
  let length = 2;
  for (let i = 0; ; i += 1) {
    const next = member(i);
    length += next.length + 1;
    if (length > sizeBytes) break;
    made.push(next);
  }
  return made.join();
};
const object = (key: (index: number) => string, value: string) => (sizeBytes: number) =>
  `{${members(sizeBytes, (i) => `"${key(i)}":${value}`)}}`;
/** No more than are taken, so that it is what comes after the scan that has work. */
const justWithin = (make: (index: number, roomBytes: number) => string, [open, close]: readonly [string, string]) => {
  return (sizeBytes: number) => {
    const count = Math.min(MANY, Math.max(1, Math.floor(sizeBytes / 50)));
    const room = Math.floor((sizeBytes - 2) / count) - 1;
    return `${open}${Array.from({ length: count }, (_, i) => make(i, room)).join()}${close}`;
  };
};
const ARRAY = ['[', ']'] as const;
const OBJECT = ['{', '}'] as const;
const padded = (i: number) => String(i).padStart(7, '0');
const fill = (roomBytes: number, unit = 'x') => unit.repeat(Math.max(0, Math.floor(roomBytes / unit.length)));
const DIGITS = 100_000;

export const SHAPES: readonly Shape[] = [
  // Wide
  { name: 'ones', make: wide('1') },
  { name: 'nulls', make: wide('null') },
  { name: 'trues', make: wide('true') },
  { name: 'empty texts', make: wide('""') },
  { name: 'empty objects', make: wide('{}') },
  { name: 'empty lists', make: wide('[]') },
  { name: 'pairs', make: wide('[1,2]') },
  { name: 'objects of one key', make: wide('{"documentId":1}') },
  { name: 'fractions', make: wide('-0.1e-7') },
  { name: 'texts of one letter', make: wide('"a"') },
  { name: 'descriptions of nothing', make: wide('{"id":"","type":"","files":"0x","datatokenAddress":""}') },
  { name: 'lists of lists of lists', make: wide('[[[[[[[[1]]]]]]]]') },
  // Just within what is taken
  { name: 'as many numbers as are taken', make: justWithin((i) => String(i), ARRAY) },
  { name: 'as many texts as are taken', make: justWithin((_, room) => `"${fill(room - 2)}"`, ARRAY) },
  { name: 'as many keys as are taken', make: justWithin((i, room) => `"${padded(i)}${fill(room - 11)}":1`, OBJECT) },
  { name: 'as many nulls by key as are taken', make: justWithin((i) => `"${padded(i)}":null`, OBJECT) },
  { name: 'as many objects, each of a key of its own', make: justWithin((i) => `{"k${padded(i)}":1}`, ARRAY) },
  { name: 'as many levels as are taken, again and again', make: wide(`${'['.repeat(150)}1${']'.repeat(150)}`) },
  { name: 'as many escapes as are taken', make: justWithin((_, room) => `"${fill(room - 2, '\\n')}"`, ARRAY) },
  // Deep
  { name: 'deep lists', make: nested('[', ']') },
  { name: 'deep objects', make: nested('{"a":', '}') },
  { name: 'deep lists in objects', make: nested('{"a":[', ']}') },
  { name: 'deep lists that never close', make: (sizeBytes) => '['.repeat(sizeBytes) },
  { name: 'deep objects that never close', make: (sizeBytes) => repeat('{"a":', sizeBytes) },
  { name: 'closing brackets', make: (sizeBytes) => ']'.repeat(sizeBytes) },
  // Keys
  { name: 'many keys', make: object((i) => `k${i}`, '1') },
  { name: 'the same key', make: object(() => 'documentId', '1') },
  { name: 'the same key of objects', make: object(() => 'dataset', '{"a":1}') },
  { name: 'keys that are numbers', make: object((i) => String(i), '1') },
  { name: 'keys that are large numbers', make: object((i) => String(4_294_967_295 - i * 65_536), '1') },
  { name: 'keys whose hashes are alike', make: object((i) => String(i * 16_777_216), '1') },
  { name: 'the key __proto__', make: object(() => '__proto__', '{"a":1}') },
  {
    name: 'keys of all objects',
    make: object((i) => ['constructor', 'toString', 'hasOwnProperty'][i % 3] ?? '', '{}'),
  },
  { name: 'one long key', make: (sizeBytes) => `{${text('k')(sizeBytes - 4)}:1}` },
  { name: 'long keys that differ at their end', make: object((i) => `${'k'.repeat(1_000)}${i}`, '1') },
  { name: 'keys with escapes', make: object((i) => `\\u006b\\n${i}`, '1') },
  // Texts
  { name: 'one long text', make: text('x') },
  { name: 'a text of digits', make: text('7') },
  { name: 'a text of hex', make: (sizeBytes) => `"0x${fill(sizeBytes - 5, 'f')}g"` },
  { name: 'a DID that goes on', make: (sizeBytes) => `"did:op:${fill(sizeBytes - 9, 'a')}"` },
  { name: 'a DID of DIDs', make: text('did:op:') },
  { name: 'commas', make: text(',') },
  { name: 'brackets in a text', make: text('[{') },
  { name: 'blanks', make: text(' ') },
  { name: 'slashes', make: text('a/') },
  { name: 'dots', make: text('1.') },
  { name: 'an address without end', make: (sizeBytes) => `"http://${fill(sizeBytes - 9, 'a.')}"` },
  { name: 'an address of users', make: (sizeBytes) => `"http://${fill(sizeBytes - 9, 'a@')}"` },
  { name: 'two-byte letters', make: text('é') },
  { name: 'letters beyond the first plane', make: text('🦑') },
  { name: 'escaped letters', make: text('\\u0041') },
  { name: 'half surrogates', make: text('\\ud800') },
  { name: 'surrogates the wrong way round', make: text('\\udc00\\ud800') },
  { name: 'zeros', make: text('\\u0000') },
  { name: 'quotes', make: text('\\"') },
  { name: 'backslashes', make: text('\\\\') },
  // Numbers
  { name: 'a number of all digits', make: (sizeBytes) => '7'.repeat(sizeBytes) },
  {
    name: 'numbers of 100,000 digits',
    make: (sizeBytes) => list('7'.repeat(Math.min(DIGITS, sizeBytes / 4)), sizeBytes),
  },
  { name: 'a long fraction', make: (sizeBytes) => `0.${'7'.repeat(sizeBytes - 2)}` },
  { name: 'a long exponent', make: (sizeBytes) => `1e${'9'.repeat(sizeBytes - 2)}` },
  { name: 'zeros before a number', make: (sizeBytes) => '0'.repeat(sizeBytes) },
  // No JSON
  { name: 'a text that never ends', make: (sizeBytes) => `"${'x'.repeat(sizeBytes - 1)}` },
  { name: 'blanks alone', make: (sizeBytes) => ' '.repeat(sizeBytes) },
  { name: 'commas alone', make: (sizeBytes) => ','.repeat(sizeBytes) },
  { name: 'quotes alone', make: (sizeBytes) => '"'.repeat(sizeBytes) },
  { name: 'a comma after the last', make: (sizeBytes) => `[${repeat('1,', sizeBytes - 2)}]` },
];
