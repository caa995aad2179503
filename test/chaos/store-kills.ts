/** Kills a process that commits, again and again, and looks each time whether the store is whole and has all that it said it had. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { JobId } from '@capstan/shared/contract/ids';
import { openStore } from '../../services/gateway/src/store/store.ts';

export interface KillCounts {
  readonly kills: number;
  /** Jobs that the writer said were on the disk. */
  readonly acknowledged: number;
  /** Of those, how many the store did not have afterwards. */
  readonly lost: readonly string[];
}

interface Kills {
  readonly dir: string;
  readonly times: number;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly onKill?: (counts: { readonly kills: number; readonly acknowledged: number }) => void;
  readonly signal: AbortSignal;
}

/** The writer is killed once it has said between 1 and this many jobs: in the middle of a commit or a checkpoint, as it happens. */
const MOST_LINES = 120;

export async function killDuringCommits({ dir, times, random, onKill, signal }: Kills): Promise<KillCounts> {
  const path = join(dir, 'capstan.db');
  const acknowledged: JobId[] = [];
  const lost = new Set<string>();
  for (let kills = 1; kills <= times; kills++) {
    const said = await writeUntilKilled(path, 1 + Math.floor(random() * MOST_LINES), signal);
    acknowledged.push(...said);
    // Opening it checks its integrity, and throws if that fails.
    const store = openStore(path);
    for (const jobId of said) if (!store.jobs.find(jobId)) lost.add(jobId);
    store.close();
    onKill?.({ kills, acknowledged: acknowledged.length });
  }
  const store = openStore(path);
  for (const jobId of acknowledged) if (!store.jobs.find(jobId)) lost.add(jobId);
  store.close();
  return { kills: times, acknowledged: acknowledged.length, lost: [...lost] };
}

/** Resolves to all that it said before it died. */
async function writeUntilKilled(path: string, lines: number, signal: AbortSignal): Promise<readonly JobId[]> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'store-writer.ts'), path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const complaints = text(writer.stderr);
  let said = '';
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
    if (said.split('\n').length > lines) writer.kill('SIGKILL');
  });
  const [code] = (await once(writer, 'close')) as [number | null];
  if (code !== null) throw new Error(`The writer ended by itself with ${code}: ${await complaints}`);
  // What follows the last line end was cut off by the kill.
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' ')[0] as JobId);
}
