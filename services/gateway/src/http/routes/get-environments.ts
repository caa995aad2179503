/** `GET /api/services/computeEnvironments`: what consumers can choose to run in. */
import { EnvironmentsQuerySchema } from '@capstan/shared/contract/api';
import { compile } from '@capstan/shared/validate';
import type { NodeIdentity } from '../../identity.ts';
import type { EnvironmentState, Runners } from '../../jobs/runners.ts';
import type { Store } from '../../store/store.ts';
import type { Route } from '../app.ts';
import { checked, parameters } from '../input.ts';
import { ENDPOINTS } from './endpoints.ts';

const validate = compile(EnvironmentsQuerySchema);

interface EnvironmentsOptions {
  readonly runners: Runners;
  readonly store: Store;
  readonly identity: NodeIdentity;
}

export function getEnvironmentsRoute({ runners, store, identity }: EnvironmentsOptions): Route {
  const show = ({ environment, isLive, runningJobs, lastSeen }: EnvironmentState) => ({
    ...environment,
    // One thing under two names: the page's, and ocean.js's.
    cpuNumber: environment.nCPU,
    gpuNumber: environment.nGPU,
    consumerAddress: identity.address,
    currentJobs: runningJobs,
    queuedJobs: store.jobs.countWaiting(environment.id),
    lastSeen: lastSeen / 1000,
    available: isLive,
  });
  return (router) => {
    router.get(ENDPOINTS.computeEnvironments[1], (ctx) => {
      const { chainId, chainID = chainId } = checked(validate, parameters(ctx.query));
      const all = runners.environments().map(show);
      const own = String(identity.chainId);
      if (chainID === undefined) ctx.body = { [own]: all };
      else ctx.body = BigInt(chainID) === BigInt(own) ? all : [];
    });
  };
}
