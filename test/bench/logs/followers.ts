/** Followers of one log, in a process of their own, which check every line that they are told. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Following {
  readonly url: string;
  readonly token: string;
  readonly jobId: string;
  readonly count: number;
  readonly lineBytes: number;
}

export interface Followed {
  /** Of each. */
  readonly bytes: readonly number[];
  /** From the first piece that anybody had to the last one that everybody had. */
  readonly elapsedMs: number;
  /** Of the processor, milliseconds, of all of them together. */
  readonly busyMs: number;
  readonly problems: readonly string[];
}

/** Resolves when the log has ended for all of them. */
export async function followTogether(following: Following): Promise<Followed> {
  const program = fork(join(import.meta.dirname, 'follower-program.ts'), { stdio: 'inherit' });
  await once(program, 'spawn');
  program.send(following);
  const [followed] = (await once(program, 'message')) as [Followed];
  program.disconnect();
  return followed;
}
