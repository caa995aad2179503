/** The lock-down of job containers, asserted on what the engine says of each of them: read from `inspect`, not from our own code. */
import { askEngine } from '../../../scripts/parts/engine.ts';

export interface Inspected {
  readonly Name: string;
  /** Its id. */
  readonly Image: string;
  readonly Config: {
    readonly User: string;
    readonly Env: readonly string[] | null;
    readonly Labels: Readonly<Record<string, string>>;
    readonly WorkingDir: string;
    readonly Entrypoint: readonly string[] | null;
    readonly Cmd: readonly string[] | null;
    readonly StopSignal?: string;
    readonly Healthcheck?: { readonly Test: readonly string[] };
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name?: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
}

export async function inspectContainer(name: string): Promise<Inspected | undefined> {
  const { status, body } = await askEngine('GET', `/containers/${name}/json`);
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`the engine answered ${status}: ${body}`);
  return JSON.parse(body) as Inspected;
}

/** No container of any job has these, whatever it is for. */
const FOR_ALL: Readonly<Record<string, (value: unknown) => boolean>> = {
  Privileged: (value) => value === false,
  CapAdd: isNothing,
  Binds: isNothing,
  VolumesFrom: isNothing,
  Devices: isNothing,
  DeviceCgroupRules: isNothing,
  PortBindings: isNothing,
  PublishAllPorts: (value) => value === false,
  PidMode: (value) => value === '',
  UTSMode: (value) => value === '',
  UsernsMode: (value) => value === '',
  CgroupParent: (value) => value === '',
  IpcMode: (value) => value === 'private',
  GroupAdd: isNothing,
  ExtraHosts: isNothing,
  Links: isNothing,
  Sysctls: isNothing,
  OomKillDisable: (value) => value !== true,
  // Newer engines write out what the empty name stands for.
  RestartPolicy: (value) => ['', 'no'].includes((value as { Name: string }).Name),
};

/** What runs has these as well. `files` never runs: nothing in it can do anything. */
const FOR_RUNNING: typeof FOR_ALL = {
  CapDrop: (value) => JSON.stringify(value) === '["ALL"]',
  SecurityOpt: (value) => {
    const [first, second, ...more] = value as readonly string[];
    return first === 'no-new-privileges' && isOwnProfile(second) && more.length === 0;
  },
  ReadonlyRootfs: (value) => value === true,
  PidsLimit: isPositive,
  Memory: isPositive,
  NanoCpus: isPositive,
  Tmpfs: (value) => Object.keys(value ?? {}).every((path) => path === '/tmp'),
  LogConfig: (value) => {
    const { Type, Config } = value as { Type: string; Config: Record<string, string> };
    return Type === 'local' && /^[1-9]/.test(Config['max-size'] ?? '');
  },
  Ulimits: (value) =>
    ['nofile', 'core'].every((name) =>
      ((value ?? []) as readonly { Name: string; Soft: number; Hard: number }[]).some(
        ({ Name, Soft, Hard }) => Name === name && Soft === Hard && (name !== 'core' || Hard === 1),
      ),
    ),
};

/** What a container of a job may do and should not, or lacks; one line each. */
export async function deviations(inspected: Inspected): Promise<readonly string[]> {
  const { Name, Config, HostConfig, Mounts } = inspected;
  const phase = Config.Labels['capstan.phase'] ?? 'none';
  const isRun = phase !== 'files';
  const wrong = (rules: typeof FOR_ALL) =>
    Object.entries(rules)
      .filter(([key, holds]) => !holds(HostConfig[key]))
      .map(([key]) => `${key} is ${JSON.stringify(HostConfig[key])}`);
  const problems = [...wrong(FOR_ALL), ...(isRun ? wrong(FOR_RUNNING) : [])];
  if (isRun && HostConfig['Memory'] !== HostConfig['MemorySwap']) problems.push('it has swap');
  if (isRun && !/^[1-9]\d*:[1-9]\d*$/.test(Config.User)) problems.push(`its user is "${Config.User}"`);
  for (const variable of deviceVariables(HostConfig)) {
    if (!Config.Env?.includes(variable)) problems.push(`its environment lacks ${variable}`);
  }
  if (Config.Healthcheck?.Test.join() !== 'NONE') problems.push('its image has it checked for health');
  if (Config.StopSignal !== 'SIGTERM') problems.push(`it is stopped by ${Config.StopSignal}`);
  if (!isNothing(Config.Cmd)) problems.push("its image's command is added to what it runs");
  for (const [name, value] of Object.entries(Config.Labels)) {
    if (!name.startsWith('capstan.') && value !== '') problems.push(`a label of its image: ${name}`);
  }
  // With the mark of the node, which releases before did not have.
  const base = /^\/?(capstan-[0-9a-f]{32}-\d+-\d+(?:-[0-9a-f]{12})?)/.exec(Name)?.[1] ?? 'nameless';
  for (const { Type, Name: volume = '', Destination } of Mounts) {
    if (Type !== 'volume' || !volume.startsWith(`${base}-`)) problems.push(`${Type} ${volume} at ${Destination}`);
  }
  const mode = String(HostConfig['NetworkMode']);
  if (!(await mayHaveNetwork(mode, phase, base))) problems.push(`its network is ${mode}`);
  return problems.map((problem) => `${Name} (${phase}): ${problem}`);
}

/** An image's own would give it devices that nobody leased to it. */
function deviceVariables({ DeviceRequests }: Inspected['HostConfig']): readonly string[] {
  const requests = (DeviceRequests ?? []) as readonly { DeviceIDs: readonly string[] }[];
  const leased = requests.flatMap(({ DeviceIDs }) => DeviceIDs).join(',') || 'void';
  return [`NVIDIA_VISIBLE_DEVICES=${leased}`, 'AMD_VISIBLE_DEVICES=none', 'HABANA_VISIBLE_DEVICES=void'];
}

/** None, but for the two programs of ours that a job with a network needs; and the algorithm may share that of its relay, which has none. */
async function mayHaveNetwork(mode: string, phase: string, base: string): Promise<boolean> {
  if (mode === 'none') return true;
  if (phase === 'addresses') return mode === 'host';
  if (phase === 'proxy') return mode === `${base}-outside`;
  const [, shared] = /^container:([0-9a-f]+)$/.exec(mode) ?? [];
  if (phase !== 'algorithm' || shared === undefined) return false;
  const relay = await inspectContainer(shared);
  return relay?.Name === `/${base}-relay` && relay.HostConfig['NetworkMode'] === 'none';
}

/** Of seccomp. What it refuses is tried in a test of its own. */
function isOwnProfile(option: string | undefined): boolean {
  if (option?.startsWith('seccomp={') !== true) return false;
  const profile = option.slice('seccomp='.length);
  return (
    (JSON.parse(profile) as { defaultAction: string }).defaultAction === 'SCMP_ACT_ERRNO' &&
    !profile.includes('io_uring')
  );
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0);
}

function isPositive(value: unknown): boolean {
  return typeof value === 'number' && value > 0;
}
