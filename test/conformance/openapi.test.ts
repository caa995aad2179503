import { execFileSync } from 'node:child_process';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { Wallet } from 'ethers';
import { ENDPOINTS, type Endpoint, type EndpointName } from '@capstan/shared/contract/endpoints';
import type { Answer, Caller } from '../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../support/gateway/scene.ts';
import { startAnvil } from '../../scripts/parts/anvil.ts';
import { deployOcean } from '../../scripts/parts/ocean.ts';
import { recordOf } from '../support/chain/records.ts';
import { publishable } from '../support/descriptions/publishable.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import type { Opening } from './described-asset-calls.ts';
import { describedCalls, PAID } from './described-calls.ts';
import type { Call } from './call.ts';

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
    readonly responses: Readonly<Record<string, Response>>;
  };
}
interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}
interface Response {
  /** One that every route has in common: test/conformance/before-any-route.test.ts sees those. */
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
  readonly headers?: Readonly<Record<string, { readonly required: boolean; readonly schema: { type: string } }>>;
}

/** Headers that every server of the web sends, or that are for browsers: no client of this API acts on them. */
const OF_THE_WEB =
  /^(connection|keep-alive|date|vary|content-(type|length|security-policy)|transfer-encoding|cache-control|x-.*)$/;

/** What can't be provoked from outside: mistakes of ours. */
const NEVER = ['500'];
/** One that answers. */
const OTHER_CHAIN = 8997;

