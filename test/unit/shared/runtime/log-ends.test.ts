import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../../../scripts/parts/service.ts';

const LIMIT_MS = 5_000;
/** Logs when it is told to, and ends. */
const LOGGER = `
import { createLog } from ${JSON.stringify(join(ROOT, 'shared/src/runtime/log.ts'))};
const log = createLog('test', 'info');
log.info('begun');
process.stdin.once('data', () => {
  for (let line = 0; line < 10; line += 1) log.info({ line }, 'going on');
  process.exit(0);
});
`;

describe('a process and its log', () => {
  // sonic-boom, under pino, tries for ever to flush what nobody can read any more if it writes asynchronously.
  it('ends though nobody reads what it says any more', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', LOGGER], { stdio: ['pipe', 'pipe', 'ignore'] });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    await once(child.stdout, 'close');
    const tooLong = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.stdin.write('go on\n');
    expect(await exited).to.deep.equal([0, null]);
    clearTimeout(tooLong);
    child.stdin.destroy();
  });

  it('has said everything when it ends', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', LOGGER], { stdio: ['pipe', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const closed = once(child, 'close');
    child.stdin.end('go on\n');
    await closed;
    expect(text.trim().split('\n')).to.have.length(11);
  });
});
