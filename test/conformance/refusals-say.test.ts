/** What whoever writes a first client hears of each route, for each way to get it wrong: what to do next. */
import { expect } from 'chai';
import { ENDPOINTS, type Endpoint, type EndpointName } from '@capstan/shared/contract/endpoints';
import { proofHint } from '@capstan/shared/contract/proof-hints';
import { wordsFor } from '@capstan/shared/schema/pattern-words';
import type { Answer, Caller } from '../support/gateway/caller.ts';
import { startGateway, type GatewayScene } from '../support/gateway/scene.ts';
import { Wallet } from 'ethers';
import { freePort } from '../../scripts/parts/free-port.ts';
import { describedCalls, PAID } from './described-calls.ts';
import type { Call } from './call.ts';

interface Refusal {
  readonly error?: unknown;
  readonly message?: string;
  readonly hint?: string;
  readonly errors?: Readonly<Record<string, readonly string[]>>;
}

/** First tries, each wrong in its own way. */
const WRONG: Readonly<Record<string, (who: Caller) => Call>> = {
  'that say nothing': () => ({}),
  'whose body is no JSON': () => ({ body: '{"a":', headers: { 'content-type': 'application/json' } }),
  'with a token of elsewhere': (who) => ({
    query: { consumerAddress: who.address, address: who.address, nonce: 1, jobId: '0'.repeat(32) },
    headers: { AuthToken: 'a.b.c' },
  }),
  'with a typed signature that is none': () => ({ headers: { 'Capstan-Signature': '0x12' } }),
  'with fields of other forms': () => ({
    query: {
      ...Object.fromEntries(
        ['consumerAddress', 'address', 'userAddress', 'owner', 'nonce'].map((name) => [name, 'me']),
      ),
      ...Object.fromEntries(
        ['chainId', 'expiration', 'validUntil', 'index', 'from', 'limit'].map((name) => [name, 'x']),
      ),
      signature: 'signed',
      documentId: 'weather',
    },
  }),
};

/** A sentence that asks for something, or says what must be. */
const SAYS_WHAT_TO_DO =
  /\b(Send|Sign|Ask|Name|Choose|Order|Check|Publish|send|sign|ask|must|wants|takes|is required|offers|docs\/|npm run)\b/;

describe('what a first client hears', () => {
  let scene: GatewayScene;
  const decrypter = new Wallet(Wallet.createRandom().privateKey);
  before(async () => {
    scene = await startGateway({
      variables: {
        CAPSTAN_GATEWAY_STATUS_ACCESS: 'signed',
        CAPSTAN_GATEWAY_DECRYPTERS: decrypter.address,
        CAPSTAN_GATEWAY_FREE_DOWNLOADS: 'true',
        // A chain of which no endpoint answers.
        CAPSTAN_CHAINS: JSON.stringify([{ id: 8996, rpc: [`http://127.0.0.1:${await freePort()}`] }]),
      },
      moreEnvironments: [PAID],
    });
  });
  after(() => scene[Symbol.asyncDispose]());

  // No refusal here gets as far as to ask a chain.
  const opening = { decrypter, chainId: 8996, transactionId: `0x${'ab'.repeat(32)}` };
  const { calls } = describedCalls(
    () => scene,
    () => opening,
  );
  const expectHelp = ({ method, path }: Endpoint, answer: Answer) => {
    const said = `${method} ${path} answered ${answer.status} ${answer.text}`;
    if (answer.status === 429 || answer.status === 503) {
      expect(answer.headers.get('retry-after'), said).to.match(/^\d+$/);
      expect((answer.json() as Refusal).error, said).to.match(/again|Take a token/);
      return;
    }
    expect(answer.status, said).to.be.lessThan(500);
    if (answer.status === 410) expect((answer.json() as Refusal).error, said).to.match(/Run the job again/);
    if (answer.status !== 400 && answer.status !== 401) return;
    expect(answer.text, 'a pattern is for machines').not.to.match(/pattern|\[0-9/);
    const { error, message, errors = {}, hint } = answer.json() as Refusal;
    const fields = Object.values(errors).flat();
    for (const text of fields) expect(text, said).to.match(SAYS_WHAT_TO_DO);
    if (fields.length === 0) {
      expect(answer.status === 401 ? message : `${JSON.stringify(error)} ${message ?? ''}`, said).to.match(
        SAYS_WHAT_TO_DO,
      );
    }
    if (errors['signature']?.[0]?.endsWith('is required.')) expect(hint, said).to.match(/^(Sign|Send) /);
  };

  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [EndpointName, Endpoint][]) {
    const { method, path } = endpoint;
    for (const [how, make] of Object.entries(WRONG)) {
      it(`of ${method} ${path}, for requests ${how}, says what to do next`, async () => {
        const who = scene.caller();
        const { body, ...call } = make(who);
        const withBody = method === 'GET' || body === undefined ? call : { ...call, body };
        expectHelp(endpoint, await who.call(method, path, withBody));
      });
    }

    for (const [status, make] of Object.entries(calls[name])) {
      // How health tells of a part that is away is no refusal.
      if (!['400', '401', '410', '429', '503'].includes(status) || name === 'health') continue;
      it(`of ${method} ${path}, for an answer of ${status}, says what to do next`, async () => {
        const who = scene.caller();
        const call = await make(who);
        const answer = await who.call(method, call.at ?? path, call);
        expect(answer.status, answer.text).to.equal(Number(status));
        expectHelp(endpoint, answer);
      });
    }

    it(`of ${method} ${path} has words for each pattern, and for how to prove who asks`, () => {
      const patterns = [...JSON.stringify(endpoint.parameters ?? {}).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)];
      for (const [, pattern = '""'] of patterns) expect(wordsFor(JSON.parse(pattern)), pattern).to.be.a('string');
      const isSigned = JSON.stringify(endpoint.parameters ?? {}).includes('"signature":');
      if (isSigned) expect(proofHint(method, path)).to.be.a('string');
    });
  }
});
