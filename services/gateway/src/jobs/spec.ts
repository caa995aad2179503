/** What a request asks to run, as runners need it: environment and assets looked up, and whether it can be handed on at all. */
import type { Bus } from '@capstan/shared/bus/connect';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { Address } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import type { AssetInput, JobSpec } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/errors';
import type { Assets } from '../assets/assets.ts';
import { resolveInputs } from '../assets/resolve.ts';
import { outputOf } from './output.ts';
import { requireWithin } from './resources.ts';
import type { Runners } from './runners.ts';

export interface SpecOptions {
  readonly bus: Bus;
  readonly runners: Runners;
  readonly assets: Assets;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
}

/** Around the spec in its command, and NATS's own headers. */
const COMMAND_OVERHEAD_BYTES = 1_024;

/** A spec, and its JSON as it is stored and sent. */
export interface SpecAndText {
  readonly spec: JobSpec;
  readonly text: string;
}

/** Rejects with REFUSED and Ocean Provider's code, or with BODY_TOO_LARGE. */
export async function specOf(request: StartRequest, owner: Address, options: SpecOptions): Promise<SpecAndText> {
  const { bus, runners } = options;
  const environment = requireEnvironment(request.environment, runners);
  if (request.resources) requireWithin(request.resources, environment);
  const { datasets, algorithm } = await resolveInputs(request, options);
  const { algocustomdata } = request.algorithm;
  const spec: JobSpec = {
    environment: environment.id,
    owner,
    datasets: [...datasets],
    algorithm,
    ...(algocustomdata === undefined ? {} : { algocustomdata }),
    ...(request.resources === undefined ? {} : { resources: request.resources }),
    ...(isNetworkAllowed(environment, datasets) ? { networkAccess: true } : {}),
    ...outputOf(request, options),
  };
  const text = JSON.stringify(spec);
  requireFits(text, bus.maxPayloadBytes());
  return { spec, text };
}

/** Throws REFUSED with Ocean Provider's text. */
export function requireEnvironment(
  id: string | undefined,
  runners: Pick<Runners, 'environment' | 'environments'>,
): Environment {
  const state = id === undefined ? undefined : runners.environment(id);
  if (!state) throw noEnvironment(id, runners);
  return state.environment;
}

/** A network for the algorithm is for the environment to offer, and for the owner of every dataset to allow. */
function isNetworkAllowed({ allowNetworkAccess }: Environment, datasets: readonly AssetInput[]): boolean {
  const allows = ({ ddo, serviceId }: AssetInput) =>
    ddo.services.find(({ id }) => id === serviceId)?.compute?.allowNetworkAccess === true;
  return allowNetworkAccess && datasets.every(allows);
}

function noEnvironment(id: string | undefined, runners: Pick<Runners, 'environments'>): CapstanError {
  const offered = runners.environments().map(({ environment }) => environment.id);
  const hint =
    offered.length === 0
      ? 'No runner has announced one yet; try again shortly.'
      : `This node offers: ${offered.join(', ')}.`;
  const problem = id === undefined ? 'The job names no environment.' : `There is no environment ${id}.`;
  return new CapstanError('REFUSED', `${problem} ${hint}`, { refusal: 'Compute environment does not exist' });
}

function requireFits(spec: string, maxPayloadBytes = Number.POSITIVE_INFINITY): void {
  const size = Buffer.byteLength(spec) + COMMAND_OVERHEAD_BYTES;
  if (size <= maxPayloadBytes) return;
  throw new CapstanError(
    'BODY_TOO_LARGE',
    `The job with its asset descriptions takes ${size} bytes, and ${maxPayloadBytes} are the most this node can hand on. Publish the algorithm as an asset instead of sending its code.`,
  );
}
