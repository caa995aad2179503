/** A folder for one purpose, gone when that is over. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(name: string, { isKept = false } = {}): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `capstan-${name}-`));
  return {
    path,
    async [Symbol.asyncDispose]() {
      if (!isKept) await rm(path, { recursive: true, force: true });
    },
  };
}
