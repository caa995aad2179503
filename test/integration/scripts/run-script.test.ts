import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../../scripts/parts/temporary-folder.ts';

const RUN_SCRIPT = pathToFileURL(join(import.meta.dirname, '../../../scripts/bootstrap/run-script.mjs')).href;
/** Longer than it takes to notice that a parent is gone. */
const TICKS = 15;
const SCRIPT = `
let ticks = 0;
console.log('pid', process.ppid);
setInterval(() => console.log('tick', (ticks += 1)), 200);
process.on('SIGTERM', () => { console.log('told to end'); process.exit(); });
`;

/** Starts the script from a shell, kills the shell, and resolves to what is heard then: ticks, or that it was told to end. */
async function withoutParent(environment: NodeJS.ProcessEnv): Promise<'goes on' | 'told to end'> {
  await using folder = await temporaryFolder('run-script');
  const script = join(folder.path, 'script.mjs');
  const wrapper = join(folder.path, 'wrapper.mjs');
  await writeFile(script, SCRIPT);
  await writeFile(
    wrapper,
    `import { runScript } from '${RUN_SCRIPT}';
     await runScript({ node: process.execPath, script: '${script}', args: [], root: '${folder.path}' });`,
  );
  const shell = spawn('sh', ['-c', '"$0" "$1" & wait', process.execPath, wrapper], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let wrapperPid: number | undefined;
  let ticks = 0;
  let heard: 'goes on' | 'told to end' = 'goes on';
  for await (const line of createInterface(shell.stdout)) {
    const [what, number] = line.split(' ');
    if (what === 'pid') {
      wrapperPid = Number(number);
      shell.kill('SIGKILL');
      await once(shell, 'exit');
    }
    if (what === 'told') heard = 'told to end';
    if (what === 'tick') ticks += 1;
    if (ticks === TICKS || heard === 'told to end') break;
  }
  // Whatever became of it, it ends with this.
  if (wrapperPid !== undefined && heard === 'goes on') process.kill(wrapperPid, 'SIGTERM');
  return heard;
}

describe('a command whose parent is gone', () => {
  const { npm_lifecycle_event: _, ...environment } = process.env;

  it('ends under npm: whoever kills npm means the node', async () => {
    expect(await withoutParent({ ...environment, npm_lifecycle_event: 'start' })).to.equal('told to end');
  });

  it('goes on without npm: a shell or a service manager may go', async () => {
    expect(await withoutParent(environment)).to.equal('goes on');
  });
});
