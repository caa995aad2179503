/** Results in a folder, as the runner's folder writer leaves them: `<dir>/<jobId>/<run>/manifest.json` and `files/<index>`. */
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ManifestSchema, type Manifest } from '@capstan/shared/contract/manifest';
import { systemCode } from '@capstan/shared/errors';
import { compileStrict } from '@capstan/shared/validate';
import { notWhole, type Results } from './open.ts';

const parseManifest = compileStrict('manifest of results', ManifestSchema);

export function createResultsFolder(dir: string): Results {
  return {
    remove: (jobId) => rm(join(dir, jobId), { recursive: true, force: true }),
    async open({ jobId, run }, index) {
      const folder = join(dir, jobId, String(run));
      const manifest = await readManifest(join(folder, 'manifest.json'));
      const file = manifest?.files.find((each) => each.index === index);
      if (!manifest || !file) return undefined;
      const handle = await open(join(folder, 'files', String(file.index))).catch((error: unknown) => {
        throw notWhole(error);
      });
      const { size } = await handle.stat();
      if (size !== file.filesize) {
        await handle.close();
        throw notWhole(undefined);
      }
      return {
        file,
        expiresAt: manifest.expiresAt,
        read: (range) => handle.createReadStream({ ...range, highWaterMark: 256 * 1024 }),
        close: () => handle.close(),
      };
    },
  };
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw notWhole(error);
  }
  return parseManifest(JSON.parse(text));
}
