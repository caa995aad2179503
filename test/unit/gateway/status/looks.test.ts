import { jobEvent } from '@capstan/shared/contract/messages';
import { expect } from 'chai';
import { createPages } from '../../../../services/gateway/src/status/pages.ts';
import { openStore, type Store } from '../../../../services/gateway/src/store/store.ts';
import { aJobId, anAddress, aNewJob, anEnvironment, aNonce } from '../a-job.ts';

/** More than is looked at for a page of events. */
const MANY = 2_500;
const ORDER = '0x1';
const DOCUMENT = 'did:op:1';
const OTHER = 'did:op:2';

describe('what is looked at for two parts of a filter, of which few are both', () => {
  let store: Store;
  before(async () => {
    store = openStore(':memory:');
    const add = (n: number, documentId: string) => {
      const names = { jobId: aJobId(n), nonce: aNonce(n), agreementId: ORDER, documentId };
      const job = store.jobs.add(aNewJob(names), '{}');
      store.events.append(jobEvent({ jobId: job.jobId, run: 1, attempt: 0, code: 1, at: n }), job);
    };
    await store.write(() => {
      add(1, OTHER);
      for (let n = 2; n <= MANY; n += 1) add(n, DOCUMENT);
    });
  });
  after(() => store.close());

  it('is so much at once, and a list goes on behind it', () => {
    const filter = { environment: anEnvironment(), documentId: OTHER, agreementId: ORDER };
    const first = store.statuses.keys(filter, {}, 100);
    expect(first).to.deep.equal({ keys: [], last: MANY - 99 });
    const pageOf = createPages(store);
    let cursor: number | undefined;
    const found: number[] = [];
    let pages = 0;
    do {
      const page = pageOf(filter, { limit: 10, cursor }, 200);
      found.push(...page.keys.map(({ accepted }) => accepted));
      cursor = page.next;
      pages += 1;
    } while (cursor !== undefined && pages < 100);
    expect(found).to.deep.equal([1]);
    expect(pages).to.be.greaterThan(MANY / 250);
  });

  it('is nothing of others where an owner and a document are named', () => {
    const filter = { owner: anAddress(), documentId: OTHER };
    expect(store.statuses.keys(filter, {}, 10).keys.map(({ accepted }) => accepted)).to.deep.equal([1]);
    expect(store.statuses.keys({ ...filter, owner: anAddress(2) }, {}, 10)).to.deep.equal({
      keys: [],
      last: undefined,
    });
    expect(store.events.after({ ...filter, owner: anAddress(2) }, 0, 10)).to.include({ isEnd: true });
  });

  it('is so much at once of events, too, and goes on behind it', async () => {
    const filter = { documentId: DOCUMENT, environment: anEnvironment('elsewhere') };
    const first = store.events.after(filter, 0, 10);
    expect(first).to.deep.equal({ events: [], reached: 1_001, isEnd: false });
    const job = aNewJob({ jobId: aJobId(9_999), nonce: aNonce(9_999), environment: anEnvironment('elsewhere') });
    const cursor = await store.write(() => {
      const added = store.jobs.add(job, '{}');
      return store.events.append(jobEvent({ jobId: added.jobId, run: 1, attempt: 0, code: 1, at: 1 }), added);
    });
    let place = { reached: 0, isEnd: false };
    const found: number[] = [];
    while (!place.isEnd) {
      const { events, ...next } = store.events.after(filter, place.reached, 10);
      found.push(...events.map((event) => event.cursor));
      place = next;
    }
    expect(found).to.deep.equal([cursor]);
  });

  it('tells what happened to several jobs in its order, page by page, each once', async () => {
    const jobIds = [aJobId(5), aJobId(7), aJobId(3)];
    await store.write(() => {
      for (let n = 2; n <= 40; n += 1) {
        const job = store.jobs.find(jobIds[(n * n) % 3] ?? '');
        if (job) store.events.append(jobEvent({ jobId: job.jobId, run: 1, attempt: n, code: 10, at: n }), job);
      }
    });
    for (const limit of [1, 2, 7, 100]) {
      const told: number[] = [];
      let place = { reached: 0, isEnd: false };
      while (!place.isEnd) {
        const { events, ...next } = store.events.after({ jobIds }, place.reached, limit);
        expect(events.length).to.be.at.most(limit + jobIds.length);
        told.push(...events.map(({ cursor }) => cursor));
        place = next;
      }
      expect(told).to.have.length(42);
      expect(told).to.deep.equal(told.toSorted((a, b) => a - b));
    }
  });
});
