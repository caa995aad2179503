/**
 * Fails every test file that leaves something behind: a socket, a timer, a process, or a container of its runners; every file in
 * which a job had a container that was not locked down as all of them are; and every test with a rejection that nobody handles.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Context, RootHookObject } from 'mocha';
import { systemCode } from '@capstan/shared/contract/errors';
import { leftoversOf, type Leftovers } from '../../scripts/parts/engine.ts';
import { TEST_PREFIX } from './node.ts';
import { watchProfiles, type ProfileWatch } from './runner/profile-watch.ts';

/** What a closed handle may need to be gone from the event loop. A test of this very file says that it need not wait so long. */
const SETTLE_LIMIT_MS = Number(process.env['CAPSTAN_TEST_SETTLE_MS'] ?? 10_000);
/** What is not gone after so many turns waits for something outside: others may have the processor meanwhile. */
const QUICK_TURNS = 100;
const PAUSE_MS = 20;
const HOOK_LIMIT_MS = 60_000;

/** Kinds of `process.getActiveResourcesInfo()` that keep a process alive when forgotten. */
const WATCHED = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'UDPWRAP',
  'PipeWrap',
  'PipeServerWrap',
  'ProcessWrap',
  'Timeout',
  'FSEventWrap',
  'Worker',
]);

type Counts = ReadonlyMap<string, number>;

// Mocha passes it on and goes on; what is thrown here fails the test that runs.
process.on('unhandledRejection', (reason) => {
  throw reason;
});

const watching: { profiles?: ProfileWatch | undefined } = {};

/** Mocha picks this name. */
export const mochaHooks: RootHookObject = {
  async beforeAll(this: Context) {
    const profiles = await watchProfiles((runnerId) => runnerId.startsWith(TEST_PREFIX));
    watching.profiles = profiles;
    // Mocha's own timer for a hook starts after its first turn: from then on all counts have it.
    await nextTurn();
    let before = activeResources();
    // A file's suites are the children of the root. A hook added now runs after the file's own.
    for (const suite of this.test?.parent?.suites ?? []) {
      suite.afterAll('leaves nothing behind', async function (this: Context) {
        this.timeout(HOOK_LIMIT_MS);
        const left = await settled(before);
        before = activeResources();
        const problems = [...left.map(([kind, count]) => `${count} ${kind}`), ...(await leftInEngine())];
        if (problems.length > 0) throw new Error(`${suite.title} left behind: ${problems.join(', ')}`);
        const open = (await profiles?.problems()) ?? [];
        if (open.length > 0) throw new Error(`jobs of ${suite.title} were not locked down: ${open.join('; ')}`);
      });
    }
  },
  async afterAll(this: Context) {
    await watching.profiles?.stop();
  },
};

function activeResources(): Counts {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** What there is more of than before, once nothing is or the time is over. Handles close over several turns of the event loop. */
async function settled(before: Counts): Promise<readonly (readonly [string, number])[]> {
  const limit = performance.now() + SETTLE_LIMIT_MS;
  for (let turns = 1; ; turns += 1) {
    await (turns <= QUICK_TURNS ? nextTurn() : pause(PAUSE_MS));
    const left = [...activeResources()]
      .map(([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const)
      .filter(([, count]) => count > 0);
    if (left.length === 0 || performance.now() > limit) return left;
  }
}

async function leftInEngine(): Promise<readonly string[]> {
  const { containers, volumes, networks } = await leftovers();
  return [
    ...(containers.length > 0 ? [`containers ${containers.join(' ')}`] : []),
    ...(volumes.length > 0 ? [`volumes ${volumes.join(' ')}`] : []),
    ...(networks.length > 0 ? [`networks ${networks.join(' ')}`] : []),
  ];
}

async function leftovers(): Promise<Leftovers> {
  try {
    return await leftoversOf((runnerId) => runnerId.startsWith(TEST_PREFIX));
  } catch (error) {
    // Unit tests run on machines without an engine, too.
    if (['ENOENT', 'ECONNREFUSED', 'EACCES'].includes(systemCode(error) ?? ''))
      return { containers: [], volumes: [], networks: [] };
    throw error;
  }
}
