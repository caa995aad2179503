/** Commands of README and docs that no other test runs, as they stand there; `test/support/fenced.ts` lists who runs which. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { withoutSettings } from '../../scripts/parts/node.ts';
import { ROOT } from '../../scripts/parts/service.ts';
import { temporaryFolder } from '../../scripts/parts/temporary-folder.ts';
import { fencedShell } from '../support/fenced.ts';
import { startTestNode, type TestNode } from '../support/node.ts';

const LIMIT_S = '60';

/** The command of a page that begins like this, alone, with the remark that stands behind it. */
function commandOf(page: string, begins: string): string {
  const found = fencedShell(page)
    .flatMap((body) => body.split('\n'))
    .find((line) => line.startsWith(begins));
  if (found === undefined) throw new Error(`${page} shows no command that begins with ${begins}`);
  return found;
}

interface Typed {
  readonly code: number | null;
  readonly output: string;
  readonly problem: string;
}

async function type(command: string, variables: NodeJS.ProcessEnv): Promise<Typed> {
  const shell = spawn('timeout', [LIMIT_S, 'bash', '-euc', command], {
    cwd: ROOT,
    env: { ...withoutSettings(process.env), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, problem] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')]);
  return { code: shell.exitCode, output, problem };
}

describe('a command of the docs', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let variables: NodeJS.ProcessEnv;
  beforeEach(async () => {
    folder = await temporaryFolder('docs');
    variables = { CAPSTAN_DATA_DIR: join(folder.path, 'var') };
  });
  afterEach(() => folder[Symbol.asyncDispose]());

  it('in README.md offers a file that everybody has', async () => {
    const { code, output, problem } = await type(commandOf('README.md', 'npm run catalogue -- add'), variables);
    expect(code, problem).to.equal(0);
    expect(output).to.match(/did:op:[0-9a-f]{64}/);
  });

  it('in docs/orders.md offers one that has tokens on a chain', async () => {
    const address = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';
    const command = commandOf('docs/orders.md', 'npm run catalogue -- add').replaceAll('0x…', address);
    const { code, output, problem } = await type(command, variables);
    expect(code, problem).to.equal(0);
    expect(output).to.match(/did:op:[0-9a-f]{64}/);
  });

  it('in docs/results.md makes a key, and says what the order names', async () => {
    const [body = ''] = fencedShell('docs/results.md');
    // What the last line opens is a result of a job: test/e2e/sealed-results.test.ts has one.
    const lines = body.trimEnd().split('\n');
    expect(lines.at(-1)).to.match(/^npm run -s decrypt -- table\.csv\.sealed table\.csv/);
    const { code, output, problem } = await type(lines.slice(0, -1).join('\n'), variables);
    expect(code, problem).to.equal(0);
    expect(output.trim()).to.match(/^(0x)?0[23][0-9a-f]{64}$/);
  });
});

describe('a command of docs/live.md', () => {
  let node: TestNode;
  let variables: NodeJS.ProcessEnv;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder('docs');
    node = await startTestNode();
    const dataset = await node.addDataset({ isRawAllowed: true });
    await using live = await node.consumer.follow();
    const { jobId } = await node.consumer.start(node.rawOrderOf(dataset, `console.log('done')`));
    await live.ended(jobId);
    variables = { NODE: node.url, JOB: jobId };
  });
  after(async () => {
    await node[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it('shows the history of a job, and ends', async () => {
    const command = fencedShell('docs/live.md')
      .flatMap((body) => body.split('\n'))
      .find((line) => line.startsWith('curl') && line.includes('follow=false'));
    const { code, output, problem } = await type(command ?? 'exit 99', variables);
    expect(code, problem).to.equal(0);
    expect(output)
      .to.match(/^event: event$/m)
      .and.to.match(/"statusText":"Job completed"/);
  });

  for (const begins of ['curl -N "$NODE', "curl -N -H 'Last-Event-ID"]) {
    it(`shows what happens until it is stopped: ${begins}…`, async () => {
      // Whoever has read enough stops it, as Ctrl-C would.
      const command = commandOf('docs/live.md', begins).replace(/\s+# .*/, '');
      const { output } = await type(
        `exec 3< <(exec ${command} 2>/dev/null); grep -m 1 '^data: ' <&3; kill $!`,
        variables,
      );
      expect(output).to.match(/^data: \{"type":/);
    });
  }

  it('tells over a WebSocket all that happened to the jobs of an owner', async () => {
    const script = (fencedShell('docs/live.md').find((body) => body.includes('new WebSocket')) ?? 'exit 99').trim();
    const command = script.replace('0x…', node.consumer.address);
    // It goes on until somebody stops it.
    const { output } = await type(
      `exec 3< <(exec env ${command} 2>&1); grep -m 1 'Job completed' <&3; kill $!`,
      variables,
    );
    expect(output).to.match(/^\{"type":"event",.*"statusText":"Job completed"/);
  });

  it('polls for the next event, from the cursor on', async () => {
    const loop = fencedShell('docs/live.md').find((body) => body.includes('while true')) ?? 'exit 99';
    // The loop goes round by itself for ever: once is enough, and not for a minute.
    const turn = loop
      .replace('while true', 'for _ in 1')
      .replace('waitFor=60', 'waitFor=1')
      .replaceAll('-D headers', `-D ${folder.path}/headers`)
      .replace(' headers)', ` ${folder.path}/headers)`);
    await writeFile(join(folder.path, 'loop.sh'), `${turn}echo "cursor $CURSOR"\n`);
    const { code, output, problem } = await type(`. ${folder.path}/loop.sh`, variables);
    expect(code, problem).to.equal(0);
    expect(output).to.match(/cursor \d+$/m);
  });
});
