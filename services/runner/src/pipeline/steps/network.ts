/**
 * Gives a job its network: a loopback with a proxy on it, and nothing else. The algorithm shares the network of the relay, which has none.
 * What it sends to the proxy's port goes through a socket in a volume to the proxy, which is the only one that can connect to anything,
 * and judges each address. Both live as long as the job and need no runner: an adopted job goes on with its network.
 */
import { CapstanError, hasCode } from '@capstan/shared/contract/errors';
import type { Confinement, HelperSpec, Network, VolumeMount } from '../../docker/ports/containers.ts';
import { retryWhileUnavailable } from '../../docker/retry-while-unavailable.ts';
import { labelsOf, namesOf, type NetworkPhase } from '../../docker/names.ts';
import type { EgressImage } from '../../egress/image.ts';
import { EGRESS_DIR, NODE_PATH, PROGRAMS_DIR, PROXY_PORT, SOCKET_PATH } from '../../egress/paths.ts';
import type { Attempt } from '../attempt.ts';
import { byAnybody, startOnce } from './start.ts';

export interface JobNetwork {
  /** What the algorithm's container joins. */
  readonly network: Network;
  /** How programs find a proxy; Node's own `fetch` looks only if it is told to. */
  readonly env: Readonly<Record<string, string>>;
}

const PROXY_URL = `http://127.0.0.1:${PROXY_PORT}`;
const LOCAL = 'localhost,127.0.0.1';
const LIMITS = { cpus: 0.5, memoryBytes: 128_000_000, pids: 64, tmpBytes: 1_000_000, gpus: [], logBytes: 1_000_000 };

/** Resolves once connections can be made. May be repeated. Throws CONTAINER_REFUSED. */
export async function openNetwork(attempt: Attempt, egress: EgressImage, signal: AbortSignal): Promise<JobNetwork> {
  const { engine, identity, settings, log } = attempt;
  const { network: names, outside, volumes } = namesOf(identity);
  const image = await retryWhileUnavailable(() => egress.ensure(signal), { signal, log });
  const socket = (isReadOnly: boolean): readonly VolumeMount[] => [
    { volume: volumes.egress, target: EGRESS_DIR, isReadOnly, isCopied: true },
  ];
  const run = (program: Omit<Program, 'image'>) => runProgram(attempt, { ...program, image }, signal);

  const found = await run({ phase: 'addresses', args: [], mounts: [], network: { kind: 'host' } });
  const { allow, deny, ports } = settings.egress;
  const rules = { allow, ports, deny: [...deny, ...addressesIn(found)] };
  await retryWhileUnavailable(() => engine.createNetwork(outside, labelsOf(identity, 'proxy'), signal), {
    signal,
    log,
  });
  await run({
    phase: 'proxy',
    args: [SOCKET_PATH, JSON.stringify(rules)],
    mounts: socket(false),
    network: { kind: 'named', name: outside },
  });
  await run({ phase: 'relay', args: [String(PROXY_PORT), SOCKET_PATH], mounts: socket(true) });
  return { network: { kind: 'of', container: names.relay }, env: proxyVariables() };
}

interface Program {
  readonly phase: NetworkPhase;
  readonly image: string;
  readonly args: readonly string[];
  readonly mounts: readonly VolumeMount[];
  readonly network?: Network;
}

/** Starts one of the programs, in place of an earlier one, and resolves to its first word: it is ready then, or has said all. */
async function runProgram(
  { engine, identity, limits, log }: Attempt,
  { phase, image, args, mounts, network }: Program,
  signal: AbortSignal,
): Promise<string> {
  const patience = { signal, log };
  const name = namesOf(identity).network[phase];
  const confinement: Confinement = { ...LIMITS, user: `${limits.uid}:${limits.uid}`, ...(network ? { network } : {}) };
  const spec: HelperSpec = {
    name,
    image,
    labels: labelsOf(identity, phase),
    argv: [NODE_PATH, `${PROGRAMS_DIR}/${phase}.ts`, ...args],
    env: {},
    mounts,
    confinement,
  };
  // A repetition begins afresh: what an earlier life has left may have lost its peer.
  await retryWhileUnavailable(() => engine.removeContainer(name, signal), patience);
  await retryWhileUnavailable(() => engine.createContainer(spec, signal), patience);
  try {
    await startOnce(engine, name, { requireRight: byAnybody, ...patience });
  } catch (error) {
    if (!hasCode(error, 'START_REFUSED', 'START_UNKNOWN')) throw error;
    throw new CapstanError('CONTAINER_REFUSED', 'The engine could not give the job a network.', { cause: error });
  }
  for await (const frames of await engine.readLog(name, { follow: true }, signal)) {
    const said = Buffer.concat(frames.filter(({ stream }) => stream === 'stdout').map(({ bytes }) => bytes)).toString();
    if (said.includes('\n')) return said;
  }
  throw new CapstanError('CONTAINER_REFUSED', `What gives the job its network did not start (${phase}).`);
}

function addressesIn(said: string): readonly string[] {
  return JSON.parse(said) as readonly string[];
}

function proxyVariables(): Record<string, string> {
  return {
    HTTP_PROXY: PROXY_URL,
    HTTPS_PROXY: PROXY_URL,
    ALL_PROXY: PROXY_URL,
    NO_PROXY: LOCAL,
    http_proxy: PROXY_URL,
    https_proxy: PROXY_URL,
    all_proxy: PROXY_URL,
    no_proxy: LOCAL,
    NODE_USE_ENV_PROXY: '1',
  };
}
