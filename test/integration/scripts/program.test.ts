import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { startProgram } from '../../../scripts/parts/program.ts';
import { ROOT } from '../../../scripts/parts/service.ts';

const LIMIT_MS = 60_000;
/** Says its port and waits to be told to end. */
const LISTENER = `
const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log('port ' + server.address().port));
`;
const portIn = (line: string) => {
  const port = /port (\d+)/.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
};

const run = (code: string, inputType = 'commonjs') =>
  startProgram({
    name: 'a program',
    command: [process.execPath, `--input-type=${inputType}`, '-e', code],
    environment: process.env,
  });

describe('a program beside us', () => {
  it('is heard line by line, and tells how it ended', async () => {
    const program = await run(`console.log('one'); console.error('two'); process.exitCode = 7`);
    expect(await program.exited).to.deep.equal({ code: 7, signal: null });
    expect(program.lastLines()).to.have.members(['one', 'two']);
  });

  it('ends when it is asked to, and stopping it again is harmless', async () => {
    const program = await run(LISTENER);
    await program.until({ match: portIn, what: 'its port', limitMs: LIMIT_MS });
    expect(await program.stop()).to.deep.equal({ code: null, signal: 'SIGTERM' });
    expect(await program.stop()).to.deep.equal({ code: null, signal: 'SIGTERM' });
  });

  it('tells who waits for a line that it ended without it, and what it said', async () => {
    const program = await run(`console.log('bad luck'); process.exitCode = 1`);
    const waiting = program.until({ match: portIn, what: 'its port', limitMs: LIMIT_MS });
    const message = await waiting.catch((error: unknown) => String(error));
    expect(message).to.include('a program: ended with exit code 1, before its port').and.include('bad luck');
  });

  it('does not outlive a parent that is killed', async function () {
    if (process.platform !== 'linux') this.skip(); // only Linux tells a child of its parent's death
    const parent = await run(
      `import { startProgram } from ${JSON.stringify(join(ROOT, 'scripts', 'parts', 'program.ts'))};
       await startProgram({
         name: 'the child',
         command: [process.execPath, '-e', ${JSON.stringify(LISTENER)}],
         environment: process.env,
         onLine: (line) => console.log(line),
       });`,
      'module',
    );
    const port = await parent.until({ match: portIn, what: "its child's port", limitMs: LIMIT_MS });
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    // It may end with a reset.
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await parent.kill();
    // The child's end of the connection goes with the child.
    await closed;
  });
});
