import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import type { JobId } from '@capstan/shared/contract/ids';
import { nodeKeyFrom } from '@capstan/shared/crypto/node-key';
import { publicKeyOf } from '@capstan/shared/crypto/seal';
import { unsealFile } from '@capstan/shared/crypto/sealed-file';
import { startScene, type Scene } from '../../support/runner/scene.ts';

const consumer = nodeKeyFrom('43'.repeat(32));
const SECRET = {
  rawcode: 'echo a result > /data/outputs/result; echo a log; sleep $(cat /data/inputs/algoCustomData.json)',
  container: { entrypoint: 'sh $ALGO' },
  output: { encryptTo: publicKeyOf(consumer) },
};

const bytesOf = async (scene: Scene, jobId: JobId, filename: string) => {
  const file = (await scene.manifest(jobId)).files.find((each) => each.filename === filename);
  return readFile(join(scene.dataDir, 'results', jobId, '1', 'files', String(file?.index)));
};

describe('results that a job wants encrypted', () => {
  const expectSealed = async (scene: Scene, jobId: JobId) => {
    expect((await scene.until(jobId, 'end')).code).to.equal(70);
    const { files } = await scene.manifest(jobId);
    expect(files.map(({ filename }) => filename)).to.deep.equal(['result.sealed', 'algorithm.log.sealed']);
    const contents = await Promise.all(files.map(({ filename }) => bytesOf(scene, jobId, filename)));
    expect(contents.map((content) => content.length)).to.deep.equal(files.map(({ filesize }) => filesize));
    expect(Buffer.concat(contents).includes('a result')).to.equal(false);
    const opened = contents.map((content) => text(unsealFile(consumer, Readable.from([content]))));
    expect(await Promise.all(opened)).to.deep.equal(['a result\n', 'a log\n']);
  };

  it('are readable with its key alone', async () => {
    await using scene = await startScene();
    await expectSealed(scene, await scene.start({ ...SECRET, algocustomdata: 0 }));
  });

  it('are so too when the runner is killed and its command never comes again', async () => {
    await using scene = await startScene();
    const jobId = await scene.start({ ...SECRET, algocustomdata: 2 });
    await scene.until(jobId, 40);
    await scene.runner().kill();
    await scene.wipeNats();
    await scene.restartRunner();
    await expectSealed(scene, jobId);
  });
});
