/** What a request asks to run, as runners need it: environment and assets looked up, and whether it can be handed on at all. */
import type { Bus } from '@capstan/shared/bus/connect';
import { messageLimitBytes } from '@capstan/shared/bus/size';
import type { StartRequest } from '@capstan/shared/contract/api';
import type { Address } from '@capstan/shared/contract/ids';
import type { Environment } from '@capstan/shared/contract/messages';
import type { AssetInput, JobSpec } from '@capstan/shared/contract/job';
import { CapstanError } from '@capstan/shared/contract/errors';
import type { Assets } from '../assets/assets.ts';
import { resolveInputs } from '../assets/resolve.ts';
import type { NotifyProblem } from '../notify/allowed.ts';
import { requireServed } from '../scheduling/chains-served.ts';
import { orderedBy } from './ordered.ts';
import { outputOf } from './output.ts';
import { requireWithin } from './resources.ts';
import type { EnvironmentState, Runners } from '../scheduling/runners.ts';

export interface SpecOptions {
  readonly bus: Bus;
  readonly runners: Runners;
  readonly assets: Assets;
  /** Encrypts to the node's key. */
  readonly seal: (text: string) => string;
  readonly trustWithoutChecksums: boolean;
  readonly notifyProblem: NotifyProblem;
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
  requireServed(environment, orderedBy(request, { datasets: [...datasets], algorithm }));
  requireDescriptionsFit([...datasets, ...(algorithm.kind === 'published' ? [algorithm.asset] : [])], bus);
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
  requireFits(text, messageLimitBytes(bus));
  return { spec, text };
}

/** Where none is named, and there is one only, that one. Throws REFUSED with Ocean Provider's text. */
export function requireEnvironment(
  id: string | undefined,
  runners: Pick<Runners, 'environment' | 'environments'>,
): Environment {
  const state = id === undefined ? onlyOne(runners.environments().filter(takesJobs)) : runners.environment(id);
  if (!state || !takesJobs(state)) throw noEnvironment(id, runners);
  return state.environment;
}

const takesJobs = ({ isWithdrawn }: EnvironmentState) => !isWithdrawn;

const onlyOne = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined);

/** A network for the algorithm is for the environment to offer, and for the owner of every dataset to allow. */
function isNetworkAllowed({ allowNetworkAccess }: Environment, datasets: readonly AssetInput[]): boolean {
  const allows = ({ ddo, serviceId }: AssetInput) =>
    ddo.services.find(({ id }) => id === serviceId)?.compute?.allowNetworkAccess === true;
  return allowNetworkAccess && datasets.every(allows);
}

function noEnvironment(id: string | undefined, runners: Pick<Runners, 'environments'>): CapstanError {
  const offered = runners
    .environments()
    .filter(takesJobs)
    .map(({ environment }) => environment.id);
  const hint =
    offered.length === 0
      ? 'No runner has announced one yet; try again shortly.'
      : `This node offers: ${offered.join(', ')}.`;
  const problem = id === undefined ? 'The job names no environment.' : `There is no environment "${id}".`;
  return new CapstanError('REFUSED', `${problem} ${hint}`, { refusal: 'Compute environment does not exist' });
}

/** A request of a few bytes may name one large description again and again: each is measured once, and the sum only as far as it may go. */
function requireDescriptionsFit(assets: readonly AssetInput[], bus: Bus): void {
  const most = messageLimitBytes(bus);
  const sizes = new Map<AssetInput['ddo'], number>();
  let bytes = 0;
  for (const { ddo } of assets) {
    const size = sizes.get(ddo) ?? Buffer.byteLength(JSON.stringify(ddo));
    sizes.set(ddo, size);
    bytes += size;
    if (bytes > most) throw tooLarge(`at least ${bytes}`, most);
  }
}

function requireFits(spec: string, maxPayloadBytes: number): void {
  const size = Buffer.byteLength(spec) + COMMAND_OVERHEAD_BYTES;
  if (size > maxPayloadBytes) throw tooLarge(String(size), maxPayloadBytes);
}

function tooLarge(size: string, maxPayloadBytes: number): CapstanError {
  return new CapstanError(
    'BODY_TOO_LARGE',
    `The job with its asset descriptions takes ${size} bytes, and ${maxPayloadBytes} are the most this node can hand on. Publish the algorithm as an asset instead of sending its code.`,
  );
}
