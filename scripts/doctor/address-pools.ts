/** Networks: the engine has only so many, and each job with a network takes one while it runs. */
import type { Config } from '@capstan/shared/config/schema';
import { counted } from '@capstan/shared/contract/counted';
import { askEngine } from '../parts/engine.ts';
import type { EngineInfo } from './engine-info.ts';
import { bad, ok, warn, type Finding } from './finding.ts';

const ABOUT = 'networks';
const REMEDY =
  'docker network prune, or give the engine more (default-address-pools in /etc/docker/daemon.json, then restart it)';
/** Of an engine whose settings name none: 172.17.0.0 to 172.31.0.0, and 192.168.0.0 in pieces of 4,096 addresses. */
const BY_DEFAULT = 31;

export async function checkAddressPools(info: EngineInfo, { runner }: Pick<Config, 'runner'>): Promise<Finding> {
  const { body } = await askEngine('GET', '/networks?filters=%7B%22driver%22%3A%5B%22bridge%22%5D%7D', {
    socketPath: runner.dockerSocket,
  });
  const used = (JSON.parse(body) as readonly unknown[]).length;
  const needed = runner.environments.reduce(
    (sum, { networkAccess, maxJobs }) => sum + (networkAccess ? maxJobs : 0),
    0,
  );
  return judgePools({ used, all: poolsOf(info), needed });
}

export function judgePools({
  used,
  all,
  needed,
}: {
  readonly used: number;
  readonly all: number;
  readonly needed: number;
}) {
  const text = `${Math.max(0, all - used)} of about ${all} networks of the engine are free`;
  if (needed === 0) return ok(ABOUT, `${text}; no job here has one`);
  if (used >= all) return bad(ABOUT, `${text}: a job with a network can not begin`, REMEDY);
  return all - used < needed
    ? warn(ABOUT, `${text}, and ${counted(needed, 'job')} may want one at once`, REMEDY)
    : ok(ABOUT, text);
}

/** How many networks the pools make. */
export function poolsOf({ DefaultAddressPools: pools }: Pick<EngineInfo, 'DefaultAddressPools'>): number {
  if (!pools || pools.length === 0) return BY_DEFAULT;
  return pools.reduce((sum, { Base, Size }) => sum + 2 ** Math.max(0, Size - Number(Base.split('/')[1] ?? Size)), 0);
}
