/** Requests to each route of the table, right ones and wrong ones: for whatever a route could treat otherwise than the others. */
import { ENDPOINTS, type Endpoint, type EndpointName } from '@capstan/shared/contract/endpoints';

/** One request, as it goes over the wire. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const SIGNATURE = `0x${'11'.repeat(65)}`;
const DID = `did:op:${'0'.repeat(64)}`;
/** Values of their form, that lead nowhere. */
const WELL_FORMED: Readonly<Record<string, unknown>> = {
  consumerAddress: ADDRESS,
  address: ADDRESS,
  userAddress: ADDRESS,
  owner: ADDRESS,
  decrypterAddress: ADDRESS,
  dataNftAddress: ADDRESS,
  nonce: '1732450000000',
  signature: SIGNATURE,
  jobId: '0'.repeat(32),
  jobs: '0'.repeat(32),
  documentId: DID,
  did: DID,
  serviceId: 'compute',
  agreementId: 'an-agreement',
  transferTxId: 'free',
  transactionId: `0x${'ab'.repeat(32)}`,
  documentHash: '00'.repeat(32),
  encryptedDocument: '0xab',
  flags: 0,
  environment: 'local',
  chainId: '8996',
  chainID: '8996',
  expiration: '99999999999',
  validUntil: '99999999999',
  token: 'a.b.c',
  ticket: 'none',
  index: '0',
  run: '1',
  fileIndex: '0',
  from: '0',
  follow: 'false',
  since: '0',
  waitFor: '0',
  dates: 'iso',
  type: 'url',
  url: 'https://example.org/data',
  image: 'node',
  tag: '22',
  entrypoint: 'node $ALGO',
  size: 1,
  query: { match: { name: 'data' } },
  dataset: { documentId: DID, transferTxId: 'free', userdata: { city: '' } },
  datasets: [{ documentId: DID }],
  algorithm: { meta: { rawcode: 'x', container: { image: 'node', tag: '22', entrypoint: 'node $ALGO' } } },
  compute: { env: 'local', validUntil: 99_999_999_999 },
};

type Fields = Readonly<Record<string, unknown>>;

const searchOf = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join('&');

interface Declared {
  readonly properties?: object;
}

function namesOf({ parameters }: Endpoint): readonly string[] {
  const { properties = {} }: Declared = parameters ?? {};
  return Object.keys(properties);
}

