/** The few words with the Docker Engine that scripts and tests need beside the runner, over its socket. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const ANSWER_LIMIT_MS = 60_000;

/** Where this machine's engine listens. */
export function engineSocket(): string {
  return /^unix:\/\/(.+)$/.exec(process.env.DOCKER_HOST ?? '')?.[1] ?? DEFAULT_SOCKET;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Asking {
  readonly socketPath?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export function askEngine(
  method: 'GET' | 'DELETE' | 'POST',
  path: string,
  { socketPath = engineSocket(), body }: Asking = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const asked = request(
    // Without an agent the connection ends with the answer.
    { socketPath, method, path, agent: false, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) },
    (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    },
  );
  asked.on('error', reject);
  if (body !== undefined) asked.setHeader('content-type', 'application/json');
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

export interface Leftovers {
  /** Ids of containers, in whatever state. */
  readonly containers: readonly string[];
  /** Names of volumes. */
  readonly volumes: readonly string[];
  /** Ids of networks. */
  readonly networks: readonly string[];
}

/** The labels that a runner gives to all it makes: its own id, and the environment of the job. */
const RUNNER_LABEL = 'capstan.runner';
const ENVIRONMENT_LABEL = 'capstan.environment';

interface Labelled {
  readonly Labels: Readonly<Record<string, string>> | null;
}

/** What the engine still has of the jobs of certain runners. */
export async function leftoversOf(isMeant: (runnerId: string, environment: string) => boolean): Promise<Leftovers> {
  const filters = encodeURIComponent(JSON.stringify({ label: [RUNNER_LABEL] }));
  const [containers, volumes, networks] = await Promise.all([
    read(`/containers/json?all=1&filters=${filters}`),
    read(`/volumes?filters=${filters}`),
    read(`/networks?filters=${filters}`),
  ]);
  const isTheirs = ({ Labels }: Labelled) => isMeant(Labels?.[RUNNER_LABEL] ?? '', Labels?.[ENVIRONMENT_LABEL] ?? '');
  const listed = JSON.parse(volumes) as { readonly Volumes: readonly (Labelled & { Name: string })[] | null };
  return {
    containers: (JSON.parse(containers) as readonly (Labelled & { Id: string })[]).filter(isTheirs).map(({ Id }) => Id),
    volumes: (listed.Volumes ?? []).filter(isTheirs).map(({ Name }) => Name),
    networks: (JSON.parse(networks) as readonly (Labelled & { Id: string })[]).filter(isTheirs).map(({ Id }) => Id),
  };
}

/** Removes it, running or not. */
export async function removeLeftovers({ containers, volumes, networks }: Leftovers): Promise<void> {
  for (const id of containers) {
    await remove(`/containers/${id}?force=1&v=1`);
    // Perhaps a runner that has ended asked for it before: until it is really gone, its volumes can't go.
    await askEngine('POST', `/containers/${id}/wait?condition=removed`);
  }
  for (const id of networks) await remove(`/networks/${id}`);
  for (const name of volumes) await remove(`/volumes/${name}`);
}

async function read(path: string): Promise<string> {
  const { status, body } = await askEngine('GET', path);
  if (status !== 200) throw new Error(`The Docker Engine answered ${status} to GET ${path}: ${body}`);
  return body;
}

async function remove(path: string): Promise<void> {
  const { status, body } = await askEngine('DELETE', path);
  // Gone already, or being removed by the runner at this moment.
  if (status === 204 || status === 404 || status === 409) return;
  throw new Error(`The Docker Engine answered ${status} to DELETE ${path}: ${body}`);
}
