import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve } from 'node:path';
import { expect } from 'chai';

const root = resolve(import.meta.dirname, '../../../..');

interface Behaviour {
  /** JavaScript of the bodies of `start` and `stop`. */
  readonly start?: string;
  readonly stop?: string;
}

/** A process whose one service does as told, and says `up` when it has been asked to start. */
function processWith({ start = '', stop = '' }: Behaviour) {
  const script = `
    import { createLog } from '@capstan/shared/runtime/log';
    import { runUntilSignal } from '@capstan/shared/runtime/shutdown';
    const alive = setInterval(() => {}, 1000);
    let gate = Promise.withResolvers();
    await runUntilSignal({
      name: 'part',
      async start() { process.stdout.write('up\\n'); ${start} },
      async stop() { process.stdout.write('stop\\n'); ${stop} },
    }, createLog('part', 'silent'));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    line: async () => (await lines.next()).value,
    exited: once(child, 'exit').then(([code]) => code as number | null),
  };
}

describe('a process that runs until a signal', () => {
  it('stops its service on SIGTERM and exits 0', async () => {
    const child = processWith({});
    expect(await child.line()).to.equal('up');
    child.kill('SIGTERM');
    expect(await child.line()).to.equal('stop');
    expect(await child.exited).to.equal(0);
  });

  it('does so on SIGINT too', async () => {
    const child = processWith({});
    await child.line();
    child.kill('SIGINT');
    expect(await child.exited).to.equal(0);
  });

  it('exits 1 if the service does not stop cleanly', async () => {
    const child = processWith({ stop: `throw new Error('stuck');` });
    await child.line();
    child.kill('SIGTERM');
    expect(await child.exited).to.equal(1);
  });

  it('exits 1 if the service does not start', async () => {
    expect(await processWith({ start: `throw new Error('port in use');` }).exited).to.equal(1);
  });

  it('exits at once on a second signal', async () => {
    const child = processWith({ stop: 'await new Promise(() => {});' });
    await child.line();
    child.kill('SIGTERM');
    expect(await child.line()).to.equal('stop');
    child.kill('SIGTERM');
    expect(await child.exited).to.equal(1);
  });

  it('exits 0 when it is stopped while it starts, also if the start fails of it', async () => {
    const child = processWith({
      start: 'await gate.promise;',
      stop: `gate.reject(new Error('aborted')); await new Promise((done) => setTimeout(done, 50));`,
    });
    await child.line();
    child.kill('SIGTERM');
    expect(await child.exited).to.equal(0);
  });
});
