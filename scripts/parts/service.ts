/** Gateway or runner as a process of its own, as it runs in production, with its log at hand. */
import { join } from 'node:path';
import { startProgram, type LineListener, type Program } from './program.ts';

export type ServiceName = 'gateway' | 'runner';

/** A line of a service's log. */
export type Entry = Readonly<Record<string, unknown>> & { readonly msg: string };

export interface RunningService extends Program {
  /** The first log entry with this text, logged already or from now on. */
  untilLogged(msg: string, limitMs?: number): Promise<Entry>;
}

export interface ServiceOptions {
  readonly service: ServiceName;
  /** Its whole environment: `CAPSTAN_…` settings among them. */
  readonly environment: NodeJS.ProcessEnv;
  /** Where relative paths of its settings start. */
  readonly workingDir: string;
  readonly onLine?: LineListener;
  /** Another checkout than this one. */
  readonly root?: string;
}

/**
 * What streams through a runner is soon garbage: with the room that Node takes for young objects by itself, and with a heap of the C library for each
 * of its threads, a runner under load holds twice the memory, and is no faster.
 */
const RUNNER_FLAGS: readonly string[] = ['--max-semi-space-size=4'];
const RUNNER_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' } as const;

export const ROOT = join(import.meta.dirname, '..', '..');
const START_LIMIT_MS = 60_000;

/** Starts the process and does not wait for more; `untilReady` does. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { service, environment, workingDir, onLine, root = ROOT } = options;
  const program = await startProgram({
    name: service,
    // Stripping types for the page at /ui is said to be experimental, though it is what Node does with all that runs here.
    command: [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      ...(service === 'runner' ? RUNNER_FLAGS : []),
      join(root, 'services', service, 'src', 'main.ts'),
    ],
    environment: service === 'runner' ? { ...RUNNER_ENVIRONMENT, ...environment } : environment,
    workingDir,
    ...(onLine === undefined ? {} : { onLine }),
  });
  return {
    ...program,
    untilLogged: (msg, limitMs = START_LIMIT_MS) =>
      program.until({
        match: (line) => {
          const entry = parseEntry(line);
          return entry?.msg === msg ? entry : undefined;
        },
        what: `"${msg}"`,
        limitMs,
      }),
  };
}

/** What each service logs once it does its work. */
const READY: Readonly<Record<ServiceName, string>> = { gateway: 'listening', runner: 'ready' };

export function untilReady(service: RunningService, name: ServiceName): Promise<Entry> {
  return service.untilLogged(READY[name]);
}

/** A log line as its entry; undefined for anything else, such as a crash's stack. */
export function parseEntry(line: string): Entry | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('msg' in value) || typeof value.msg !== 'string')
      return undefined;
    return { ...value, msg: value.msg };
  } catch {
    return undefined;
  }
}
