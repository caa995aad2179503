/** What any request may hear before a route is looked for: described for each of them, and answered as described. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { exchange } from '../support/gateway/raw.ts';
import { startGateway, type GatewayScene } from '../support/gateway/scene.ts';

interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema: object; readonly examples: Examples }>>;
}
type Examples = Readonly<Record<string, { readonly value: unknown }>>;
interface Described {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Response>> }>>>
  >;
  readonly components: { readonly responses: Readonly<Record<string, Response>>; readonly schemas: object };
}

const HEAD = 'GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n';
const CHUNKED = 'POST /api/services/compute HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n';

/** By status: what brings it about. */
const REQUESTS: Readonly<Record<number, string>> = {
  400: 'this is no request\r\n\r\n',
  // What is missing of it does not come.
  408: 'GET /health HTTP/1.1\r\nHost: localhost\r\n',
  413: `${CHUNKED}1;${'x'.repeat(20_000)}\r\n`,
  417: `${HEAD}Expect: a-miracle\r\n\r\n`,
  421: HEAD.replace('localhost', 'elsewhere.example') + '\r\n',
  431: `${HEAD}X-Long: ${'x'.repeat(100_000)}\r\n\r\n`,
};

describe('what any request may hear before a route is looked for', () => {
  let scene: GatewayScene;
  let description: Described;
  before(async () => {
    scene = await startGateway({ variables: { CAPSTAN_GATEWAY_LIMITS_HEADERS_TIMEOUT_S: '1' } });
    description = (await scene.caller().call('GET', '/openapi.json')).json() as Described;
  });
  after(() => scene[Symbol.asyncDispose]());

  for (const [status, request] of Object.entries(REQUESTS)) {
    it(`${status}: JSON that says what to do, as every route is described to answer`, async () => {
      const answer = await exchange(scene.url, request);
      expect(answer.status, answer.text).to.equal(Number(status));
      expect(answer.text).to.match(/^content-type: application\/json/im);
      const { content = {} } = description.components.responses[`Before${status}`] ?? {};
      const { schema, examples } = content['application/json'] ?? expect.fail('not described');
      const ajv = new Ajv2020({ strict: false });
      const check = ajv.compile({ ...schema, components: description.components });
      expect(check(answer.json()), ajv.errorsText(check.errors)).to.equal(true);
      // The name in the 421 is that of the request.
      const said = JSON.stringify(answer.json()).replace('elsewhere.example', 'node.lan');
      expect(said).to.equal(JSON.stringify(examples['refused']?.value));
    });
  }

  it('is described for every route', () => {
    for (const [path, operations] of Object.entries(description.paths)) {
      for (const [method, { responses }] of Object.entries(operations)) {
        expect(responses, `${method} ${path}`).to.include.keys(Object.keys(REQUESTS));
      }
    }
  });

  it('of several names is a 400 as well', async () => {
    const answer = await exchange(scene.url, `${HEAD}Host: localhost\r\n\r\n`);
    expect(answer.status).to.equal(400);
    expect(answer.json()).to.have.property('error');
  });

  it('is no failure of the node, whatever stands for the target', async () => {
    const root = await exchange(scene.url, 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    for (const target of ['http://', 'ws://', 'http://?', 'http://localhost']) {
      const answer = await exchange(scene.url, HEAD.replace('/health', target) + '\r\n');
      expect(answer.status, target).to.equal(200);
      expect(answer.json(), target).to.deep.equal(root.json());
    }
    const health = await exchange(scene.url, HEAD.replace('/health', 'http://elsewhere.example//health') + '\r\n');
    expect(health.json()).to.have.property('parts');
  });
});
