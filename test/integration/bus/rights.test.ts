import { expect } from 'chai';
import { createBus, type Bus } from '@capstan/shared/bus/connect';
import { answerQuestions, ask } from '@capstan/shared/bus/request';
import { FILE_CHECK, fileCheckedSubject } from '@capstan/shared/bus/subjects';
import { putDesired } from '@capstan/shared/bus/desired';
import type { JobId } from '@capstan/shared/contract/ids';
import { connect } from 'nats';
import { startNats } from '../../../scripts/parts/nats.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import {
  aRestrictedBroker,
  mayPublish,
  maySubscribe,
  SERVERS,
  type RestrictedBroker,
  type User,
} from './a-restricted-broker.ts';
import { log, within } from './a-broker.ts';

const STREAMS = ['JOBS', 'EVENTS', 'KV_desired', 'KV_started', 'OTHER'];
const CONSUMERS = ['gateway', 'runner-local', 'other'];

/** Every subject of the JetStream API, with the names that are there and one that is not. */
const API: readonly string[] = [
  'INFO',
  'STREAM.NAMES',
  'STREAM.LIST',
  'STREAM.TEMPLATE.CREATE.OTHER',
  'SERVER.REMOVE',
  'ACCOUNT.PURGE.CAPSTAN',
  'META.LEADER.STEPDOWN',
  ...STREAMS.flatMap((stream) => [
    ...['CREATE', 'UPDATE', 'INFO', 'DELETE', 'PURGE', 'SNAPSHOT', 'RESTORE'].map((verb) => `STREAM.${verb}.${stream}`),
    ...['MSG.GET', 'MSG.DELETE', 'LEADER.STEPDOWN', 'PEER.REMOVE'].map((verb) => `STREAM.${verb}.${stream}`),
    `DIRECT.GET.${stream}`,
    `DIRECT.GET.${stream}.$KV.desired.${'a'.repeat(32)}`,
    `CONSUMER.CREATE.${stream}`,
    `CONSUMER.NAMES.${stream}`,
    `CONSUMER.LIST.${stream}`,
    ...CONSUMERS.flatMap((consumer) => [
      `CONSUMER.CREATE.${stream}.${consumer}`,
      `CONSUMER.CREATE.${stream}.${consumer}.jobs.start.local`,
      `CONSUMER.DURABLE.CREATE.${stream}.${consumer}`,
      `CONSUMER.INFO.${stream}.${consumer}`,
      `CONSUMER.DELETE.${stream}.${consumer}`,
      `CONSUMER.PAUSE.${stream}.${consumer}`,
      `CONSUMER.UNPIN.${stream}.${consumer}`,
      `CONSUMER.MSG.NEXT.${stream}.${consumer}`,
      `CONSUMER.LEADER.STEPDOWN.${stream}.${consumer}`,
    ]),
  ]),
].map((subject) => `$JS.API.${subject}`);

const INFOS = ['$JS.API.INFO', ...STREAMS.map((stream) => `$JS.API.STREAM.INFO.${stream}`)];

const ALLOWED: Readonly<Record<Exclude<User, 'admin'>, readonly string[]>> = {
  gateway: [...INFOS, '$JS.API.CONSUMER.INFO.EVENTS.gateway', '$JS.API.CONSUMER.MSG.NEXT.EVENTS.gateway'],
  runner: [
    ...INFOS,
    ...CONSUMERS.flatMap((name) => [`$JS.API.CONSUMER.INFO.JOBS.${name}`, `$JS.API.CONSUMER.MSG.NEXT.JOBS.${name}`]),
    '$JS.API.STREAM.MSG.GET.KV_desired',
    '$JS.API.STREAM.MSG.GET.KV_started',
  ],
};

/** What each must not say, nor hear, though it has to do with both. */
const FORBIDDEN: Readonly<
  Record<Exclude<User, 'admin'>, { readonly say: readonly string[]; readonly hear: readonly string[] }>
> = {
  gateway: {
    say: [
      'jobs.event.x',
      'files.checked.x',
      'runners.a.announce',
      'runners.a.cleared',
      '$KV.started.x',
      '$JS.ACK.JOBS.runner-local.1.1.1.1.0',
      'anything',
    ],
    hear: ['_INBOX.>', '_INBOX_runner.>', '_INBOX_admin.>', '$JS.API.>', 'jobs.event.*', '>'],
  },
  runner: {
    say: [
      'jobs.start.local',
      '$KV.desired.x',
      'jobs.log.x',
      'files.check',
      'runners.left',
      '_INBOX_gateway.x',
      '$JS.ACK.EVENTS.gateway.1.1.1.1.0',
      'anything',
    ],
    hear: [
      '_INBOX.>',
      '_INBOX_gateway.>',
      '_INBOX_admin.>',
      '$JS.API.>',
      'jobs.start.*',
      'jobs.event.*',
      'jobs.piece.*',
      'files.checked.*',
      '>',
    ],
  },
};

const jobId = 'a'.repeat(32) as JobId;

