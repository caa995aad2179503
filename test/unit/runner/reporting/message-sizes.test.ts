import { expect } from 'chai';
import type { Bus } from '@capstan/shared/bus/connect';
import { mostThatFit, messageLimitBytes } from '@capstan/shared/bus/size';
import type { EnvironmentId, JobId } from '@capstan/shared/contract/ids';
import { jobEvent, type Announcement, type JobEvent } from '@capstan/shared/contract/messages';
import { createLog } from '@capstan/shared/runtime/log';
import { createAnnouncer } from '../../../../services/runner/src/reporting/announce.ts';
import { createOutbox } from '../../../../services/runner/src/reporting/events.ts';
import { absentBus } from '../../../support/gateway/absent-bus.ts';
import { ENVIRONMENT } from '../../../support/gateway/parts.ts';

const log = createLog('test', 'silent');
const jobId = 'a'.repeat(32) as JobId;
const { signal } = new AbortController();

/** A broker that keeps what it is given, and refuses what is too large as the real one does. */
function aBus(limit: { bytes: number }) {
  const told: string[] = [];
  const take = (text: string) => {
    if (Buffer.byteLength(text) > limit.bytes)
      throw Object.assign(new Error('too much'), { code: 'MAX_PAYLOAD_EXCEEDED' });
    told.push(text);
  };
  const bus = {
    ...absentBus(),
    isConnected: () => true,
    maxPayloadBytes: () => limit.bytes,
    connected: () => Promise.resolve(),
    jetStream: () => ({ publish: (_subject: string, text: string) => Promise.resolve(take(text)) }),
    connection: () => ({
      publish: (_subject: string, text: string) => take(text),
      subscribe: () => ({ unsubscribe() {} }),
    }),
  } as unknown as Bus;
  return { bus, told };
}

const results = Array.from({ length: 2_000 }, (_, index) => ({
  filename: `${'an-output-with-a-long-name/'.repeat(10)}${index}`,
  filesize: 1,
  type: 'output' as const,
  index,
}));
const ending = jobEvent({ jobId, run: 1, attempt: 1, code: 70, at: 1, details: { results } });

describe('the size of a message', () => {
  it('is what usual servers take, as long as none has told', () => {
    expect(messageLimitBytes(absentBus())).to.be.within(1_000_000, 1_048_576);
    expect(messageLimitBytes(absentBus(65_536))).to.be.within(64_000, 65_536);
  });

  it('is filled with as many of a list as it takes, to the byte', () => {
    const bus = absentBus(1_512);
    const items = Array.from({ length: 100 }, (_, n) => 'ä'.repeat(n));
    const some = mostThatFit(bus, items, (list) => ({ list })) ?? [];
    const sizeOf = (count: number) => Buffer.byteLength(JSON.stringify({ list: items.slice(0, count) }));
    expect(sizeOf(some.length)).to.be.at.most(1_000);
    expect(sizeOf(some.length + 1)).to.be.above(1_000);
    expect(mostThatFit(absentBus(513), items, (list) => ({ list }))).to.equal(undefined);
  });
});

describe('an ending that does not fit into a message', () => {
  it('is told by the beginning of its list, and says where the whole of it stands', async () => {
    const { bus, told } = aBus({ bytes: 65_536 });
    const outbox = createOutbox({ bus, log });
    outbox.emit(ending);
    await outbox.settled(jobId, signal);
    const [event] = told.map((text) => JSON.parse(text) as JobEvent);
    expect(event?.details.resultsInManifest).to.equal(2_000);
    expect(event?.details.results).to.deep.equal(results.slice(0, event?.details.results?.length));
    expect(event?.details.results?.length).to.be.within(100, 300);
    await outbox.stop();
  });

  it('is told without its list where the stream takes less than its server says', async () => {
    const { bus, told } = aBus({ bytes: 10_000 });
    const outbox = createOutbox({ bus: { ...bus, maxPayloadBytes: () => 1_048_576 }, log });
    outbox.emit(ending);
    const reason = 'x'.repeat(20_000);
    const termination = { exitCode: null, signal: null, OOMKilled: false, reason };
    outbox.emit({ ...ending, details: { termination, results: [] } });
    outbox.emit({ ...ending, code: 8, details: {} });
    await outbox.settled(jobId, signal);
    const events = told.map((text) => JSON.parse(text) as JobEvent);
    expect(events[0]?.details).to.deep.equal({ results: [], resultsInManifest: 2_000 });
    // What can never be told holds up nothing behind it.
    expect(events.map(({ code }) => code)).to.deep.equal([70, 8]);
    await outbox.stop();
  });
});

describe('an announcement that does not fit into a message', () => {
  it('names as many jobs as fit, and every environment', async () => {
    const { bus, told } = aBus({ bytes: 16_384 });
    const environments = Array.from({ length: 10 }, (_, n) => ({
      ...ENVIRONMENT,
      id: `e-${n}` as EnvironmentId,
      desc: 'x'.repeat(10_000),
    }));
    const jobs = Array.from({ length: 5_000 }, () => ({ jobId, run: 1, environment: 'e-0' as EnvironmentId }));
    const self = { runnerId: 'one', instance: '1', since: 1 };
    const announcer = createAnnouncer({
      bus,
      self,
      environments,
      paused: () => undefined,
      troubles: () => [],
      jobs: () => jobs,
      upkeep: { report: () => [] },
      log,
    });
    announcer.announce();
    const announced = JSON.parse(told[0] ?? '') as Announcement;
    expect(announced.environments.map(({ id }) => id)).to.have.length(10);
    expect(announced.jobs.length).to.be.within(50, 200);
  });
});
