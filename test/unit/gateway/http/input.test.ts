import {
  NonceQuerySchema,
  StartRequestSchema,
  StatusQuerySchema,
  StopRequestSchema,
} from '@capstan/shared/contract/api';
import { CapstanError } from '@capstan/shared/contract/errors';
import { compileInput } from '@capstan/shared/schema/input';
import { compile } from '@capstan/shared/schema/validate';
import { expect } from 'chai';
import { checked, checkedSigned, parameters } from '../../../../services/gateway/src/http/input.ts';

describe('parameters', () => {
  it('come from the query first, then from the body what the query lacks', () => {
    expect(parameters({ jobId: 'q' }, { jobId: 'b', nonce: '1' })).to.deep.equal({ jobId: 'q', nonce: '1' });
  });

  it('that are empty or null count as absent, a level down too', () => {
    const body = { agreementId: '', signature: null, algorithm: { meta: null, serviceId: '', documentId: 'did' } };
    expect(parameters({ jobId: '' }, body)).to.deep.equal({ algorithm: { documentId: 'did' } });
  });

  it('that are empty count as absent at every level, as ocean.py sends them', () => {
    const meta = { url: '', rawcode: '', container: { image: 'a', tag: '', checksum: null } };
    const output = { encryptTo: '', notifyUrl: null };
    const more = [{ documentId: 'd', serviceId: '' }];
    expect(parameters({}, { algorithm: { meta }, output, additionalDatasets: more })).to.deep.equal({
      algorithm: { meta: { container: { image: 'a' } } },
      output: {},
      additionalDatasets: [{ documentId: 'd' }],
    });
  });

  it('that are objects may come as text, at every level, and from the query', () => {
    const dataset = { documentId: 'd', serviceId: '', userdata: { city: '' } };
    const meta = { rawcode: '{"not": "read"}', container: { image: 'a' } };
    const asText = JSON.stringify({ ...dataset, userdata: JSON.stringify(dataset.userdata) });
    expect(
      parameters({ dataset: asText }, { algorithm: { meta: JSON.stringify(meta) }, output: '{"encryptTo":""}' }),
    ).to.deep.equal({ dataset: { documentId: 'd', userdata: { city: '' } }, algorithm: { meta }, output: {} });
  });

  it('that are text and no object stay what they are', () => {
    const body = { dataset: '{', output: 'x', algorithm: { meta: '['.repeat(300) } };
    expect(parameters({}, body)).to.deep.equal(body);
  });

  /** What is read of a request, and how many of its texts were parsed for that. */
  const counted = (body: Readonly<Record<string, unknown>>) => {
    const parse = JSON.parse;
    let parses = 0;
    JSON.parse = (...given) => {
      parses += 1;
      return parse(...given) as unknown;
    };
    try {
      return { read: parameters({}, body), parses };
    } finally {
      JSON.parse = parse;
    }
  };
  const times = <T>(count: number, value: T): readonly T[] => Array.from({ length: count }, () => value);

  it('stay text where a list holds more than may stand there', () => {
    for (const body of [
      { datasets: times(19_900, '[') },
      { datasets: times(34, '{"documentId":"d"}') },
      { additionalDatasets: times(33, '{"documentId":"d"}') },
    ]) {
      expect(counted(body)).to.deep.equal({ read: body, parses: 0 });
    }
    const most = { datasets: times(33, '{"documentId":"d"}') };
    expect(counted(most)).to.deep.equal({ read: { datasets: times(33, { documentId: 'd' }) }, parses: 33 });
    expect(parameters({ datasets: JSON.stringify(times(34, '[]')) })).to.deep.equal({ datasets: times(34, '[]') });
  });

  it('stay text where no object or list may stand, whatever their names', () => {
    for (const body of [
      { container: '{}', meta: '{}', jobId: '{}' },
      { compute: { datasets: times(100, '[') } },
      { dataset: [{ userdata: '{}' }, '{}'] },
      { algorithm: { algorithm: { meta: '{}' }, serviceId: '[]', algocustomdata: '{}' } },
    ]) {
      expect(counted(body)).to.deep.equal({ read: body, parses: 0 });
    }
  });

  it('stay text once fifty of them were no JSON', () => {
    const broken = { datasets: times(33, '[,'), additionalDatasets: times(32, '{,'), output: '{"encryptTo":"k"}' };
    expect(counted(broken)).to.deep.equal({ read: broken, parses: 50 });
  });

  it("leave the caller's own data as it is", () => {
    const algorithm = { algocustomdata: { empty: '', none: null } };
    const dataset = { userdata: { empty: '' } };
    expect(parameters({}, { algorithm, dataset })).to.deep.equal({ algorithm, dataset });
  });

  it('that are repeated count once, the first', () => {
    expect(parameters({ jobId: ['a', 'b'] })).to.deep.equal({ jobId: 'a' });
  });
});

describe('checked parameters', () => {
  it('name every bad field at once, nested ones with dots', () => {
    const validate = compile(StartRequestSchema);
    const bad = {
      nonce: 'soon',
      consumerAddress: '0x1',
      dataset: { documentId: `did:op:${'ab'.repeat(32)}` },
      algorithm: {},
    };
    try {
      checked(validate, bad);
      expect.fail('it was accepted');
    } catch (error) {
      if (!(error instanceof CapstanError)) throw error;
      const fields = error.facts.fields ?? {};
      expect(Object.keys(fields).toSorted()).to.deep.equal(['consumerAddress', 'dataset.transferTxId', 'nonce']);
      expect(fields['dataset.transferTxId']).to.deep.equal(['The dataset.transferTxId field is required.']);
    }
  });

  it('are those that the schema names: what else a client sends goes no further', () => {
    const status = compileInput(StatusQuerySchema);
    expect(checked(status, parameters({ jobId: 'a', jobs: 'b', ticket: 't' }))).to.deep.equal({ jobId: 'a' });
    const stop = compileInput(StopRequestSchema);
    const signed = { consumerAddress: `0x${'1'.repeat(40)}`, nonce: '1', signature: `0x${'1'.repeat(130)}` };
    const proof = { kind: 'typed', header: {}, request: {} };
    expect(checkedSigned(stop, parameters({}, { ...signed, proof, isOpen: true }), undefined)).to.deep.equal(signed);
  });

  it('pass through when they fit', () => {
    const userAddress = `0x${'1'.repeat(40)}`;
    expect(checked(compile(NonceQuerySchema), { userAddress, more: 1 })).to.deep.include({ userAddress });
  });
});