for (const program of SERVERS) {
  describe(`the users of the broker's settings, on ${program},`, function () {
    let broker: RestrictedBroker;
    const buses: Bus[] = [];

    before(async () => {
      broker = await aRestrictedBroker(program);
      const gateway = createBus({
        nats: {
          servers: [broker.url],
          user: 'gateway',
          password: 'of gateway',
          adminUser: 'admin',
          adminPassword: 'of admin',
        },
        name: 'gateway',
        log,
        makes: { environments: () => ['local' as never] },
      });
      buses.push(gateway);
      await gateway.start();
      await within(gateway.connected(AbortSignal.timeout(15_000)), 'the streams');
      await putDesired(gateway, jobId, { run: 1, want: 'run' });
    });
    after(async () => {
      for (const bus of buses) await bus.stop();
      await broker[Symbol.asyncDispose]();
    });

    for (const user of ['gateway', 'runner'] as const) {
      it(`let the ${user} ask of JetStream what it needs, and nothing else`, async () => {
        const client = await broker.client(user);
        const allowed = [];
        for (const subject of API) if (await mayPublish(client, subject)) allowed.push(subject);
        expect(allowed).to.have.members(ALLOWED[user]);
      });

      it(`let the ${user} say and hear what is its own`, async () => {
        const client = await broker.client(user);
        for (const subject of FORBIDDEN[user].say)
          expect(await mayPublish(client, subject), `say ${subject}`).to.equal(false);
        for (const subject of FORBIDDEN[user].hear)
          expect(await maySubscribe(client, subject), `hear ${subject}`).to.equal(false);
      });
    }

    it('let the gateway ask one runner of all about files', async () => {
      const [gateway] = buses;
      if (!gateway) throw new Error('there is a gateway');
      const until = new AbortController();
      const asked: unknown[] = [];
      for (const name of ['one', 'two']) {
        const bus = createBus({ nats: { servers: [broker.url], user: 'runner', password: 'of runner' }, name, log });
        buses.push(bus);
        await bus.start();
        await within(bus.connected(AbortSignal.timeout(15_000)), name);
        answerQuestions(bus, {
          subject: FILE_CHECK,
          queue: 'runners',
          answer: (question) => Promise.resolve({ answered: asked.push(question) }),
          onError: () => undefined,
          signal: until.signal,
        });
        await bus.connection().flush();
      }
      const question = { subject: FILE_CHECK, question: 'which?', replyTo: fileCheckedSubject('1'), timeoutMs: 5_000 };
      expect(await ask(gateway, question)).to.deep.equal({ answered: 1 });
      until.abort();
      expect(asked).to.deep.equal(['which?']);
    });

    it('do not let the runner answer wherever a question says that its answer should go', async () => {
      const client = await broker.client('runner');
      const asked = Promise.withResolvers<void>();
      client.subscribe('runners.x.claim', {
        callback(_error, message) {
          message.respond('{"v":1,"run":1,"want":"deleted"}');
          asked.resolve();
        },
      });
      client.publish('runners.x.claim', '', { reply: `$KV.desired.${jobId}` });
      await within(asked.promise, 'the question');
      await client.flush();
      const admin = await broker.client('admin');
      const stored = await (
        await admin.jetstreamManager()
      ).streams.getMessage('KV_desired', { last_by_subj: `$KV.desired.${jobId}` });
      expect(stored.string()).to.equal('{"v":1,"run":1,"want":"run"}');
    });

    it('let nobody have the server hand out a word of the buckets as it is', async () => {
      const admin = await broker.client('admin');
      const manager = await admin.jetstreamManager();
      for (const bucket of ['KV_desired', 'KV_started'])
        expect((await manager.streams.info(bucket)).config.allow_direct ?? false).to.equal(false);
    });

    it('hold even the administrator to what a node needs', async () => {
      const manager = await (await broker.client('admin')).jetstreamManager();
      const failure = await manager.streams
        .add({ name: 'OTHER', subjects: ['other'] })
        .catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
    });
  });
}

describe('what is on a broker that others have used', () => {
  it('is set right by whoever makes the streams, and what copies or pushes ours is told of', async () => {
    await using folder = await temporaryFolder('strangers');
    const nats = await startNats({ dir: folder.path });
    const { url, user, password } = nats;
    const raw = await connect({ servers: url, user, pass: password });
    const manager = await raw.jetstreamManager();
    await manager.streams.add({
      name: 'EVENTS',
      subjects: ['jobs.event.*', 'more'],
      republish: { src: '>', dest: 'copied.>' },
    });
    await manager.streams.add({ name: 'SPY', sources: [{ name: 'EVENTS' }] });
    const told: unknown[] = [];
    const spying = Object.assign(Object.create(log) as typeof log, {
      error: (facts: unknown) => void told.push(facts),
    });
    const heard = Promise.withResolvers<void>();
    const bus = createBus({
      nats: { servers: [url], user, password },
      name: 'test',
      log: Object.assign(spying, { error: (facts: unknown) => (told.push(facts), heard.resolve()) }),
      makes: { environments: () => [] },
    });
    try {
      await bus.start();
      await within(bus.connected(AbortSignal.timeout(15_000)), 'the connection');
      const { config } = await manager.streams.info('EVENTS');
      expect(config.subjects).to.deep.equal(['jobs.event.*']);
      expect(config.republish).to.equal(undefined);
      expect(config.retention).to.equal('workqueue');
      await within(heard.promise, 'a word of the strangers');
      expect(told).to.deep.equal([{ strangers: ['stream SPY'] }]);
    } finally {
      await bus.stop();
      await raw.close();
      await nats.stop();
    }
  });
});
