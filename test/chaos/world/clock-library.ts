/** libfaketime, where it is installed: shifts the wall clock of a process while it runs, and leaves its monotonic clock alone. */
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ShiftedClock {
  /** For the process's environment. */
  readonly variables: Readonly<Record<string, string>>;
  shift(seconds: number): Promise<void>;
}

const BELOW = '/usr/lib';

export function findClockLibrary(): string | undefined {
  const folders = existsSync(BELOW) ? readdirSync(BELOW).map((name) => join(BELOW, name)) : [];
  return [BELOW, ...folders]
    .map((folder) => join(folder, 'faketime', 'libfaketime.so.1'))
    .find((path) => existsSync(path));
}

export async function shiftedClock(library: string, file: string): Promise<ShiftedClock> {
  const shift = (seconds: number) => writeFile(file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}s\n`);
  await shift(0);
  return {
    variables: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    shift,
  };
}
