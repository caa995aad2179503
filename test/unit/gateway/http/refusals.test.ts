import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { DdoSchema, SealedFilesSchema } from '@capstan/shared/contract/ddo';
import { ENDPOINTS, type Endpoint } from '@capstan/shared/contract/endpoints';
import type { Did } from '@capstan/shared/contract/ids';
import { AnnouncementSchema, JobEventSchema, StartCommandSchema } from '@capstan/shared/contract/messages';
import { CapstanError } from '@capstan/shared/contract/errors';
import { BUS_JSON_BOUNDS, parseJson } from '@capstan/shared/runtime/json';
import { compile, MAX_PROBLEMS, type FieldErrors, type Validator } from '@capstan/shared/schema/validate';
import { expect } from 'chai';
import fc from 'fast-check';
import { Type, type TSchema } from 'typebox';
import { parsePublished } from '../../../../services/gateway/src/assets/published.ts';
import { readJsonBody } from '../../../../services/gateway/src/http/body.ts';
import { parameters } from '../../../../services/gateway/src/http/input.ts';
import { initializeCompute } from '../../../../services/gateway/src/http/routes/initialize-compute.ts';
import { startCompute } from '../../../../services/gateway/src/http/routes/start-compute.ts';
import { readQuery } from '../../../../services/gateway/src/http/query.ts';
import { parseFrame } from '../../../../services/gateway/src/ws/protocol.ts';
import { countWork, type CountedWork } from '../../../support/counted-work.ts';
import { nobody, serve } from '../../../support/gateway/http.ts';
import { places, type Place } from '../../../support/refusals/places.ts';
import { SHAPES } from '../../../support/refusals/shapes.ts';

/** What judges a text from outside, and whatever comes of it. */
interface Judge {
  readonly name: string;
  readonly place: Pick<Place, 'fill'>;
  readonly judge: (text: string) => unknown;
}

const asIs: Judge['place'] = { fill: (body) => ({ method: 'GET', path: '', body }) };
const LIMIT_BYTES = 10_000_000;
const DID = `did:op:${'a'.repeat(64)}` as Did;

function judgeOfBody(endpoint: Endpoint): (text: string) => Promise<unknown> {
  const validate = compile(endpoint.parameters ?? Type.Object({}));
  return async (text) => {
    const bytes = Buffer.from(text);
    const request = Object.assign(Readable.from([bytes]), { headers: { 'content-type': 'application/json' } });
    const { value } = await readJsonBody(request as unknown as IncomingMessage, LIMIT_BYTES);
    return validate(parameters({}, value));
  };
}

function judgeOfQuery(endpoint: Endpoint): Judge['judge'] {
  const validate = compile(endpoint.parameters ?? Type.Object({}));
  return (text) => validate(parameters(readQuery(text)));
}

const onBus = (schema: TSchema): Judge['judge'] => {
  const validate = compile(schema);
  return (text) => validate(parseJson(text, BUS_JSON_BOUNDS));
};

function judges(): readonly Judge[] {
  const endpoints: readonly Endpoint[] = Object.values(ENDPOINTS);
  const judgesOf = new Map(
    endpoints.map((endpoint) => [
      `${endpoint.method} ${endpoint.path}`,
      { ofBody: judgeOfBody(endpoint), ofQuery: judgeOfQuery(endpoint) },
    ]),
  );
  const ofPlaces = places(() => '{}', { bodyBytes: 0 }).flatMap((place): readonly Judge[] => {
    const { name, kind } = place;
    if (kind === 'frame') return [{ name, place, judge: parseFrame }];
    const [route = '', query] = name.split(' ').slice(0, 2).join(' ').split('?');
    const of = judgesOf.get(route);
    return of ? [{ name, place, judge: query === undefined ? of.ofBody : of.ofQuery }] : [];
  });
  return [
    ...ofPlaces,
    { name: 'a published description', place: asIs, judge: (text) => parsePublished(text, DID) },
    {
      name: 'services of a published description',
      place: { fill: (nonsense) => asIs.fill(`{"id":"${DID}","services":${nonsense}}`) },
      judge: (text) => parsePublished(text, DID),
    },
    { name: 'a decrypted part', place: asIs, judge: onBus(SealedFilesSchema) },
    { name: 'a command', place: asIs, judge: onBus(StartCommandSchema) },
    { name: 'an event', place: asIs, judge: onBus(JobEventSchema) },
    { name: 'an announcement', place: asIs, judge: onBus(AnnouncementSchema) },
  ];
}

/** A refusal is an answer like any other. */
const settled = async ({ place, judge }: Judge, nonsense: string) => {
  try {
    const { path, body = path.split('?')[1] ?? '' } = place.fill(nonsense);
    await judge(body);
  } catch {
    return;
  }
};

