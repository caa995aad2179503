/** Puts what a release has left behind where it was: its data folder, the broker, and its containers in the machine's engine. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { connect, headers as noHeaders } from 'nats';
import { askEngine, leftoversOf, removeLeftovers } from '../../../scripts/parts/engine.ts';
import { startNats } from '../../../scripts/parts/nats.ts';
import { makeCall } from '../recording-proxy.ts';
import { algorithmOf } from '../runner/names-in-engine.ts';
import type { Broker, Record } from './record.ts';

const DEMO_IMAGE = 'localhost/capstan/node-demo:24';

const folderOf = (release: string) => join(import.meta.dirname, release);

export async function readRecord(release: string): Promise<Record> {
  const zipped = await readFile(join(folderOf(release), 'record.json.gz'));
  return JSON.parse(gunzipSync(zipped).toString()) as Record;
}

/** Into `dataDir`, where NATS keeps its own in `nats`. What is left of the jobs in the engine goes when it is disposed of. */
export async function leaveBehind(release: string, record: Record, dataDir: string): Promise<AsyncDisposable> {
  await promisify(execFile)('tar', ['-xzf', join(folderOf(release), 'data.tar.gz'), '-C', dataDir]);
  await fillBroker(record.broker, join(dataDir, 'nats'));
  const clear = async () =>
    removeLeftovers(await leftoversOf((_id, environment) => environment === record.environment));
  // A run that was broken off may have left them.
  await clear();
  await makeCalls(record);
  return { [Symbol.asyncDispose]: clear };
}

/** With the messages made anew: those that are kept for days are gone from a store by the time that it is read. */
async function fillBroker({ streams }: Broker, dir: string): Promise<void> {
  const server = await startNats({ dir });
  const nats = await connect({ servers: `127.0.0.1:${server.port}`, user: server.user, pass: server.password });
  const manager = await nats.jetstreamManager();
  for (const { config, consumers, messages } of streams) {
    await manager.streams.add(config);
    for (const consumer of consumers) await manager.consumers.add(config.name, consumer);
    for (const { subject, headers, data } of messages) {
      const all = noHeaders();
      for (const [name, value] of Object.entries(headers)) all.set(name, value);
      await nats.jetstream().publish(subject, data, { headers: all });
    }
  }
  await nats.close();
  await server.stop();
}

async function makeCalls({ engine, image, jobs }: Record): Promise<void> {
  const { body } = await askEngine('GET', `/images/${DEMO_IMAGE}/json`);
  const { Id: ours } = JSON.parse(body) as { readonly Id: string };
  const here = (text: string) =>
    text.replaceAll(image, ours).replaceAll(encodeURIComponent(image), encodeURIComponent(ours));
  for (const call of engine) {
    const said = call.body === undefined ? {} : { body: here(call.body) };
    const status = await makeCall({ ...call, path: here(call.path), ...said });
    if (status >= 300) throw new Error(`the engine answered ${status} to ${call.method} ${call.path}`);
  }
  // It was told to finish, and has: by somebody else than its runner.
  const told = await algorithmOf(jobs.told);
  await askEngine('POST', `/containers/${told}/kill?signal=TERM`);
  await askEngine('POST', `/containers/${told}/wait?condition=not-running`);
}
