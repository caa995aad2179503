/** The example of docs/live.md, as it stands there, against a real node. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Wallet } from 'ethers';
import { expect } from 'chai';
import { createConsumer } from '../../scripts/parts/consumer.ts';
import { ROOT } from '../../scripts/parts/service.ts';
import { createCaller } from '../support/gateway/caller.ts';
import { startTestNode } from '../support/node.ts';

const LIMIT_MS = 60_000;

describe('the example of following a job from code', () => {
  it('prints its statuses and its log', async () => {
    const page = await readFile(join(ROOT, 'docs', 'live.md'), 'utf8');
    const [, code = ''] =
      [...page.matchAll(/```js\n([^]*?)```/g)].find(([, each]) => each?.includes('/client/connect')) ?? [];
    await using node = await startTestNode();
    const wallet = new Wallet(Wallet.createRandom().privateKey);
    const consumer = createConsumer(node.url, wallet);
    const dataset = await node.addDataset({ isRawAllowed: true });
    const follow = (id: string) =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
        cwd: ROOT,
        env: { ...process.env, NODE_URL: node.url, TOKEN: token, JOB_ID: id },
        timeout: LIMIT_MS,
      });
    const { token } = (await createCaller(() => node.url, wallet).createToken()).json() as { token: string };
    const { jobId } = await consumer.start(node.rawOrderOf(dataset, `console.log('hello from the algorithm')`));
    const { stdout } = await follow(jobId);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(0, 2)).to.deep.equal(['Warming up', 'Job started']);
    expect(lines.slice(-2)).to.deep.equal(['Job completed', 'hello from the algorithm']);

    const failing = await consumer.start(node.rawOrderOf(dataset, `console.log('not today'); process.exit(3)`));
    const { stdout: told } = await follow(failing.jobId);
    expect(told.trimEnd().split('\n').at(-1)).to.equal('not today');
  });
});
