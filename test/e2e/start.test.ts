import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { createConsumer, freeOrder } from '../../scripts/parts/consumer.ts';
import { leftoversOf, removeLeftovers } from '../../scripts/parts/engine.ts';
import { withoutSettings } from '../../scripts/parts/node.ts';
import { startProgram } from '../../scripts/parts/program.ts';
import { parseEntry, ROOT } from '../../scripts/parts/service.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { NODE_CONTAINER, TEST_PREFIX } from '../support/node.ts';

const LIMIT_MS = 60_000;

/** A person's own folder with a capstan.yaml, and the commands they type there. */
const aWorkplace = async () => {
  await using releases = new AsyncDisposableStack();
  const folder = releases.use(await temporaryFolder('test'));
  const environment = TEST_PREFIX + randomBytes(4).toString('hex');
  releases.defer(async () => removeLeftovers(await leftoversOf((runnerId) => runnerId === environment)));
  await writeFile(
    join(folder.path, 'capstan.yaml'),
    `gateway: { port: 0 }\nrunner:\n  id: ${environment}\n  images: { local: [${NODE_CONTAINER.image}] }\n  environments: [{ id: ${environment} }]\n`,
  );
  const type = (script: string, ...words: readonly string[]) =>
    startProgram({
      name: script,
      command: [process.execPath, join(ROOT, 'scripts', script), ...words],
      environment: { ...withoutSettings(process.env), INIT_CWD: folder.path },
      workingDir: folder.path,
    });
  const kept = releases.move();
  return { path: folder.path, environment, type, [Symbol.asyncDispose]: () => kept.disposeAsync() };
};

describe('npm start', () => {
  it('runs a node by capstan.yaml that computes on what the catalogue command adds, and ends with 0', async () => {
    await using workplace = await aWorkplace();
    const node = await workplace.type('start.ts', '--json');
    const started = await node.until({
      match: (line) => (parseEntry(line)?.msg === 'started' ? parseEntry(line) : undefined),
      what: '"started"',
      limitMs: LIMIT_MS,
    });
    expect(started).to.include({ dataDir: join(workplace.path, 'var') });
    await node.until({
      match: (line) => line.includes('a runner has come') || undefined,
      what: 'a runner',
      limitMs: LIMIT_MS,
    });

    await writeFile(join(workplace.path, 'numbers.txt'), '1 2 3');
    const adding = await workplace.type('catalogue.ts', 'add', 'numbers.txt', '--allow-raw', '--json');
    expect(await adding.exited).to.deep.equal({ code: 0, signal: null });
    const added = JSON.parse(adding.lastLines(1)[0] ?? '') as { did: string; serviceId: string };

    const consumer = createConsumer(String(started['url']));
    await using live = await consumer.follow();
    const { jobId } = await consumer.start({
      environment: workplace.environment,
      dataset: { documentId: added.did, serviceId: added.serviceId, transferTxId: freeOrder() },
      algorithm: { meta: { rawcode: `console.log('hello')`, container: NODE_CONTAINER } },
    });
    expect((await live.ended(jobId)).status).to.equal(70);
    await live.close();

    expect(await node.stop()).to.deep.equal({ code: 0, signal: null });
  });

  it('names what is wrong with the settings, and ends with 1', async () => {
    await using workplace = await aWorkplace();
    await writeFile(join(workplace.path, 'capstan.yaml'), 'gateway: { port: high, colour: red }\n');
    const node = await workplace.type('start.ts');
    expect(await node.exited).to.deep.equal({ code: 1, signal: null });
    const text = node.lastLines().join('\n');
    expect(text)
      .to.match(/gateway\.port: .*whole number.*"high"/)
      .and.match(/gateway\.colour: .*not known/);
  });

  it('ends at once when it is asked to while it still waits for an engine', async () => {
    await using workplace = await aWorkplace();
    await writeFile(
      join(workplace.path, 'capstan.yaml'),
      'gateway: { port: 0 }\nrunner: { dockerSocket: /nowhere/docker.sock }\n',
    );
    const node = await workplace.type('start.ts', '--json');
    await node.until({
      match: (line) => line.includes('the container engine does not answer') || undefined,
      what: 'a runner without an engine',
      limitMs: LIMIT_MS,
    });
    expect(await node.stop()).to.deep.equal({ code: 0, signal: null });
    expect(node.lastLines(1)).to.deep.equal(['Stopped before the node had started.']);
  });

  it('says of a data folder that is a file what it is', async () => {
    await using workplace = await aWorkplace();
    await writeFile(join(workplace.path, 'var'), '');
    for (const [script, ...words] of [['start.ts'], ['catalogue.ts', 'list'], ['backup.ts', '.']] as const) {
      const command = await workplace.type(script, ...words);
      expect(await command.exited).to.deep.equal({ code: 1, signal: null });
      expect(command.lastLines()).to.deep.equal([`dataDir is ${join(workplace.path, 'var')}, which is no folder.`]);
    }
  });

  it('makes no backup of a folder that no node has run in, and no store there', async () => {
    await using workplace = await aWorkplace();
    const backup = await workplace.type('backup.ts', 'backups');
    expect(await backup.exited).to.deep.equal({ code: 1, signal: null });
    expect(backup.lastLines().join('\n')).to.match(/^No node has run in .*var: there is nothing to back up/);
    const left = await readdir(workplace.path, { recursive: true });
    expect(left.toSorted()).to.deep.equal(['backups', 'capstan.yaml']);

    const onto = await workplace.type('backup.ts', 'capstan.yaml');
    expect(await onto.exited).to.deep.equal({ code: 1, signal: null });
    expect(onto.lastLines().join('\n')).to.match(/capstan\.yaml is not a folder/);
  });
});
