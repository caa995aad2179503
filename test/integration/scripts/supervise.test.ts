import { expect } from 'chai';
import { createMailbox } from '../../../scripts/parts/mailbox.ts';
import { startProgram, type Program } from '../../../scripts/parts/program.ts';
import { supervise } from '../../../scripts/start/supervise.ts';

const LIMIT_MS = 60_000;

const aPart = (code: string) => {
  const started: Program[] = [];
  const said = createMailbox<string>({ name: 'the supervisor', keep: 100, show: (text) => text });
  const service = supervise({
    name: 'a part',
    async start() {
      const program = await startProgram({
        name: 'a part',
        command: [process.execPath, '-e', code],
        environment: process.env,
      });
      await program.until({ match: (line) => line === 'ready' || undefined, what: 'ready', limitMs: LIMIT_MS });
      started.push(program);
      return program;
    },
    warn: said.put,
  });
  return { service, started, said };
};
const LIVES = `console.log('ready'); setInterval(() => {}, 1000)`;

describe('a supervised part', () => {
  it('is started again when it dies, and says so', async () => {
    const { service, started, said } = aPart(LIVES);
    await service.start();
    await started[0]?.kill();
    await said.first({ match: (text) => text === 'a part is back' || undefined, what: 'return', limitMs: LIMIT_MS });
    expect(said.items()[0]).to.equal('a part ended (SIGKILL), starting it again in 0.5 s');
    expect(started).to.have.length(2);
    await service.stop();
    expect((await started[1]?.exited)?.signal).to.equal('SIGTERM');
  });

  it('stays down when it is stopped, even while it waits to come back', async () => {
    const { service, started, said } = aPart(LIVES);
    await service.start();
    await started[0]?.kill();
    await said.first({ match: (text) => text.includes('ended') || undefined, what: 'end', limitMs: LIMIT_MS });
    await service.stop();
    expect(started).to.have.length(1);
  });

  it('that can not even start is not tried again', async () => {
    const { service, started } = aPart(`process.exitCode = 1`);
    const problem = await service.start().catch((error: unknown) => String(error));
    expect(problem).to.include('ended with exit code 1, before ready');
    expect(started).to.have.length(0);
    await service.stop();
  });
});
