/** Which engine the tests run on: its kind, version and image store, as it says them itself. */
import { askEngine, engineSocket } from '../parts/engine.ts';

interface Version {
  readonly Version?: string;
  readonly Platform?: { readonly Name?: string };
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[] | null;
}

interface Info {
  readonly Driver?: string;
  readonly DriverStatus?: readonly (readonly [name: string, value: string])[] | null;
}

/** How Docker names the store of containerd, where it keeps images in that and not in one of its own. */
const CONTAINERD_STORE = 'io.containerd.snapshotter.v1';

export async function whichEngine(): Promise<string> {
  const [version, info] = await Promise.all([asked<Version>('/version'), asked<Info>('/info')]);
  const isPodman = (version.Components ?? []).some(({ Name }) => Name === 'Podman Engine');
  const name = `${isPodman ? 'Podman' : 'Docker Engine'} ${version.Version ?? 'of an unknown version'}`;
  const store = isContainerdStore(info) ? `containerd (${info.Driver})` : String(info.Driver);
  return `${name} on ${engineSocket()}, image store ${store}`;
}

/** Whether the engine keeps its images in containerd's store. */
export async function usesContainerdStore(): Promise<boolean> {
  return isContainerdStore(await asked<Info>('/info'));
}

function isContainerdStore({ DriverStatus }: Info): boolean {
  return (DriverStatus ?? []).some(([name, value]) => name === 'driver-type' && value === CONTAINERD_STORE);
}

async function asked<Answer>(path: string): Promise<Answer> {
  const { status, body } = await askEngine('GET', path);
  if (status !== 200) throw new Error(`The engine on ${engineSocket()} answered ${status} to GET ${path}: ${body}`);
  return JSON.parse(body) as Answer;
}
