import { expect } from 'chai';
import { connect } from 'nats';
import type { TSchema } from 'typebox';
import { ManifestSchema } from '@capstan/shared/results/manifest';
import * as messages from '@capstan/shared/contract/messages';
import { ProgressSchema } from '@capstan/shared/contract/progress';
import { compileStrict } from '@capstan/shared/schema/validate';
import { assetOrder, catalogueIn, DEMO_IMAGE_ALLOWED } from '../../../scripts/demo/assets.ts';
import { createConsumer, type Consumer } from '../../../scripts/parts/consumer.ts';
import { askEngine, leftoversOf } from '../../../scripts/parts/engine.ts';
import { startNode, type LocalNode } from '../../../scripts/parts/node.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';
import { watchEngine, type EngineEvents } from '../../support/engine-events.ts';
import { NODE_CONTAINER } from '../../support/node.ts';
import { leaveBehind, readRecord } from '../../support/releases/left-behind.ts';
import type { Record, SaidMessage } from '../../support/releases/record.ts';
import { algorithmOf } from '../../support/runner/names-in-engine.ts';

const SCHEMAS: Readonly<{ [name: string]: TSchema }> = { ...messages, ManifestSchema, ProgressSchema };

/** The schema of what is said on a subject; undefined where no release has had one. */
function schemaNameOf(subject: string): string | undefined {
  if (subject.startsWith('$KV.started.lease-')) return 'LeaseSchema';
  const [kind = '', name = ''] = subject.replace(/^\$KV\./, '').split('.');
  const known = {
    start: 'StartCommandSchema',
    event: 'JobEventSchema',
    progress: 'ProgressSchema',
  } as const satisfies { [name: string]: string };
  if (kind === 'jobs') return known[name as keyof typeof known];
  if (kind === 'desired') return 'DesiredSchema';
  if (kind === 'started') return 'StartedSchema';
  return subject.endsWith('.announce') ? 'AnnouncementSchema' : undefined;
}

/** The names of those that were read. */
function readAll(said: readonly SaidMessage[], schemas: Readonly<{ [name: string]: unknown }>): ReadonlySet<string> {
  const read = new Set<string>();
  for (const { subject, data } of said) {
    const name = schemaNameOf(subject);
    const schema = name === undefined ? undefined : schemas[name];
    if (name === undefined || schema === undefined) continue;
    const before: unknown = JSON.parse(data);
    const value = compileStrict(`${subject} ${data}`, schema as TSchema)(JSON.parse(data));
    expect(value).to.deep.include(before);
    read.add(name);
  }
  return read;
}

/** All that is said on a broker from now on. */
async function listenTo(node: LocalNode) {
  const { port, user, password } = node.nats();
  const nats = await connect({ servers: `127.0.0.1:${port}`, user, pass: password });
  const said: SaidMessage[] = [];
  nats.subscribe('>', {
    callback: (_error, { subject, data }) => void said.push({ subject, data: Buffer.from(data).toString() }),
  });
  await nats.flush();
  return { said, [Symbol.asyncDispose]: () => nats.close() };
}

/** Each as `test/by-hand/record-release.ts` has recorded it. */
const RELEASES = ['b1b713d', 'f99920f'];

for (const release of RELEASES)
  describe(`what the release ${release} left behind, killed with jobs at 20, 40 and 60`, () => {
    let record: Record;
    let engine: EngineEvents;
    let node: LocalNode;
    let consumer: Consumer;
    const releases = new AsyncDisposableStack();

    before(async () => {
      record = await readRecord(release);
      const folder = releases.use(await temporaryFolder('upgrade'));
      engine = releases.use(await watchEngine());
      releases.use(await leaveBehind(release, record, folder.path));
      node = releases.use(
        await startNode({
          dataDir: folder.path,
          variables: {
            ...DEMO_IMAGE_ALLOWED,
            CAPSTAN_RUNNER_ENVIRONMENTS: JSON.stringify([{ id: record.environment, maxJobs: 4 }]),
          },
          ...(process.env.SHOW_LOGS ? { onLine: (part, line) => console.error(`${part}: ${line}`) } : {}),
        }),
      );
      consumer = createConsumer(node.url, { privateKey: record.consumerKey });
    });
    after(() => releases.disposeAsync());

    const ended = async (jobId: string) => {
      await using live = await consumer.follow({ jobId });
      const [now] = live.snapshot.jobs;
      return now !== undefined && now.dateFinished !== null ? now : (await live.ended(jobId)).job;
    };
    const answerOf = async (jobId: string) => {
      const job = await ended(jobId);
      const index = job.results.find(({ filename }) => filename === 'answer.txt')?.index ?? -1;
      return [job.status, await (await consumer.result(jobId, index)).text()];
    };
    const isClearedAway = async (jobId: string) => {
      await engine.untilGone(jobId);
      return engine.starts(jobId) === 1;
    };

    it('a job that ran runs on, and its end is told', async () => {
      const [{ status } = { status: 0 }] = await consumer.status({
        jobId: record.jobs.running,
        consumerAddress: consumer.address,
      });
      expect(status).to.equal(40);
      await askEngine('POST', `/containers/${await algorithmOf(record.jobs.running)}/kill?signal=TERM`);
      expect(await answerOf(record.jobs.running)).to.deep.equal([70, '42\n']);
      expect(await isClearedAway(record.jobs.running)).to.equal(true);
    });

    it('one whose results were being published has them', async () => {
      expect(await answerOf(record.jobs.publishing)).to.deep.equal([70, '42\n']);
      expect(await isClearedAway(record.jobs.publishing)).to.equal(true);
    });

    it('one that was being prepared is prepared anew, from the command of before, and started once', async () => {
      expect(await answerOf(record.jobs.provisioning)).to.deep.equal([70, '42\n']);
      expect(await isClearedAway(record.jobs.provisioning)).to.equal(true);
    });

    it('one whose last events waited on the broker has ended as they say', async () => {
      expect(await answerOf(record.jobs.told)).to.deep.equal([70, '42\n']);
      expect(await isClearedAway(record.jobs.told)).to.equal(true);
    });

    it('nothing else of it is left in the engine', async () => {
      const left = await leftoversOf((_id, environment) => environment === record.environment);
      expect(left).to.deep.equal({ containers: [], volumes: [], networks: [] });
    });

    it('what gateway and runner of that release said is read by those of this one', () => {
      const read = readAll(record.said, SCHEMAS);
      expect(read).to.include.all.keys('StartCommandSchema', 'JobEventSchema', 'StartedSchema', 'AnnouncementSchema');
    });

    it('what those of this one say is read by gateway and runner of that release', async () => {
      await using bus = await listenTo(node);
      const catalogue = await catalogueIn(node.dataDir);
      const [dataset] = (await catalogue.list()).ddos;
      if (!dataset) throw new Error('the release before left no dataset');
      const { jobId } = await consumer.start({
        environment: record.environment,
        dataset: assetOrder(dataset),
        algorithm: {
          meta: {
            rawcode: 'echo 42 > /data/outputs/answer.txt',
            container: { ...NODE_CONTAINER, entrypoint: 'sh $ALGO' },
          },
        },
      });
      expect(await answerOf(jobId)).to.deep.equal([70, '42\n']);
      const read = readAll(bus.said, record.schemas);
      expect(read).to.include.all.keys(
        'StartCommandSchema',
        'DesiredSchema',
        'StartedSchema',
        'JobEventSchema',
        'AnnouncementSchema',
      );
      await engine.untilGone(jobId);
    });
  });
