/** The clock: nonces, signatures and expiry live by it. Compared with servers that the node talks to anyway, or else the system is asked. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '@capstan/shared/config/schema';
import { bad, ok, warn, type Finding } from './finding.ts';
import { certificateProblem } from '../parts/unreached.ts';
import type { Check } from './check.ts';

const ABOUT = 'clock';
const LIMIT_MS = 3_000;
const NOTICED_S = 5;
const HARMFUL_S = 60;
const REMEDY = 'let the machine keep its time by NTP (timedatectl set-ntp true)';
const CERTIFICATE_REMEDY = 'set NODE_EXTRA_CA_CERTS where the node is started, too (its unit, or the containers)';

export const checkClock: Check = async ({ config }) => {
  const untrusted: Finding[] = [];
  for (const url of serversOf(config)) {
    const asked = await skewTo(url);
    if (asked === undefined) continue;
    if ('problem' in asked) {
      untrusted.push(warn('certificates', `${asked.problem} The node can not ask it either.`, CERTIFICATE_REMEDY));
      continue;
    }
    return [...untrusted, judgeSkew(asked.skewS, new URL(url).host)];
  }
  return [...untrusted, await askSystem()];
};

function judgeSkew(skewS: number, host: string): Finding {
  const text = `${Math.abs(skewS)} s ${skewS < 0 ? 'behind' : 'ahead of'} ${host}`;
  if (Math.abs(skewS) > HARMFUL_S) return bad(ABOUT, text, REMEDY);
  return Math.abs(skewS) > NOTICED_S ? warn(ABOUT, text, REMEDY) : ok(ABOUT, `agrees with ${host}`);
}

function serversOf({ gateway, chains }: Config): readonly string[] {
  return [gateway.metadataStoreUrl, ...chains.flatMap(({ rpc }) => rpc)].filter((url) => url !== undefined);
}

async function skewTo(url: string): Promise<{ readonly skewS: number } | { readonly problem: string } | undefined> {
  try {
    const response = await fetch(url, {
      method: 'HEAD',
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: { connection: 'close' },
    });
    const date = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(date) ? undefined : { skewS: Math.round((Date.now() - date) / 1_000) };
  } catch (error) {
    const problem = certificateProblem(url, error);
    return problem === undefined ? undefined : { problem };
  }
}

async function askSystem(): Promise<Finding> {
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
