import { expect } from 'chai';
import fc from 'fast-check';
import { jobEvent } from '@capstan/shared/contract/messages';
import { isEnding, type StatusCode } from '@capstan/shared/contract/status';
import { hasCode } from '@capstan/shared/contract/errors';
import { createConsumer, freeOrder } from '../../../../scripts/parts/consumer.ts';
import { recordEvent } from '../../../../services/gateway/src/events/record-event.ts';
import { forgetOrder, keepOrder } from '../../../../services/gateway/src/quotas/kept-orders.ts';
import { BYTES_OF_A_FILE, ORDER } from '../../../../services/gateway/src/store/usage.ts';
import { openStore } from '../../../../services/gateway/src/store/store.ts';
import { gatewayParts, someAssets } from '../../../support/gateway/parts.ts';
import { aJobId, anAddress, aNewJob, aNonce } from '../a-job.ts';

const OUTPUT = { filename: 'a', filesize: 700, type: 'output' as const, index: 0 };
const NETWORKS = ['10.0.0.1', '10.0.0.2'];
/** Its rows, beside its order. */
const BYTES_OF_A_JOB = 4_096;

/** A store, and what it must have counted of it, worked out from the rows alone. */
function aStore() {
  const store = openStore(':memory:');
  const jobs = new Set<number>();
  const kept = new Map<string, { owner: string; network: string; bytes: number }>();
  const originOf = (n: number) => ({ owner: anAddress(1 + (n % 3)), network: NETWORKS[n % 2] ?? '' });
  const steps = {
    add: (n: number) => {
      if (jobs.has(n)) return;
      store.jobs.add(aNewJob({ jobId: aJobId(n), nonce: aNonce(n), ...originOf(n) }), 'x'.repeat(n));
      jobs.add(n);
    },
    send: (n: number) => void store.queue.markSent(aJobId(n), 5),
    end: (n: number) => {
      const job = store.jobs.find(aJobId(n));
      if (!job || isEnding(job.code)) return;
      const change = { expiresAt: 9, resultsDid: '', termination: null, results: [OUTPUT], dateFinished: 2_000 };
      const code: StatusCode = 70;
      const ended = store.jobs.advance(job, { ...change, state: { run: job.run, attempt: 1, code } });
      if (ended) keepOrder(store, ended);
      store.usage.keep(job.jobId, job.run, [OUTPUT], 9);
      kept.set(`${n} ${job.run}`, { ...originOf(n), bytes: OUTPUT.filesize + BYTES_OF_A_FILE });
      kept.set(`${n} ${ORDER}`, { ...originOf(n), bytes: n + BYTES_OF_A_JOB });
    },
    restart: (n: number) => {
      const job = store.jobs.find(aJobId(n));
      if (!job) return;
      const { environment, algoDid, inputDids, nonce, bodyHash } = job;
      const next = { environment, algoDid, inputDids, nonce, bodyHash, ...originOf(n) };
      if (!store.jobs.restart(job, next, 'x'.repeat(n))) return;
      forgetOrder(store, job.jobId);
      kept.delete(`${n} ${ORDER}`);
    },
    drop: (n: number) => {
      store.usage.drop(aJobId(n), 1);
      kept.delete(`${n} 1`);
    },
    remove: (n: number) => {
      store.jobs.remove(aJobId(n));
      jobs.delete(n);
      for (const key of kept.keys()) if (key.startsWith(`${n} `)) kept.delete(key);
    },
  };
  const truth = (isIts: (origin: { owner: string; network: string }) => boolean) => {
    const waiting = [...jobs]
      .filter((n) => isIts(originOf(n)))
      .filter((n) => {
        const job = store.jobs.find(aJobId(n));
        return job?.dateFinished === null && job.dispatchedAt === null;
      });
    return {
      jobs: waiting.length,
      bytes: waiting.reduce((sum, n) => sum + n, 0),
      keptBytes: [...kept.values()].filter(isIts).reduce((sum, { bytes }) => sum + bytes, 0),
    };
  };
  return { store, steps, truth };
}

describe('what the store counts', () => {
  it('is what there is, whatever happens to jobs, and in whatever order', () => {
    const step = fc.record({
      what: fc.constantFrom(
        'add' as const,
        'send' as const,
        'end' as const,
        'restart' as const,
        'drop' as const,
        'remove' as const,
      ),
      n: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (history) => {
        const { store, steps, truth } = aStore();
        for (const { what, n } of history) steps[what](n);
        for (const n of [1, 2, 3]) {
          const owner = anAddress(n);
          expect(store.usage.of('owner', owner)).to.deep.equal(truth((origin) => origin.owner === owner));
        }
        for (const network of NETWORKS) {
          expect(store.usage.of('network', network)).to.deep.equal(truth((origin) => origin.network === network));
        }
        expect(store.usage.of('class', 'free')).to.deep.equal(truth(() => true));
        store.close();
      }),
    );
  });

  it('leaves no row of whom nothing is left', async () => {
    const { store, steps } = aStore();
    await store.write(() => {
      steps.add(1);
      steps.end(1);
      steps.remove(1);
    });
    expect(store.usage.keepersOf('owner', 0)).to.deep.equal(new Set());
    expect(store.usage.of('owner', anAddress(2))).to.deep.equal({ jobs: 0, bytes: 0, keptBytes: 0 });
  });
});

