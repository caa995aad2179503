import { expect } from 'chai';
import { keccak256, verifyTypedData, Wallet } from 'ethers';
import { NO_BODY_HASH, parseTypedHeader, TYPED_TYPES, typedDomain } from '@capstan/shared/contract/typed-signature';
import { signedOrder, signedQuery } from '../../../scripts/sign/requests.ts';
import { typedSignature } from '../../../scripts/sign/typed.ts';

// The fixed vector that clients in other languages are checked against.
const KEY = `0x${'11'.repeat(32)}`;
const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
const DID = `did:op:${'ab'.repeat(32)}`;
const JOB = '0123456789abcdef0123456789abcdef';
const START =
  '0x03972094b6a4a882adfec2eba32b6b03ff502e609e9ac509e3aa228b2a16168d5b6963a149131399b4363d1adb9f87016e389a697890007cb52fd0287055b4191c';
const RESULT =
  '0xba8fe566f505c176c4c1a405feee6609fc25849d2132238c909a879a00e51a303697d95745c937d201350e5940b830d04f41d4594cd27f557ff27c34aa135add1b';

const signing = { wallet: new Wallet(KEY), nonce: '1732450000000' };

describe('the sign command', () => {
  it('signs an order as the contract has it', () => {
    const order = { environment: 'local', dataset: { documentId: DID } };
    const expected = { ...order, consumerAddress: ADDRESS, nonce: signing.nonce, signature: START };
    expect(signedOrder(order, signing)).to.deep.equal(expected);
  });

  it('signs the request of a result as the contract has it', () => {
    const signed = signedQuery('result', { jobId: JOB, index: '0' }, signing);
    const expected = { consumerAddress: ADDRESS, jobId: JOB, index: '0', nonce: signing.nonce, signature: RESULT };
    expect('query' in signed && Object.fromEntries(new URLSearchParams(signed.query))).to.deep.equal(expected);
  });

  it('signs any request as typed data, as ethers verifies it; what a proxy puts before the path is not signed', () => {
    const provider = `0x${'5'.repeat(40)}`;
    const typed = { wallet: new Wallet(KEY), provider, nonce: '7', expiresAtS: 1_732_450_060 };
    const url = 'https://portal.example/node/api/services/compute?dates=iso';
    const header = parseTypedHeader(typedSignature({ method: 'put', url, body: '{"a":1}' }, typed));
    const message = {
      method: 'PUT',
      path: '/api/services/compute',
      query: 'dates=iso',
      bodyHash: keccak256(Buffer.from('{"a":1}')),
      consumer: ADDRESS,
      nonce: '7',
      expires: '1732450060',
    };
    expect(header).to.include({ address: ADDRESS, nonce: '7', expires: '1732450060' });
    expect(verifyTypedData(typedDomain(provider), TYPED_TYPES, message, header?.signature ?? '')).to.equal(ADDRESS);
    const bodiless = parseTypedHeader(typedSignature({ method: 'GET', url }, typed));
    const get = { ...message, method: 'GET', bodyHash: NO_BODY_HASH };
    expect(verifyTypedData(typedDomain(provider), TYPED_TYPES, get, bodiless?.signature ?? '')).to.equal(ADDRESS);
  });

  it('says what a request lacks', () => {
    expect(signedQuery('result', { jobId: JOB }, signing)).to.deep.equal({ missing: ['index'] });
    expect(signedOrder({ environment: 'local' }, signing)).to.equal(undefined);
    expect(signedOrder([], signing)).to.equal(undefined);
  });
});
