/** Inspects every container that a job of these tests gets, as soon as it is there. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { systemCode } from '@capstan/shared/contract/errors';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { deviations, inspectContainer } from './profile.ts';

export interface ProfileWatch {
  /** What was wrong with those seen since the last question. */
  problems(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Resolves once the engine listens to us; undefined on a machine without one, where unit tests run as well. */
export async function watchProfiles(isOurs: (runnerId: string) => boolean): Promise<ProfileWatch | undefined> {
  const filters = encodeURIComponent(
    JSON.stringify({ type: ['container'], event: ['create'], label: ['capstan.runner'] }),
  );
  const asked = request({ socketPath: engineSocket(), path: `/events?filters=${filters}`, agent: false }).end();
  let stream: IncomingMessage;
  try {
    [stream] = (await once(asked, 'response')) as [IncomingMessage];
  } catch (error) {
    if (['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
  let seen: Promise<readonly string[]>[] = [];
  createInterface({ input: stream }).on('line', (line) => {
    const { id, Actor } = JSON.parse(line) as { id: string; Actor: { Attributes: Readonly<Record<string, string>> } };
    if (isOurs(Actor.Attributes['capstan.runner'] ?? '')) seen.push(problemsOf(id));
  });
  stream.on('error', () => undefined);

  return {
    async problems() {
      const inspecting = seen;
      seen = [];
      return (await Promise.all(inspecting)).flat();
    },
    async stop() {
      const closed = once(stream, 'close');
      stream.destroy();
      await closed;
    },
  };
}

/** One that is gone again was never started: it was replaced, or its job was dropped. */
async function problemsOf(id: string): Promise<readonly string[]> {
  try {
    const inspected = await inspectContainer(id);
    return inspected ? await deviations(inspected) : [];
  } catch (error) {
    return [`a container could not be inspected: ${String(error)}`];
  }
}