const TENFOLD = 10;
/** What grows by the logarithm, and the last few of a loop that is unrolled. */
const TOLERANCE = 1.3;
/** What is done once, however little there is. */
const ONCE = 10_000;

describe('saying no', function () {
  const all = judges();
  let work: CountedWork;

  before(async () => {
    // What judges is compiled at its first refusal.
    for (const each of all) await settled(each, '{}');
    for (const each of all) await settled(each, '1');
    work = await countWork();
  });
  after(() => work[Symbol.asyncDispose]());

  const workOf = (judge: Judge, nonsense: string) => work.of(() => settled(judge, nonsense));

  for (const shape of SHAPES) {
    it(`takes at most ten times the work for ten times of: ${shape.name}`, async () => {
      const everywhere = (sizeBytes: number) => {
        const nonsense = shape.make(sizeBytes);
        return work.of(async () => {
          for (const each of all) await settled(each, nonsense);
        });
      };
      const few = await everywhere(4_000);
      const many = await everywhere(4_000 * TENFOLD);
      expect(many).to.be.below((few + ONCE * all.length) * TENFOLD * TOLERANCE);
    });
  }

  it('does so of any size, wherever it is sent', async () => {
    const size = fc.integer({ min: 100, max: 10_000 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), fc.constantFrom(...SHAPES), size, async (judge, shape, sizeBytes) => {
        const less = await workOf(judge, shape.make(sizeBytes));
        const more = await workOf(judge, shape.make(sizeBytes * TENFOLD));
        expect(more, `${judge.name}: ${shape.name}`).to.be.below((less + ONCE) * TENFOLD * TOLERANCE);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a list of ones in the place of datasets', () => {
  const never = () => Promise.reject(new Error('it was taken'));
  const readers = { identify: nobody, bodyLimitBytes: () => LIMIT_BYTES };
  for (const [field, route, path] of [
    ['additionalDatasets', startCompute(never, () => undefined), ENDPOINTS.computeStart.path],
    ['datasets', initializeCompute({ compute: never }, () => undefined), ENDPOINTS.initializeCompute.path],
  ] as const) {
    for (const count of [3_000, 22_500, 150_000]) {
      it(`is refused in a few words: ${field}, ${count} of them`, async () => {
        await using node = await serve(route.by(readers));
        const body = `{"${field}":[${'1,'.repeat(count - 1)}1]}`;
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${node.url}${path}`, { method: 'POST', headers, body });
        expect(answer.status).to.equal(400);
        expect((await answer.text()).length).to.be.below(3_000);
      });
    }
  }
});

describe('a query', () => {
  it('counts the first of a parameter that is repeated', () => {
    expect({ ...readQuery('a=1&b=&a=2&b=3&__proto__=4') }).to.deep.equal(
      JSON.parse('{"a":"1","b":"","__proto__":"4"}'),
    );
  });

  it('holds a hundred parameters at most', () => {
    expect(Object.keys(readQuery('a&'.repeat(100)))).to.deep.equal(['a']);
    expect(() => readQuery('a&'.repeat(101))).to.throw(CapstanError, /at most 100/);
  });

  it('is read so by every route', async () => {
    await using node = await serve((router) => router.get('/', (ctx) => void (ctx.body = ctx.query)));
    expect(await (await fetch(`${node.url}/?a=1&a=2`)).json()).to.deep.equal({ a: '1' });
    expect((await fetch(`${node.url}/?${'1&'.repeat(200)}`)).status).to.equal(400);
  });
});

describe('a refusal', () => {
  const problemsOf = (errors: FieldErrors) => Object.values(errors).flat();
  const judge = <T>(validate: Validator<T>, value: unknown) => {
    const checked = validate(value);
    return checked.ok ? [] : problemsOf(checked.errors);
  };

  it('names twenty problems at most', () => {
    const names = Array.from({ length: 50 }, (_, index) => `field${index}`);
    const schema = Type.Object(Object.fromEntries(names.map((name) => [name, Type.String()])));
    expect(judge(compile(schema), {})).to.have.length(MAX_PROBLEMS);
    expect(judge(compile(Type.Array(Type.String({ minLength: 1 }))), Array(1_000).fill(1))).to.have.length(
      MAX_PROBLEMS,
    );
  });

  it('names all problems of what people send, and the first one of what nobody would mend by hand', () => {
    const validate = compile(DdoSchema);
    expect(judge(validate, {}).length).to.be.above(3);
    expect(judge(validate, { services: Array.from({ length: 50_000 }, () => ({})) })).to.have.length(1);
  });

  it('repeats no name that is longer than a line', () => {
    const validate = compile(Type.Record(Type.String(), Type.String()));
    const [problem = ''] = judge(validate, { ['k'.repeat(1_000_000)]: 1 });
    expect(problem.length).to.be.below(500);
  });
});