/** For a row of the table: right, and wrong in every way that a route could treat in one of its own. */
export function requestsTo(endpoint: Endpoint): Readonly<Record<string, Sent>> {
  const { method } = endpoint;
  const path = endpoint.path.replace('{did}', encodeURIComponent(DID));
  const names = namesOf(endpoint);
  const good: Fields = Object.fromEntries(
    names.flatMap((name) => (name in WELL_FORMED ? [[name, WELL_FORMED[name]]] : [])),
  );
  const unsigned: Fields = Object.fromEntries(Object.entries(good).filter(([name]) => name !== 'signature'));
  const halves = Object.entries(good);
  const half = Math.ceil(halves.length / 2);
  const inQuery = (fields: Fields, headers = {}): Sent => ({ method, path: `${path}?${searchOf(fields)}`, headers });
  const inBody = (fields: unknown, headers = {}): Sent => ({
    method,
    path,
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(fields),
  });
  const noForm = { 'capstan-signature': '0x12' };
  const badlySigned = {
    'capstan-signature': `address=${ADDRESS}, nonce=1732450000001, expires=99999999999, signature=${SIGNATURE}`,
  };
  const token = { authtoken: 'a.b.c' };
  const each = (value: unknown): Fields => Object.fromEntries(names.map((name) => [name, value]));
  return {
    'nothing at all': { method, path },
    'nothing, at its other path': { method, path: endpoint.aliases?.[0] ?? path },
    'a query of its form': inQuery(good),
    'a body of its form': inBody(good),
    'a query without a signature': inQuery(unsigned),
    'a body without a signature': inBody(unsigned),
    'parameters of other forms in the query': inQuery(each('§')),
    'parameters of other types in the body': inBody(each(7)),
    'objects in the place of texts': inBody(each({ a: 1 })),
    'nothing but empty parameters': inQuery(each('')),
    'nothing but null': inBody(each(null)),
    'repeated parameters, the second of another form': {
      method,
      path: `${path}?${searchOf(good)}&${searchOf(each('§'))}`,
    },
    'repeated parameters, the first of another form': {
      method,
      path: `${path}?${searchOf(each('§'))}&${searchOf(good)}`,
    },
    'half in the query, half in the body': {
      ...inBody(Object.fromEntries(halves.slice(half))),
      path: `${path}?${searchOf(Object.fromEntries(halves.slice(0, half)))}`,
    },
    'a query of another form than the body': { ...inBody(good), path: `${path}?${searchOf(each('§'))}` },
    'unknown parameters': inQuery({
      ...good,
      unknown: '{',
      __proto__x: '1',
      isOpen: 'true',
      proof: '{"kind":"typed"}',
    }),
    'objects as text in the body': inBody(
      Object.fromEntries(
        halves.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : value]),
      ),
    ),
    'a body that is a form': {
      method,
      path,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'a=b',
    },
    'a body that is a form, beside a query': {
      ...inQuery(good, { 'content-type': 'application/x-www-form-urlencoded' }),
      body: 'a=b',
    },
    'a body without a type': { method, path, body: JSON.stringify(good) },
    'a body that is no JSON': { method, path, headers: JSON_TYPE, body: '{"a":' },
    'a body that is no JSON, beside a query': { ...inQuery(good, JSON_TYPE), body: '{"a":' },
    'a body that is a list': inBody([]),
    'a body that is too large': { method, path, headers: JSON_TYPE, body: JSON.stringify('x'.repeat(1_000_001)) },
    'a body that is too large, beside a query of other forms': {
      ...inQuery(each('§'), JSON_TYPE),
      body: JSON.stringify('x'.repeat(1_000_001)),
    },
    'a typed signature that is none': { method, path, headers: noForm },
    'a typed signature that is none, beside a query': inQuery(unsigned, noForm),
    'a typed signature that is none, beside a body': inBody(unsigned, noForm),
    'a typed signature that is none, beside parameters of other forms': inQuery(each('§'), noForm),
    'a typed signature that is none, beside a body of other forms': inBody(each(7), noForm),
    'a typed signature of nobody': { method, path, headers: badlySigned },
    'a typed signature of nobody, beside a query': inQuery(unsigned, badlySigned),
    'a typed signature of nobody, beside a body': inBody(unsigned, badlySigned),
    'a typed signature of nobody, beside a body of other forms': inBody(each(7), badlySigned),
    'a token of elsewhere': { method, path, headers: token },
    'a token of elsewhere, beside a query': inQuery(unsigned, token),
    'a token of elsewhere, beside a body': inBody(unsigned, token),
    'a token of elsewhere, beside parameters of other forms': inQuery(each('§'), token),
    'a token of elsewhere, beside a body of other forms': inBody(each(7), token),
    'a bearer of elsewhere': inQuery(unsigned, { authorization: 'Bearer a.b.c' }),
    'a ticket of elsewhere': inQuery({ ...unsigned, ticket: 'none' }),
    'a ticket of elsewhere, beside a signature': inQuery({ ...good, ticket: 'none' }),
    'a ticket of elsewhere, alone': inQuery({ ticket: 'none' }),
    'an empty ticket': inQuery({ ...unsigned, ticket: '' }),
    'a header Accept that takes nothing of it': inQuery(good, { accept: 'image/png' }),
    'a Last-Event-ID that is none': inQuery(each('§'), { 'last-event-id': 'x' }),
    HEAD: { ...inQuery(good), method: 'HEAD' },
    'HEAD with nothing': { method: 'HEAD', path },
    OPTIONS: { method: 'OPTIONS', path },
    'OPTIONS of another page': {
      method: 'OPTIONS',
      path,
      headers: { origin: 'https://a.example', 'access-control-request-method': method },
    },
    PATCH: { method: 'PATCH', path },
    'a slash behind the path': { ...inQuery(good), path: `${path}/?${searchOf(good)}` },
    'two slashes before the path': { ...inQuery(good), path: `/${path}?${searchOf(good)}` },
    'a path in capitals': { method, path: path.toUpperCase() },
  };
}

export const rows = Object.entries(ENDPOINTS) as readonly [EndpointName, Endpoint][];
