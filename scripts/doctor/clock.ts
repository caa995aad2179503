/** The clock: nonces, signatures and expiry live by it. Compared with servers that the node talks to anyway, or else the system is asked. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '@capstan/shared/config/schema';
import { bad, ok, warn } from './finding.ts';
import type { Check } from './checks.ts';

const ABOUT = 'clock';
const LIMIT_MS = 3_000;
const NOTICED_S = 5;
const HARMFUL_S = 60;
const REMEDY = 'let the machine keep its time by NTP (timedatectl set-ntp true)';

export const checkClock: Check = async ({ config }) => {
  for (const url of serversOf(config)) {
    const skewS = await skewTo(url);
    if (skewS === undefined) continue;
    const text = `${Math.abs(skewS)} s ${skewS < 0 ? 'behind' : 'ahead of'} ${new URL(url).host}`;
    if (Math.abs(skewS) > HARMFUL_S) return [bad(ABOUT, text, REMEDY)];
    return [Math.abs(skewS) > NOTICED_S ? warn(ABOUT, text, REMEDY) : ok(ABOUT, `agrees with ${new URL(url).host}`)];
  }
  return [await askSystem()];
};

function serversOf({ gateway, chains }: Config): readonly string[] {
  return [gateway.metadataStoreUrl, ...chains.flatMap(({ rpc }) => rpc)].filter((url) => url !== undefined);
}

async function skewTo(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: { connection: 'close' },
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? undefined : Math.round((Date.now() - date) / 1_000);
  } catch {
    return undefined;
  }
}

async function askSystem() {
  try {
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], {
      timeout: LIMIT_MS,
    });
    if (stdout.trim() === 'yes') return ok(ABOUT, 'kept by NTP');
    return warn(ABOUT, 'not kept by NTP', REMEDY);
  } catch {
    return ok(ABOUT, `${new Date().toISOString()}: nothing to compare it with, is it right?`);
  }
}
