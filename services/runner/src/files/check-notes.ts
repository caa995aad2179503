/**
 * What kills the runner while it looks at files for a stranger would do so again with each question. A note on the disk says which asset
 * is being looked at; a start that finds one knows what the life before died over, and after a few of them that asset is asked about in vain.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetInput } from '@capstan/shared/contract/job';

export interface CheckNotes {
  /** Undefined without a try for an asset that the runner died over too often. */
  during<T>(asset: AssetInput, work: () => Promise<T>): Promise<T | undefined>;
}

/** A runner may be killed for another reason meanwhile. */
export const DEATHS = 3;
/** Of those that nobody died over again: strangers may bring any number of assets. */
const MAX_KEPT = 1_000;

/** The files, however the rest of the asset may change. */
const keyOf = ({ ddo, serviceId }: AssetInput) => {
  const files = ddo.services.find(({ id }) => id === serviceId)?.files ?? '';
  return createHash('sha256').update(files).digest('hex');
};

export function createCheckNotes(dir: string): CheckNotes {
  const deaths = new Map<string, number>();
  let stock: Promise<void> | undefined;

  const takeStock = async () => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(dir)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    for (const [index, name] of names.entries()) {
      // One that was cut short by the death counts, too.
      const before = /^\d$/.exec(await readFile(join(dir, name), 'utf8'))?.[0] ?? '0';
      const count = Number(before);
      if (count < DEATHS && index >= MAX_KEPT) await rm(join(dir, name), { force: true });
      else deaths.set(name, count);
    }
  };

  return {
    async during(asset, work) {
      await (stock ??= takeStock());
      const key = keyOf(asset);
      const before = deaths.get(key) ?? 0;
      if (before >= DEATHS) return undefined;
      // As if it were over already: who dies writes nothing any more.
      await writeFile(join(dir, key), String(before + 1), { mode: 0o600 });
      deaths.set(key, before + 1);
      try {
        return await work();
      } finally {
        deaths.delete(key);
        await rm(join(dir, key), { force: true });
      }
    },
  };
}
