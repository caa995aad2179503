/** Where nonsense can be sent: as the body of each route, as each of its parameters, as headers, and as frames of the socket. */
import type { TSchema } from 'typebox';
import { ENDPOINTS, type Endpoint } from '@capstan/shared/contract/endpoints';
import { ClientFrameSchemas } from '@capstan/shared/contract/socket';

/** The most that a URL or a header may hold, beside what else is there. */
const MAX_HEAD_BYTES = 14_000;
const MAX_FRAME_BYTES = 16_384;

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Place {
  readonly name: string;
  /** How much of a shape it takes. */
  readonly sizeBytes: number;
  readonly kind: 'request' | 'frame';
  /** `nonsense` is the text of a JSON value, or of what only begins like one. */
  readonly fill: (nonsense: string) => Sent;
}

const HEADERS = [
  'accept',
  'accept-encoding',
  'authorization',
  'authtoken',
  'capstan-signature',
  'content-type',
  'cookie',
  'if-none-match',
  'if-range',
  'last-event-id',
  'origin',
  'range',
  'x-forwarded-for',
];

interface Sizes {
  readonly bodyBytes: number;
}

/** `order`: the body of a start request that is good, a new one each time. */
export function places(order: () => string, { bodyBytes }: Sizes): readonly Place[] {
  const endpoints: readonly Endpoint[] = Object.values(ENDPOINTS);
  return [
    ...endpoints.flatMap((endpoint) => [
      ...(takesBody(endpoint) ? bodies(endpoint, order, bodyBytes) : []),
      ...(takesQuery(endpoint) ? queries(endpoint) : []),
    ]),
    ...HEADERS.flatMap((name) =>
      ['/', '/api/services/compute?jobId=x', '/api/services/compute/events?jobId=x'].map((at) => inHeader(name, at)),
    ),
    path(),
    ...frames(bodyBytes),
  ];
}

const takesBody = ({ from, takesBytes }: Endpoint) =>
  takesBytes === true || from === 'body' || from === 'query or body';
const takesQuery = ({ from }: Endpoint) => from === 'query' || from === 'query or body';

function bodies(endpoint: Endpoint, order: () => string, sizeBytes: number): readonly Place[] {
  const { method, path: at } = endpoint;
  const json = (name: string, bodyOf: (nonsense: string) => string): Place => ({
    name: `${method} ${at} ${name}`,
    kind: 'request',
    sizeBytes,
    fill: (nonsense) => ({ method, path: at, headers: { 'content-type': 'application/json' }, body: bodyOf(nonsense) }),
  });
  const good = () => (endpoint === ENDPOINTS.computeStart ? (JSON.parse(order()) as object) : {});
  return [
    json('its body', (nonsense) => nonsense),
    ...fieldsOf(endpoint.parameters).map((field) =>
      json(field.join('.'), (nonsense) => withField(good(), field, nonsense)),
    ),
  ];
}

/** The parameters of a schema, and those inside them. */
function fieldsOf(schema: TSchema | undefined): readonly (readonly string[])[] {
  const properties: Readonly<Record<string, TSchema>> =
    schema !== undefined && 'properties' in schema ? (schema.properties as Readonly<Record<string, TSchema>>) : {};
  return Object.entries(properties).flatMap(([name, inside]) => [
    [name],
    ...fieldsOf(inside).map((below) => [name, ...below]),
  ]);
}

const HOLE = '\u0001hole';

function withField(good: object, [name = '', ...below]: readonly string[], nonsense: string): string {
  const put = (into: unknown, names: readonly string[]): unknown => {
    const [next, ...rest] = names;
    if (next === undefined) return HOLE;
    const known = typeof into === 'object' && into !== null ? into : {};
    return { ...known, [next]: put((known as Readonly<Record<string, unknown>>)[next], rest) };
  };
  return JSON.stringify(put(good, [name, ...below])).replace(JSON.stringify(HOLE), () => nonsense);
}

function queries({ method, path: at, parameters }: Endpoint): readonly Place[] {
  const withQuery = (name: string, queryOf: (nonsense: string) => string): Place => ({
    name: `${method} ${at}?${name}`,
    kind: 'request',
    sizeBytes: MAX_HEAD_BYTES,
    fill: (nonsense) => ({ method, path: `${at}?${queryOf(nonsense)}` }),
  });
  return [
    withQuery('names', (nonsense) => cut(escaped(nonsense).replaceAll('%2C', '&'))),
    ...fieldsOf(parameters).map(([name = '']) =>
      withQuery(name, (nonsense) => `${name}=${cut(escaped(nonsense), MAX_HEAD_BYTES - name.length - 1)}`),
    ),
  ];
}

/** What was made of the last text: one shape is sent to many places, one after the other. */
function ofLast<T>(make: (text: string) => T): (text: string) => T {
  let last: { readonly text: string; readonly made: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, made: make(text) };
    return last.made;
  };
}

/** As much of it as may stand in an address. */
const escaped = ofLast((nonsense) => encodeURIComponent(nonsense.slice(0, MAX_HEAD_BYTES).toWellFormed()));

/** By how much room there is. */
const cutsOf = ofLast(() => new Map<number, string>());

/** What fits, without half a letter at its end: a text with one is decoded in another way, whose work can't be compared. */
function cut(escapes: string, room = MAX_HEAD_BYTES): string {
  const cuts = cutsOf(escapes);
  const known = cuts.get(room) ?? wholeLetters(escapes, room);
  cuts.set(room, known);
  return known;
}

function wholeLetters(escapes: string, room: number): string {
  const fitting = escapes.slice(0, room);
  for (let end = fitting.length; end > 0; end -= 1) {
    const text = fitting.slice(0, end);
    if (isWhole(text)) return text;
  }
  return '';
}

function isWhole(escapes: string): boolean {
  try {
    decodeURIComponent(escapes);
    return true;
  } catch {
    return false;
  }
}

function inHeader(name: string, at: string): Place {
  return {
    name: `${name} of ${at}`,
    kind: 'request',
    sizeBytes: MAX_HEAD_BYTES,
    fill: (nonsense) => ({ method: 'GET', path: at, headers: { [name]: escaped(nonsense).replaceAll('%2C', ',') } }),
  };
}

function path(): Place {
  return {
    name: 'a path',
    kind: 'request',
    sizeBytes: MAX_HEAD_BYTES,
    fill: (nonsense) => ({ method: 'GET', path: `/${cut(escaped(nonsense))}` }),
  };
}

function frames(bodyBytes: number): readonly Place[] {
  const frame = (name: string, sizeBytes: number, fill: (nonsense: string) => string): Place => ({
    name: `frame ${name}`,
    kind: 'frame',
    sizeBytes,
    fill: (nonsense) => ({ method: 'GET', path: '', body: fill(nonsense) }),
  });
  const whole = (nonsense: string) => nonsense;
  return [
    frame('as large as a body', bodyBytes, whole),
    frame('as it is', MAX_FRAME_BYTES, whole),
    ...Object.entries(ClientFrameSchemas).flatMap(([type, schema]) =>
      fieldsOf(schema).map((field) =>
        frame(`${type}.${field.join('.')}`, MAX_FRAME_BYTES - 200, (nonsense) => withField({ type }, field, nonsense)),
      ),
    ),
  ];
}
