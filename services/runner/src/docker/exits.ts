/**
 * Exits of containers as Docker's stream of events tells them: at once, while the answer to a wait comes when the container is torn down.
 * Only what happened on an unbroken stream is kept, and only exits that leave nothing to be asked: who has not seen one asks the engine.
 */
import { createEventLines } from './event-lines.ts';
import type { ContainerState } from './ports/containers.ts';

type Exited = Extract<ContainerState, { kind: 'exited' }>;

export interface Exits {
  /** Resolves when the stream tells that it exited, at once if it has. Resolves for nobody who has given up. */
  heard(name: string, signal: AbortSignal): Promise<void>;
  /** How it exited, where that is all known: it was seen from its start on, exited with 0, and met no limit of memory. */
  known(name: string): Exited | undefined;
  /** A container of that name is no more. */
  forget(name: string): void;
  /** What the stream says, as it comes. `begun`: when it began, as the engine's clock has it, in ms; NaN where it does not say. */
  reader(begun: number): (piece: Buffer) => void;
  /** The stream has ended: what is to come is not what comes next. */
  broken(): void;
  /** Where the next stream goes on, in Docker's words; undefined where that is not known. */
  since(): string | undefined;
}

interface Seen {
  readonly startedAt?: number;
  readonly hasMetLimit?: true;
  readonly exit?: { readonly exitCode: number; readonly at: number };
}

/** Of all containers that carry our labels, of other nodes as well. */
const MOST_KEPT = 2_000;

export function createExits(): Exits {
  const seen = new Map<string, Seen>();
  const waiting = new Map<string, Set<() => void>>();
  let since: string | undefined;

  const keep = (name: string, one: Seen) => {
    seen.delete(name);
    seen.set(name, one);
    const [oldest] = seen.size > MOST_KEPT ? seen.keys() : [];
    if (oldest !== undefined) seen.delete(oldest);
  };
  const note = ({ name, action, exitCode, atMs, place }: NonNullable<ReturnType<typeof eventIn>>) => {
    since = place;
    const before = seen.get(name) ?? {};
    if (action === 'start') return keep(name, { startedAt: atMs });
    if (action === 'oom') return keep(name, { ...before, hasMetLimit: true });
    keep(name, { ...before, exit: { exitCode, at: atMs } });
    for (const tell of waiting.get(name) ?? []) tell();
  };

  return {
    heard(name, signal) {
      if (seen.get(name)?.exit) return Promise.resolve();
      return new Promise((resolve) => {
        const all = waiting.get(name) ?? new Set();
        const leave = () => {
          signal.removeEventListener('abort', leave);
          all.delete(tell);
          if (all.size === 0) waiting.delete(name);
        };
        const tell = () => {
          leave();
          resolve();
        };
        waiting.set(name, all.add(tell));
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    known(name) {
      const { startedAt, hasMetLimit, exit } = seen.get(name) ?? {};
      if (startedAt === undefined || hasMetLimit || exit?.exitCode !== 0) return undefined;
      return { kind: 'exited', startedAt, finishedAt: exit.at, exit: { exitCode: 0, isOutOfMemory: false } };
    },
    forget: (name) => void seen.delete(name),
    reader(begun) {
      // A stream that breaks before its first event has told nothing of what came after its beginning. The clock tells full seconds.
      if (begun > 0) since ??= (begun / 1_000).toFixed(6);
      return createEventLines((line) => {
        const event = eventIn(line);
        if (event) note(event);
      });
    },
    broken: () => seen.clear(),
    since: () => since,
  };
}

const NS_PER_MS = 1e6;

/** Undefined for what says nothing of a container's life. */
function eventIn(line: unknown) {
  const { Action: action, Actor, timeNano } = (line ?? {}) as Told;
  const { name, exitCode } = Actor?.Attributes ?? {};
  if ((action !== 'start' && action !== 'die' && action !== 'oom') || !name || !timeNano) return undefined;
  const atMs = timeNano / NS_PER_MS;
  // A label of the image by this name hides the engine's own word, and is emptied: where there is no number, the engine is asked.
  const code = /^\d+$/.test(exitCode ?? '') ? Number(exitCode) : Number.NaN;
  return { name, action, exitCode: code, atMs, place: (atMs / 1_000).toFixed(6) };
}

interface Told {
  readonly Action?: string;
  readonly Actor?: { readonly Attributes?: { readonly name?: string; readonly exitCode?: string } };
  readonly timeNano?: number;
}
