import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { ENDPOINTS, type Endpoint } from '@capstan/shared/contract/endpoints';
import { ClientFrameSchemas } from '@capstan/shared/contract/socket';
import { compileInput } from '@capstan/shared/schema/input';
import { expect } from 'chai';
import { Type, type TSchema } from 'typebox';
import { readJsonBody } from '../../../../services/gateway/src/http/body.ts';
import { parameters } from '../../../../services/gateway/src/http/input.ts';
import { readQuery } from '../../../../services/gateway/src/http/query.ts';
import { parseFrame } from '../../../../services/gateway/src/ws/protocol.ts';
import { countWork, type CountedWork } from '../../../support/counted-work.ts';
import { largest } from '../../../support/refusals/largest.ts';

/** Bodies, addresses and frames as large as the node takes them. */
const MAX_BYTES = { body: 990_000, query: 14_000, frame: 16_000 } as const;

interface Taken {
  readonly name: string;
  readonly schema: TSchema;
  readonly maxBytes: number;
  readonly textOf: (value: object) => string;
  /** Rejects what is not taken. */
  readonly take: (text: string) => unknown;
}

function accepted(checked: { readonly ok: boolean; readonly errors?: unknown }): void {
  if (!checked.ok) throw new Error(`not taken: ${JSON.stringify(checked.errors)}`);
}

function ofBody({ method, path, parameters: schema }: Endpoint): Taken {
  const validate = compileInput(schema ?? Type.Object({}));
  return {
    name: `${method} ${path}, its body`,
    schema: schema ?? Type.Object({}),
    maxBytes: MAX_BYTES.body,
    textOf: (value) => JSON.stringify(value),
    async take(text) {
      const request = Object.assign(Readable.from([Buffer.from(text)]), {
        headers: { 'content-type': 'application/json' },
      });
      const { value } = await readJsonBody(request as unknown as IncomingMessage, 10_000_000);
      accepted(validate(parameters({}, value)));
    },
  };
}

function ofQuery({ method, path, parameters: schema }: Endpoint): Taken {
  const validate = compileInput(schema ?? Type.Object({}));
  const inAddress = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return {
    name: `${method} ${path}, its query`,
    schema: schema ?? Type.Object({}),
    maxBytes: MAX_BYTES.query,
    textOf: (value) =>
      new URLSearchParams(
        Object.entries(value).map(([name, one]): [string, string] => [name, inAddress(one)]),
      ).toString(),
    take: (text) => accepted(validate(parameters(readQuery(text)))),
  };
}

const ofFrame = ([type, schema]: readonly [string, TSchema]): Taken => ({
  name: `frame ${type}`,
  schema,
  maxBytes: MAX_BYTES.frame,
  textOf: (value) => JSON.stringify(value),
  take(text) {
    const parsed = parseFrame(text);
    if (parsed.kind === 'bad') throw new Error(`not taken: ${parsed.problem}`);
  },
});

/** Of all that strangers may send: a new route or frame is among them by itself. */
const all: readonly Taken[] = [
  ...Object.values<Endpoint>(ENDPOINTS)
    .filter(({ parameters: schema }) => schema !== undefined)
    .flatMap((endpoint) => [
      ...(endpoint.from === 'body' || endpoint.from === 'query or body' ? [ofBody(endpoint)] : []),
      ...(endpoint.from === 'query' || endpoint.from === 'query or body' ? [ofQuery(endpoint)] : []),
    ]),
  ...Object.entries(ClientFrameSchemas).map(ofFrame),
];

/** As large as it may be where it stands. */
function largestText({ schema, maxBytes, textOf }: Taken): string {
  for (let share = 1; ; share /= 2) {
    const text = textOf(largest(schema, share) as object);
    if (text.length <= maxBytes) return text;
    if (share < 1e-6) throw new Error('even the smallest is too large');
  }
}

/** Steps for each byte: to look at each once or twice, and to judge it. */
const MOST_STEPS = 400;
/** What is done once, however little there is. */
const ONCE = 200_000;

describe('saying yes', function () {
  let work: CountedWork;
  before(async () => {
    work = await countWork();
  });
  after(() => work[Symbol.asyncDispose]());

  for (const taken of all) {
    it(`takes few steps for each byte of the largest that is taken: ${taken.name}`, async () => {
      const text = largestText(taken);
      await taken.take(text);
      const steps = await work.of(() => taken.take(text));
      if (process.env.SHOW_STEPS) console.log(taken.name, text.length, Math.round(steps / text.length));
      expect(steps).to.be.at.most(ONCE + MOST_STEPS * text.length);
    });
  }
});
