import { CapstanError } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { expect } from 'chai';
import type { Context } from 'koa';
import { errorResponses } from '../../../../services/gateway/src/http/errors.ts';
import { serve } from '../../../support/gateway/http.ts';

const failing = (error: Error) =>
  serve((router) => {
    router.get('/fail', () => {
      throw error;
    });
  });

describe('an error', () => {
  it('of validation names its fields', async () => {
    const fields = { nonce: ['The nonce field is required.'] };
    await using node = await failing(new CapstanError('VALIDATION', 'Validation error', { fields }));
    const response = await fetch(`${node.url}/fail`);
    expect(response.status).to.equal(400);
    expect(await response.json()).to.deep.equal({ errors: fields, message: 'Validation error', success: false });
  });

  it("that the caller can mend carries Provider's code and a sentence", async () => {
    const refusal = { 'dataset.serviceId': 'missing' };
    await using node = await failing(new CapstanError('REFUSED', 'Name the service.', { refusal }));
    expect(await (await fetch(`${node.url}/fail`)).json()).to.deep.equal({
      error: refusal,
      message: 'Name the service.',
    });
  });

  it('that passes says when to try again', async () => {
    await using node = await failing(new CapstanError('STORE_UNAVAILABLE', 'The disk is full.'));
    const response = await fetch(`${node.url}/fail`);
    expect(response.status).to.equal(503);
    expect(Number(response.headers.get('retry-after'))).to.be.greaterThan(0);
    expect(await response.json()).to.deep.equal({ error: 'The disk is full. Try again in 5 s.' });
  });

  it('that knows better says when, and says it once', async () => {
    const headers = { 'Retry-After': '60' };
    await using full = await failing(new CapstanError('NODE_FULL', 'All that may be. Try again later.', { headers }));
    const response = await fetch(`${full.url}/fail`);
    expect(response.headers.get('retry-after')).to.equal('60');
    expect(await response.json()).to.deep.equal({ error: 'All that may be. Try again later.' });
  });

  it('of our own making shows nothing of itself', async () => {
    await using node = await failing(new Error('/secret/path https://data.example'));
    const response = await fetch(`${node.url}/fail`);
    expect(response.status).to.equal(500);
    expect(await response.text()).not.to.match(/secret|data\.example|at /);
  });

  it('of the path is a 404, of the method a 405 with Allow', async () => {
    await using node = await failing(new Error('unused'));
    expect((await fetch(`${node.url}/nowhere`)).status).to.equal(404);
    const wrongMethod = await fetch(`${node.url}/fail`, { method: 'DELETE' });
    expect(wrongMethod.status).to.equal(405);
    expect(wrongMethod.headers.get('allow')).to.contain('GET');
    expect(await wrongMethod.json()).to.have.property('error');
  });

  it('is logged as an error only where a person must act', async () => {
    const levelOf = async (code: 'LOG_UNAVAILABLE' | 'STORE_UNAVAILABLE' | 'NOT_FOUND') => {
      const levels: string[] = [];
      const log = { warn: () => levels.push('warn'), error: () => levels.push('error') } as unknown as Log;
      const ctx = { req: { complete: true }, set: () => undefined } as unknown as Context;
      await errorResponses(log)(ctx, () => Promise.reject(new CapstanError(code, 'why')));
      return levels.join();
    };
    expect(await levelOf('NOT_FOUND')).to.equal('');
    expect(await levelOf('LOG_UNAVAILABLE')).to.equal('warn');
    expect(await levelOf('STORE_UNAVAILABLE')).to.equal('error');
  });
});
