/** Headers of requests and answers, for the OpenAPI description, PURE. */
import type { EndpointName } from './endpoints.ts';

type Headers = Readonly<Record<string, string>>;

/** What a request may bring, beside what proves who sends it. */
export const REQUEST_HEADERS: Readonly<Partial<Record<EndpointName, Headers>>> = {
  computeStatus: { 'If-None-Match': 'The ETag of an answer: 304 if nothing has changed since.' },
  computeEvents: { 'Last-Event-ID': 'The cursor of the last event that was read; goes before `from`.' },
  download: {
    Range: 'One range of bytes, to go on where a download broke off.',
    'If-Range': 'The ETag that the range is of; the whole file comes if it is another by now.',
  },
  computeResult: {
    Range: 'One range of bytes, to go on where a download broke off.',
    'If-Range': 'The ETag that the range is of; the whole file comes if it is another by now.',
    'If-Match': 'The ETag that the file must still have: 412 otherwise.',
    'If-None-Match': 'The ETag of what the client has: 304 if it is still that.',
  },
};

export interface AnsweredHeader {
  readonly about: string;
  readonly schema: object;
  /** Each such answer has it. */
  readonly always?: true;
}
type Answered = Readonly<Record<string, AnsweredHeader>>;

/** An example beside the pattern: whoever plays this node can't make one up. */
const text = (pattern: string, example: string) => ({ type: 'string', pattern, examples: [example] });
const always = (about: string, schema: object): AnsweredHeader => ({ about, schema, always: true });

const DIGEST = '492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3d1a7b';
const ETAG = always(
  'Names this very answer; for If-None-Match.',
  text('^(W/)?"[^"]+"$', '"iBjlrwgsP7lZ98pDFIEJUDnhT60"'),
);
const FILE = {
  ETag: always('The SHA-256 of the whole file, in quotes.', text('^"[0-9a-f]{64}"$', `"${DIGEST}"`)),
  'Content-Disposition': always('The name of the file.', text('^attachment;', 'attachment;filename=table.csv')),
  'Accept-Ranges': always('Parts of it can be had.', text('^bytes$', 'bytes')),
};
/** As far as the source of a file says what it is. */
const DELIVERED = {
  'Content-Disposition': FILE['Content-Disposition'],
  ETag: { about: 'Names these very bytes, for If-Range.', schema: FILE.ETag.schema },
  'Accept-Ranges': { about: 'Parts of it can be had.', schema: FILE['Accept-Ranges'].schema },
};
const CURSOR: AnsweredHeader = {
  about: 'With since or waitFor: up to which event the answer is.',
  schema: text('^[0-9]{1,16}$', '7'),
};

/** What answers bring, by endpoint and status. */
export const ANSWERED_HEADERS: Readonly<Partial<Record<EndpointName, Readonly<Record<number, Answered>>>>> = {
  computeStatus: {
    200: {
      ETag: ETAG,
      'Capstan-Cursor': CURSOR,
      Link: {
        about: 'Where there are more jobs: the next page, rel="next".',
        schema: text('^<[^>]+>; rel="next"$', '<?limit=10&cursor=7>; rel="next"'),
      },
    },
    304: { ETag: ETAG, 'Capstan-Cursor': CURSOR },
  },
  download: {
    200: DELIVERED,
    206: {
      ...DELIVERED,
      'Content-Range': always('Which bytes of how many.', text('^bytes [0-9]+-[0-9]+/[0-9]+$', 'bytes 0-1/2048')),
    },
    416: { 'Content-Range': always('How many bytes there are.', text('^bytes \\*/[0-9]+$', 'bytes */2048')) },
  },
  computeResult: {
    200: FILE,
    206: {
      ...FILE,
      'Content-Range': always('Which bytes of how many.', text('^bytes [0-9]+-[0-9]+/[0-9]+$', 'bytes 0-1/2048')),
    },
    304: FILE,
    412: FILE,
    416: { ...FILE, 'Content-Range': always('How many bytes there are.', text('^bytes \\*/[0-9]+$', 'bytes */2048')) },
  },
};

export const RETRY_AFTER: AnsweredHeader = {
  about: 'After how many seconds to come back.',
  schema: { type: 'integer', minimum: 1 },
  always: true,
};