describe('what the API says of itself', () => {
  let scene: GatewayScene;
  let description: Described;
  let addresses = 0;
  let opening: Opening;
  const releases = new AsyncDisposableStack();
  before(async () => {
    const anvil = releases.use(await startAnvil(OTHER_CHAIN));
    const decrypter = new Wallet(Wallet.createRandom().privateKey);
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed',
        // Each address may ask twice, and each request comes from one of its own.
        CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0.001',
        CAPSTAN_GATEWAY_LIMITS_PER_IP_BURST: '1',
        CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true',
        CAPSTAN_GATEWAY_DECRYPTERS: decrypter.address,
        CAPSTAN_CHAINS: JSON.stringify([
          { id: 8996, rpc: [`http://127.0.0.1:${await freePort()}`] },
          { id: OTHER_CHAIN, rpc: [anvil.url] },
        ]),
      },
      moreEnvironments: [PAID],
    });
    const ocean = releases.use(await deployOcean(anvil));
    const token = await ocean.publish(ocean.account(1));
    const record = recordOf(publishable({ ...token, chainId: OTHER_CHAIN }), { sealedTo: scene.key });
    const { txId } = await ocean.describe(ocean.account(1), token.nftAddress, record);
    opening = { decrypter, chainId: OTHER_CHAIN, transactionId: txId };
    description = (await caller().call('GET', '/openapi.json')).json() as Described;
  });
  after(async () => {
    await scene[Symbol.asyncDispose]();
    await releases.disposeAsync();
  });

  const newAddress = () => `203.0.${Math.floor((addresses += 1) / 250)}.${addresses % 250}`;
  /** Somebody whose every request comes from another address. */
  const caller = (): Caller => {
    const plain = scene.caller();
    return {
      ...plain,
      call: (method, path, { headers = {}, ...call } = {}) =>
        plain.call(method, path, { ...call, headers: { 'X-Forwarded-For': newAddress(), ...headers } }),
    };
  };

  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  /** Each header that clients act on is described, fits its schema, and is there where it shall always be. */
  const expectDescribedHeaders = (said: string, { headers = {} }: Response, answer: Answer) => {
    const described = new Map(Object.entries(headers).map(([header, each]) => [header.toLowerCase(), each]));
    for (const [header, value] of answer.headers) {
      if (OF_THE_WEB.test(header)) continue;
      const { schema } = described.get(header) ?? {};
      if (!schema) throw new Error(`${said} with ${header}, a header that is not described`);
      const check = ajv.compile(schema);
      const isValid = check(schema.type === 'integer' ? Number(value) : value);
      expect(isValid, `${said}, ${header}: ${value}: ${ajv.errorsText(check.errors)}`).to.equal(true);
    }
    const missing = [...described].filter(([header, { required }]) => required && !answer.headers.has(header));
    expect(missing, said).to.deep.equal([]);
  };
  /** Fails unless the answer is one that the description has: status, headers, type and body. */
  const expectDescribed = (name: string, path: string, method: string, answer: Answer) => {
    const said = `${name} answered ${answer.status} ${answer.text.slice(0, 500)}`;
    const listed = description.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
    const response = listed?.$ref ? description.components.responses[listed.$ref.split('/').at(-1) ?? ''] : listed;
    if (!response) throw new Error(`${said}, a status that is not described`);
    expectDescribedHeaders(said, response, answer);
    const contents = Object.entries(response.content ?? {});
    if (contents.length === 0) {
      expect(answer.text, said).to.equal('');
      return;
    }
    const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
    // What an algorithm wrote comes under a type of its own.
    const [, { schema }] = contents.find(([each]) => each === type || each === 'application/octet-stream') ?? ['', {}];
    expect(
      contents.map(([each]) => each === 'application/octet-stream' || each === type),
      said,
    ).to.include(true);
    if (!schema) return;
    const check = ajv.compile({ ...schema, components: description.components });
    const isValid = check(type === 'application/json' ? answer.json() : answer.text);
    expect(isValid, `${said}: ${ajv.errorsText(check.errors)}`).to.equal(true);
  };

  const { calls, writes } = describedCalls(
    () => scene,
    () => opening,
  );
  const endpoints = Object.entries(ENDPOINTS) as [EndpointName, Endpoint][];
  const seen = new Map<string, Set<string>>();
  const ask = async (name: EndpointName, path: string, call: Call, who = caller()) => {
    const { method } = ENDPOINTS[name];
    const answer = await who.call(method, call.at ?? path, call);
    expectDescribed(name, path, method, answer);
    const key = `${method} ${path}`;
    seen.set(key, (seen.get(key) ?? new Set()).add(String(answer.status)));
    return answer;
  };

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(
      structuredClone(description) as unknown as Record<string, unknown>,
    );
    expect(valid, JSON.stringify(errors)).to.equal(true);
    expect(validator.version).to.equal('3.1');
  });

  it('names what people make types of, with examples that are valid', () => {
    const { schemas } = description.components;
    expect(schemas).to.include.keys('Job', 'Environment', 'Order', 'StatusCode', 'ResultFile', 'Error');
    const references = [...JSON.stringify(description).matchAll(/"#\/components\/schemas\/(\w+)"/g)];
    for (const [, name = ''] of references) expect(schemas).to.have.property(name);
    const examples = Object.entries(schemas).flatMap(([name, { examples: each = [] }]) =>
      each.map((example) => [name, example] as const),
    );
    expect(examples).not.to.deep.equal([]);
    for (const [name, example] of examples) {
      const check = ajv.compile({ $ref: `#/components/schemas/${name}`, components: description.components });
      expect(check(example), `${name}: ${ajv.errorsText(check.errors)}`).to.equal(true);
    }
  });

  for (const [name, { method, path, aliases = [] }] of endpoints) {
    for (const each of [path, ...aliases]) {
      describe(`of ${method} ${each}`, () => {
        for (const [status, call] of Object.entries(calls[name])) {
          it(`holds for an answer of ${status}`, async () => {
            const who = caller();
            const answer = await ask(name, each, await call(who), who);
            expect(answer.status, answer.text).to.equal(Number(status));
          });
        }

        it('holds for an answer of 429', async () => {
          const headers = { 'X-Forwarded-For': newAddress() };
          await caller().call('GET', '/', { headers });
          const answer = await ask(name, each, { headers });
          expect(answer.status).to.equal(429);
          expect(answer.headers.get('retry-after')).to.match(/^\d+$/);
          expect(answer.text).to.match(/Try again in \d+ s\./);
        });
      });
    }
  }

  it('holds when nothing can be stored, and for what works again afterwards', async () => {
    const { pid } = scene.gateway();
    const limitFiles = (bytes: string) => execFileSync('prlimit', [`--pid=${pid}`, `--fsize=${bytes}:`]);
    for (const [name, { path, aliases = [] }] of endpoints) {
      const call = writes[name];
      if (!call) continue;
      for (const each of [path, ...aliases]) {
        const who = caller();
        const prepared = await call(who);
        // To the process, every file is as large as it may be: the disk is full.
        limitFiles('0');
        try {
          const answer = await ask(name, each, prepared, who);
          expect(answer.status, `${name}: ${answer.text}`).to.equal(503);
          if (name !== 'health') {
            expect(answer.headers.get('retry-after'), name).to.match(/^\d+$/);
            expect(answer.text, name).to.match(/Try again in \d+ s\./);
          }
          expect(answer.text).not.to.contain(scene.dataDir);
        } finally {
          limitFiles('unlimited');
        }
        expect((await ask(name, each, prepared, who)).status, `${name} afterwards`).to.equal(200);
      }
    }
  });

  it('is the same list that clients find at GET /', async () => {
    const { serviceEndpoints } = (await caller().call('GET', '/')).json() as {
      serviceEndpoints: Record<string, [string, string]>;
    };
    for (const [name, [method, path]] of Object.entries(serviceEndpoints)) {
      expect(description.paths[path]?.[method.toLowerCase()], name).to.be.an('object');
    }
  });

  // In a suite of its own, for those run after the tests beside them.
  describe('as a whole', () => {
    it('lists no answer that was not seen here', () => {
      const unseen = Object.entries(description.paths).flatMap(([path, operations]) =>
        Object.entries(operations).flatMap(([method, { responses }]) =>
          Object.keys(responses)
            .filter((status) => responses[status]?.$ref === undefined)
            .filter((status) => !NEVER.includes(status) && !seen.get(`${method.toUpperCase()} ${path}`)?.has(status))
            .map((status) => `${method} ${path} ${status}`),
        ),
      );
      expect(unseen).to.deep.equal([]);
    });
  });
});
