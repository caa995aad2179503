import { NonceQuerySchema, StartRequestSchema } from '@capstan/shared/contract/api';
import { CapstanError } from '@capstan/shared/errors';
import { compile } from '@capstan/shared/validate';
import { expect } from 'chai';
import { checked, parameters } from '../../../../services/gateway/src/http/input.ts';

describe('parameters', () => {
  it('come from the query first, then from the body what the query lacks', () => {
    expect(parameters({ jobId: 'q' }, { jobId: 'b', nonce: '1' })).to.deep.equal({ jobId: 'q', nonce: '1' });
  });

  it('that are empty or null count as absent, a level down too', () => {
    const body = { agreementId: '', signature: null, algorithm: { meta: null, serviceId: '', documentId: 'did' } };
    expect(parameters({ jobId: '' }, body)).to.deep.equal({ algorithm: { documentId: 'did' } });
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
    const bad = { nonce: 'soon', consumerAddress: '0x1', dataset: { documentId: 'did' }, algorithm: {} };
    try {
      checked(validate, bad);
      expect.fail('it was accepted');
    } catch (error) {
      if (!(error instanceof CapstanError)) throw error;
      const fields = error.facts.fields ?? {};
      expect(Object.keys(fields).toSorted()).to.deep.equal([
        'consumerAddress',
        'dataset.serviceId',
        'dataset.transferTxId',
        'nonce',
      ]);
      expect(fields['dataset.serviceId']).to.deep.equal(['The dataset.serviceId field is required.']);
    }
  });

  it('pass through when they fit', () => {
    const userAddress = `0x${'1'.repeat(40)}`;
    expect(checked(compile(NonceQuerySchema), { userAddress, more: 1 })).to.deep.include({ userAddress });
  });
});
