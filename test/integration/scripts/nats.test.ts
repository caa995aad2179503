import { expect } from 'chai';
import { connect } from 'nats';
import { startNats, wipeNats, type Nats } from '../../../scripts/parts/nats.ts';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const streamsOf = async ({ url, user, password }: Nats) => {
  const connection = await connect({ servers: url, user, pass: password });
  try {
    const manager = await connection.jetstreamManager();
    const names: string[] = [];
    for await (const { config } of manager.streams.list()) names.push(config.name);
    return names;
  } finally {
    await connection.close();
  }
};
const addStream = async ({ url, user, password }: Nats) => {
  const connection = await connect({ servers: url, user, pass: password });
  await (await connection.jetstreamManager()).streams.add({ name: 'KEPT', subjects: ['kept'] });
  await connection.close();
};

describe("the node's own NATS", () => {
  it('comes back where it was, with what it kept, unless its disk was lost', async () => {
    await using folder = await temporaryFolder('test');
    const dir = folder.path;
    const first = await startNats({ dir });
    await addStream(first);
    await first.kill();

    const second = await startNats({ dir, access: first });
    expect(second.url).to.equal(first.url);
    expect(await streamsOf(second)).to.deep.equal(['KEPT']);
    await second.kill();
    await wipeNats(dir);

    const third = await startNats({ dir, access: first });
    expect(await streamsOf(third)).to.deep.equal([]);
    await third.stop();
  });

  it('lets nobody in without the password', async () => {
    await using folder = await temporaryFolder('test');
    const nats = await startNats({ dir: folder.path });
    const problem = await connect({ servers: nats.url, reconnect: false }).then(
      () => 'it let us in',
      (error: unknown) => String(error),
    );
    expect(problem).to.match(/authorization/i);
    await nats.stop();
  });
});
