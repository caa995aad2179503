import { createHash } from 'node:crypto';
import type { StartRequest } from '@capstan/shared/contract/api';
import { CapstanError } from '@capstan/shared/contract/errors';
import { expect } from 'chai';
import { createConsumer, freeOrder, type Order } from '../../../../scripts/parts/consumer.ts';
import { gatewayParts, someAssets } from '../../../support/gateway/parts.ts';

const { dataset, algorithm } = someAssets();
const serviceOf = (ddo: typeof dataset) => ddo.services[0]?.id ?? '';
const orderOf = (extra: Partial<Order> = {}): Order => ({
  environment: 'local',
  dataset: { documentId: dataset.id, serviceId: serviceOf(dataset), transferTxId: freeOrder() },
  algorithm: { documentId: algorithm.id, serviceId: serviceOf(algorithm), transferTxId: freeOrder() },
  ...extra,
});
const consumer = createConsumer('http://unused.example');
const hashOf = (request: StartRequest) => createHash('sha256').update(JSON.stringify(request)).digest('hex');
const submission = (request: StartRequest) => ({ request, bodyHash: hashOf(request) });
const parts = () => gatewayParts({ assets: [dataset, algorithm] });

async function refusal(work: Promise<unknown>): Promise<CapstanError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CapstanError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a submitted job', () => {
  it('is stored with its nonce, its spec and its first event at once', async () => {
    const { store, submit, live } = parts();
    const heard: number[] = [];
    live.onEvents((events) => heard.push(...events.map(({ event }) => event.code)));
    const request = await consumer.startBody(orderOf());
    const job = await submit(submission(request));
    expect(job).to.include({ code: 1, run: 1, attempt: 0, documentId: dataset.id, algoDid: algorithm.id });
    expect(store.nonces.last(job.owner)).to.equal(request.nonce);
    expect(JSON.parse(store.jobs.spec(job.jobId) ?? '')).to.include({ environment: 'local', owner: job.owner });
    expect(heard).to.deep.equal([1]);
  });

  it('is refused for its size before its descriptions are written out again and again', async () => {
    let written = 0;
    const large = {
      ...dataset,
      toJSON() {
        written += 1;
        return { ...dataset, more: 'a'.repeat(100_000) };
      },
    };
    const { submit } = gatewayParts({ assets: [large, algorithm], maxPayloadBytes: 1_000_000 });
    const order = orderOf();
    const additionalDatasets = Array.from({ length: 32 }, () => order.dataset);
    const { code, message } = await refusal(
      submit(submission(await consumer.startBody({ ...order, additionalDatasets }))),
    );
    expect(code).to.equal('BODY_TOO_LARGE');
    expect(message).to.match(/at least \d{7} bytes/);
    expect(written).to.equal(1);
  });

  it('holds no file address and no parameter in the clear', async () => {
    const { store, submit } = parts();
    const order = orderOf();
    const request = await consumer.startBody({
      ...order,
      dataset: { ...order.dataset, userdata: { token: 'hush-hush' } },
    });
    const job = await submit(submission(request));
    expect(store.jobs.spec(job.jobId)).not.to.match(/hush-hush|secret-path/);
  });

  it('is answered again when the same signed body comes again, also after newer ones', async () => {
    const { submit, storedJobs } = parts();
    const first = await consumer.startBody(orderOf());
    const job = await submit(submission(first));
    await submit(submission(await consumer.startBody(orderOf())));
    expect((await submit(submission(first))).jobId).to.equal(job.jobId);
    expect(storedJobs()).to.equal(2);
  });

  it('refuses another body under a used nonce', async () => {
    const { submit } = parts();
    const request = await consumer.startBody(orderOf());
    await submit(submission(request));
    const other = { ...request, algorithm: { ...request.algorithm, algocustomdata: { changed: true } } };
    expect((await refusal(submit(submission(other)))).code).to.equal('INVALID_SIGNATURE');
  });

  it('takes effect once when 50 different bodies come at once under one nonce', async () => {
    const { submit, storedJobs } = parts();
    const request = await consumer.startBody(orderOf());
    const bodies = Array.from({ length: 50 }, (_, i) => ({
      ...request,
      algorithm: { ...request.algorithm, algocustomdata: { i } },
    }));
    const outcomes = await Promise.allSettled(bodies.map((body) => submit(submission(body))));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
    expect(storedJobs()).to.equal(1);
  });

  it('is one job when 50 copies of one body come at once', async () => {
    const { submit } = parts();
    const request = await consumer.startBody(orderOf());
    const jobs = await Promise.all(Array.from({ length: 50 }, () => submit(submission(request))));
    expect(new Set(jobs.map(({ jobId }) => jobId)).size).to.equal(1);
  });
});

describe('a job that is refused', () => {
  it('leaves nothing behind, not even its nonce', async () => {
    const { submit, store, storedJobs } = parts();
    const order = orderOf();
    const request = await consumer.startBody({
      ...order,
      dataset: { ...order.dataset, documentId: `did:op:${'0'.repeat(64)}` },
    });
    const error = await refusal(submit(submission(request)));
    expect(error.facts.refusal).to.deep.equal({ 'dataset.documentId': 'did_not_found' });
    expect(storedJobs()).to.equal(0);
    expect(store.cursors.last()).to.equal(0);
  });

  it('says which environments there are', async () => {
    const request = await consumer.startBody(orderOf({ environment: 'elsewhere' }));
    const error = await refusal(parts().submit(submission(request)));
    expect(error.facts.refusal).to.equal('Compute environment does not exist');
    expect(error.message).to.contain('local');
  });

  it('names the wrong signature before anything else', async () => {
    const order = orderOf({ environment: 'elsewhere' });
    const request = await consumer.startBody(order);
    const stranger = createConsumer('http://unused.example').address;
    const error = await refusal(parts().submit(submission({ ...request, consumerAddress: stranger })));
    expect(error.code).to.equal('INVALID_SIGNATURE');
  });

  it('is told that it is too large before NATS would refuse it', async () => {
    const { submit } = gatewayParts({ assets: [dataset, algorithm], maxPayloadBytes: 4_000 });
    const raw = { meta: { rawcode: 'x'.repeat(4_000), container: { image: 'alpine', entrypoint: 'sh $ALGO' } } };
    const request = await consumer.startBody(orderOf({ algorithm: raw }));
    expect((await refusal(submit(submission(request)))).code).to.equal('BODY_TOO_LARGE');
  });

  const containers = [
    [{ image: 'alpine' }, 'missing_entrypoint_image_checksum'],
    [{ image: 'alpine', entrypoint: 'sh' }, 'missing_entrypoint_image_checksum'],
    [{ image: 'alpine', entrypoint: 'sh $ALGO', checksum: 'abc' }, 'checksum_prefix'],
  ] as const;
  for (const [container, code] of containers) {
    it(`names ${code} of ${JSON.stringify(container)}`, async () => {
      const request = await consumer.startBody(orderOf({ algorithm: { meta: { rawcode: 'exit', container } } }));
      expect(Object.values((await refusal(parts().submit(submission(request)))).facts.refusal ?? {})).to.deep.equal([
        code,
      ]);
    });
  }
});
