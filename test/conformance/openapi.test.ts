import { execFileSync } from 'node:child_process';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { ENDPOINTS, type Endpoint, type EndpointName } from '@capstan/shared/contract/endpoints';
import type { Answer, Caller } from '../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../support/gateway/scene.ts';
import { freePort } from '../../scripts/parts/free-port.ts';
import { describedCalls, PAID, type Call } from './described-calls.ts';

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: object;
}
interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: object }>> }>
  >;
}

/** What can't be provoked from outside: mistakes of ours. */
const NEVER = ['500'];

describe('what the API says of itself', () => {
  let scene: GatewayScene;
  let description: Described;
  let addresses = 0;
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed',
        // Each address may ask twice, and each request comes from one of its own.
        CAPSTAN_GATEWAY_TRUSTED_PROXIES: '["127.0.0.0/8"]',
        CAPSTAN_GATEWAY_LIMITS_PER_IP_PER_SECOND: '0.001',
        CAPSTAN_GATEWAY_LIMITS_PER_IP_BURST: '1',
        CAPSTAN_CHAINS: JSON.stringify([{ id: 8996, rpc: [`http://127.0.0.1:${await freePort()}`] }]),
      },
      moreEnvironments: [PAID],
    });
    description = (await caller().call('GET', '/openapi.json')).json() as Described;
  });
  after(() => scene[Symbol.asyncDispose]());

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
  /** Fails unless the answer is one that the description has: status, type and body. */
  const expectDescribed = (name: string, path: string, method: string, answer: Answer) => {
    const said = `${name} answered ${answer.status} ${answer.text.slice(0, 500)}`;
    const response = description.paths[path]?.[method.toLowerCase()]?.responses[answer.status];
    if (!response) throw new Error(`${said}, a status that is not described`);
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

  const { calls, writes } = describedCalls(() => scene);
  const endpoints = Object.entries(ENDPOINTS) as [EndpointName, Endpoint][];
  const seen = new Map<string, Set<string>>();
  const ask = async (name: EndpointName, path: string, call: Call, who = caller()) => {
    const { method } = ENDPOINTS[name];
    const answer = await who.call(method, path, call);
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
          if (name !== 'health') expect(answer.headers.get('retry-after'), name).to.match(/^\d+$/);
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
            .filter((status) => !NEVER.includes(status) && !seen.get(`${method.toUpperCase()} ${path}`)?.has(status))
            .map((status) => `${method} ${path} ${status}`),
        ),
      );
      expect(unseen).to.deep.equal([]);
    });
  });
});
