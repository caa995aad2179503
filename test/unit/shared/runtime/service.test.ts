import { serviceGroup, type Service } from '@capstan/shared/runtime/service';
import { expect } from 'chai';

interface Behaviour {
  readonly start?: () => Promise<void>;
  readonly stop?: () => Promise<void>;
}

function part(name: string, calls: string[], { start, stop }: Behaviour = {}): Service {
  return {
    name,
    async start() {
      calls.push(`start ${name}`);
      await start?.();
    },
    async stop() {
      calls.push(`stop ${name}`);
      await stop?.();
    },
  };
}

const fails = (text: string) => () => Promise.reject(new Error(text));

async function failure(promise: Promise<void>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'no failure';
}

describe('a group of services', () => {
  it('starts in order and stops in reverse', async () => {
    const calls: string[] = [];
    const group = serviceGroup([part('a', calls), part('b', calls)]);
    await group.start();
    await group.stop();
    expect(calls).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
    expect(group.name).to.equal('a, b');
  });

  it('may be stopped twice, and before its start', async () => {
    const calls: string[] = [];
    const group = serviceGroup([part('a', calls)]);
    await group.stop();
    await group.start();
    await group.stop();
    await group.stop();
    expect(calls).to.deep.equal(['start a', 'stop a']);
  });

  it('stops what runs if one does not start, and fails with its error', async () => {
    const calls: string[] = [];
    const broken = part('b', calls, { start: fails('port in use') });
    const group = serviceGroup([part('a', calls, { stop: fails('and this too') }), broken, part('c', calls)]);
    expect(await failure(group.start())).to.equal('port in use');
    expect(calls).to.deep.equal(['start a', 'start b', 'stop a']);
  });

  it('stops the others if one does not stop, and still says so', async () => {
    const calls: string[] = [];
    const group = serviceGroup([part('a', calls), part('b', calls, { stop: fails('stuck') }), part('c', calls)]);
    await group.start();
    expect(await failure(group.stop())).to.contain('b: stuck');
    expect(calls.slice(3)).to.deep.equal(['stop c', 'stop b', 'stop a']);
  });

  it('that is stopped while it starts starts nothing more and leaves nothing running', async () => {
    const calls: string[] = [];
    let stopping: Promise<void> | undefined;
    const stopMeanwhile = () => {
      stopping = group.stop();
      return stopping;
    };
    const group = serviceGroup([part('a', calls), part('b', calls, { start: stopMeanwhile }), part('c', calls)]);
    await group.start();
    await stopping;
    expect(calls).to.deep.equal(['start a', 'start b', 'stop a', 'stop b']);
  });
});
