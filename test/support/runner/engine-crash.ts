/** Ends a private engine the hard way, as power cuts and crashes do, and waits until what was killed is gone. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { systemCode } from '@capstan/shared/contract/errors';

const run = promisify(execFile);
const LIMIT_MS = 20_000;
const LOOK_MS = 20;

interface Running {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Everything stops at once: the engine, its containerd, the shims, what runs in containers. A machine that starts again has an empty `/run`. */
export async function cutPower(dir: string): Promise<void> {
  const all = await processes();
  const daemon = Number(await readFile(join(dir, 'pid'), 'utf8'));
  const theirs = all.filter(({ pid, command }) => pid === daemon || command.includes(`${dir}/`));
  await killAll([...theirs, ...descendants(all, theirs)]);
  await rm(join(dir, 'pid'), { force: true });
  for (const part of ['containerd', 'runtime-runc'])
    await rm(join(dir, 'exec', part), { recursive: true, force: true });
}

/** The daemon alone, as a crash of it: what runs in containers goes on. */
export async function killDaemon(dir: string): Promise<void> {
  const daemon = Number(await readFile(join(dir, 'pid'), 'utf8'));
  const all = await processes();
  // Its containerd ends with it, and leaves a note of its process that a new one would believe.
  await killAll([
    ...all.filter(({ pid }) => pid === daemon),
    ...all.filter(({ command }) => isContainerd(command, dir)),
  ]);
  await rm(join(dir, 'exec', 'containerd', 'containerd.pid'), { force: true });
}

/** What keeps the containers, and those with it. The daemon goes on, starts it anew, and has missed how they ended. */
export async function killContainerd(dir: string): Promise<void> {
  const all = await processes();
  const shims = all.filter(({ command }) => command.includes('containerd-shim') && command.includes(`${dir}/`));
  const containerd = all.filter(({ command }) => isContainerd(command, dir));
  await killAll([...containerd, ...shims, ...descendants(all, shims)]);
}

/** A container's program and all that it started, as the machine sees them: also while no engine is there to ask. */
export async function endProgram(pid: number, signal: NodeJS.Signals): Promise<void> {
  const all = await processes();
  const theirs = descendants(
    all,
    all.filter((one) => one.pid === pid),
  );
  process.kill(pid, signal);
  await untilGone([pid, ...theirs.map((one) => one.pid)]);
}

const isContainerd = (command: string, dir: string) =>
  command.startsWith('containerd --config') && command.includes(`${dir}/`);

/** What an engine that was killed has left mounted. */
export async function unmountBelow(dir: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' ')[4] ?? '');
  for (const mount of mounts.filter((path) => path.startsWith(`${dir}/`)).toReversed())
    await run('umount', ['-l', mount]);
}

async function processes(): Promise<readonly Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(lookAt));
  return found.filter((one) => one !== undefined);
}

async function lookAt(pid: number): Promise<Running | undefined> {
  try {
    const [command, stat] = await Promise.all([
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    const [state = 'Z', parent = '0'] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : { pid, parent: Number(parent), command: command.replaceAll('\0', ' ') };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

function descendants(all: readonly Running[], of: readonly Running[]): readonly Running[] {
  const parents = new Set(of.map(({ pid }) => pid));
  const children = all.filter(({ parent }) => parents.has(parent));
  return children.length === 0 ? [] : [...children, ...descendants(all, children)];
}

async function killAll(killed: readonly Running[]): Promise<void> {
  for (const { pid } of killed) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (systemCode(error) !== 'ESRCH') throw error;
    }
  }
  await untilGone(killed.map(({ pid }) => pid));
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  while ((await Promise.all(pids.map(lookAt))).some((one) => one !== undefined))
    await pause(LOOK_MS, undefined, { signal });
}