describe('a job that would be too much', () => {
  const { dataset, algorithm } = someAssets();
  const orderOf = () => ({
    environment: 'local',
    dataset: { documentId: dataset.id, serviceId: dataset.services[0]?.id ?? '', transferTxId: freeOrder() },
    algorithm: { documentId: algorithm.id, serviceId: algorithm.services[0]?.id ?? '' },
  });
  const setUp = (quotas: object) => {
    const parts = gatewayParts({ assets: [dataset, algorithm], quotas });
    const consumer = createConsumer('http://unused.example');
    const submit = async (network = '10.0.0.1', who = consumer) => {
      const request = await who.startBody(orderOf());
      return parts.submit({ request, bodyHash: JSON.stringify(request), network });
    };
    return { ...parts, submit, stranger: () => createConsumer('http://unused.example') };
  };
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'taken',
      (error: unknown) => (hasCode(error, 'QUOTA_REACHED', 'NODE_FULL') ? error.code : String(error)),
    );

  it('is refused, and uses up no nonce', async () => {
    const { submit, store } = setUp({ jobsPerAddress: 1 });
    const job = await submit();
    const nonce = store.nonces.last(job.owner);
    expect(await codeOf(submit())).to.equal('QUOTA_REACHED');
    expect(store.nonces.last(job.owner)).to.equal(nonce);
    await store.write(() => store.queue.markSent(job.jobId, 1));
    expect(await codeOf(submit())).to.equal('taken');
  });

  it('of one network with many addresses leaves room for others', async () => {
    const { submit, stranger } = setUp({ jobs: 8 });
    expect(await codeOf(submit('10.0.0.1', stranger()))).to.equal('taken');
    expect(await codeOf(submit('10.0.0.1', stranger()))).to.equal('taken');
    expect(await codeOf(submit('10.0.0.1', stranger()))).to.equal('QUOTA_REACHED');
    for (const network of ['2', '2', '3', '3']) expect(await codeOf(submit(network, stranger()))).to.equal('taken');
    expect(await codeOf(submit('4', stranger()))).to.equal('NODE_FULL');
  });

  it('is one whose owner keeps very many files, be they empty', async () => {
    const { submit, store } = setUp({ keptBytes: 40_000_000 });
    const job = await submit();
    const empty = Array.from({ length: 1_000 }, (_, index) => ({ ...OUTPUT, filesize: 0, index }));
    const event = jobEvent({ jobId: job.jobId, run: 1, attempt: 1, code: 70, at: 9, details: { results: empty } });
    await store.write((transaction) => recordEvent(store, transaction, event));
    expect(await codeOf(submit())).to.equal('QUOTA_REACHED');
  });

  it('is one whose results nobody could keep: those of earlier runs count, until they are dropped', async () => {
    const { submit, store, runners, show } = setUp({ keptBytes: 2_000 });
    const job = await submit();
    const waiting = await submit();
    const event = jobEvent({ jobId: job.jobId, run: 1, attempt: 1, code: 70, at: 9, details: { results: [OUTPUT] } });
    await store.write((transaction) => recordEvent(store, transaction, event));
    expect(await codeOf(submit())).to.equal('QUOTA_REACHED');
    expect(runners.environment(job.environment)).not.to.equal(undefined);
    expect(show(store.jobs.find(waiting.jobId) ?? waiting).queue?.reason).to.be.a('string');
    await store.write(() => store.usage.drop(job.jobId, 1));
    // What is stored of its order counts as long as that is kept.
    expect(await codeOf(submit())).to.equal('QUOTA_REACHED');
    await store.write(() => store.usage.drop(job.jobId, ORDER));
    expect(await codeOf(submit())).to.equal('taken');
  });

  it('is one of an address whose jobs ended at once, and left nothing but large orders', async () => {
    const { submit, store } = setUp({ keptBytes: 100_000 });
    const codes: string[] = [];
    for (let i = 0; i < 20 && !codes.includes('QUOTA_REACHED'); i += 1) {
      codes.push(
        await codeOf(
          submit().then((job) =>
            store.write((transaction) =>
              recordEvent(store, transaction, jobEvent({ jobId: job.jobId, run: 1, attempt: 0, code: 7, at: 9 })),
            ),
          ),
        ),
      );
    }
    expect(codes.at(-1)).to.equal('QUOTA_REACHED');
    expect(codes.length).to.be.within(2, 7);
  });
});
