import { readJsonBody } from '../../../../services/gateway/src/http/body.ts';
import { expect } from 'chai';
import { serve } from '../../../support/gateway/http.ts';

const LIMIT = 10_000;

async function post(body: string | Uint8Array<ArrayBuffer>, contentType = 'application/json') {
  await using node = await serve((router) => {
    router.post('/', async (ctx) => {
      ctx.body = (await readJsonBody(ctx.req, LIMIT)).value;
    });
  });
  const response = await fetch(node.url, { method: 'POST', body, headers: { 'content-type': contentType } });
  return { status: response.status, text: await response.text() };
}

describe('a JSON body', () => {
  const digits = '123456789012345678901234567890123456789012345678901234567890123456789012345678';
  for (const nonce of [digits, '1644315615.24195', '1732450000000']) {
    it(`keeps every digit of a nonce sent as the number ${nonce}`, async () => {
      const { text } = await post(`{"nonce":${nonce},"dataset":{"userdata":{"nonce":7.5}},"n":1.50}`);
      expect(JSON.parse(text)).to.deep.equal({ nonce, dataset: { userdata: { nonce: 7.5 } }, n: 1.5 });
    });
  }

  const bad: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, number])[] = [
    ['broken JSON', '{"nonce":', 400],
    ['a list', '[]', 400],
    ['a text', '"hello"', 400],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['nested without end', `{"a":${'['.repeat(4_000)}${']'.repeat(4_000)}}`, 400],
    ['nested without end and broken off', `{"a":${'['.repeat(9_000)}`, 400],
    ['full of brackets in strings', `{"a":"\\"${'['.repeat(4_000)}"}`, 200],
    ['of more fields than any request has', `{${Array.from({ length: 101 }, (_, i) => `"f${i}":1`).join()}}`, 400],
    ['more than the limit', `{"a":"${'x'.repeat(LIMIT)}"}`, 413],
  ];
  for (const [what, body, status] of bad) {
    it(`that is ${what} is answered with ${status}`, async () => {
      const answer = await post(body);
      expect(answer.status).to.equal(status);
      if (status >= 400) expect(JSON.parse(answer.text)).to.have.property('error').that.is.a('string');
    });
  }

  it('of another type is refused by name', async () => {
    expect((await post('a=b', 'application/x-www-form-urlencoded')).status).to.equal(415);
  });

  it('pollutes no prototype', async () => {
    await post('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });
});
