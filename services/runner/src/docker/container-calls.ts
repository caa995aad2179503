/** Containers on Docker. */
import { finished } from 'node:stream/promises';
import { CapstanError, messageOf } from '@capstan/shared/contract/errors';
import { LEFT } from '@capstan/shared/runtime/limited';
import {
  call,
  CHANGE_MS,
  failedUnlessFilled,
  LOOK_MS,
  refused,
  refusedUnlessFull,
  unless,
  wontClear,
} from './answers.ts';
import type { Exits } from './exits.ts';
import { EngineAnswer, type EngineHttp } from './http.ts';
import { framesOf } from './log-frames.ts';
import { requireRight } from './ours.ts';
import { ownErrors } from './own-errors.ts';
import { createPathCalls } from './path-calls.ts';
import type { ContainerSpec, ContainerState, EngineContainers, Origin } from './ports/containers.ts';
import { createOptions } from './profile.ts';

export function createContainerCalls(http: EngineHttp, exits: Exits): Omit<EngineContainers, 'hasProcess'> {
  const pathOf = (name: string, what = '') => `/containers/${name}${what}`;
  const look = (name: string, limited: AbortSignal) =>
    http.read<Inspected>({ method: 'GET', path: pathOf(name, '/json'), signal: limited });
  const lost = (name: string) => new CapstanError('CONTAINER_LOST', `The container ${name} is gone from the engine.`);

  const inspect = (name: string, signal: AbortSignal): Promise<ContainerState> =>
    call(async (limited) => stateOf(await look(name, limited)), {
      signal,
      limitMs: LOOK_MS,
      errors: { 404: () => lost(name) },
    }).then((state) => {
      if (state === 'being-removed') throw lost(name);
      return state;
    });

  const removeContainer = async (name: string, signal: AbortSignal) => {
    await call(
      // 409: a removal that was asked for before is under way.
      (limited) =>
        unless(
          [404, 409],
          http.done({ method: 'DELETE', path: pathOf(name), query: { force: true, v: true }, signal: limited }),
        ),
      { signal, limitMs: CHANGE_MS, other: wontClear },
    );
    exits.forget(name);
  };

  const createContainer = async (spec: ContainerSpec, signal: AbortSignal) => {
    const { name, ...json } = createOptions(spec);
    const asked = { method: 'POST', path: '/containers/create', query: { name }, json } as const;
    const create = () =>
      call((limited) => unless([409], http.read({ ...asked, signal: limited })), {
        signal,
        limitMs: CHANGE_MS,
        errors: { 404: imageGone },
        other: refusedUnlessFull('CONTAINER_REFUSED'),
      });
    if (await create()) return;
    // The name is taken: an earlier try got through without our hearing of it.
    const state = await inspect(spec.name, signal);
    if (state.kind !== 'created') {
      throw new CapstanError('CONTAINER_REFUSED', `The container ${spec.name} exists and was started already.`);
    }
    await removeContainer(spec.name, signal);
    if (!(await create())) throw new CapstanError('CONTAINER_REFUSED', `The name ${spec.name} is taken.`);
  };

  /** The net below the stream of events. */
  const waitFor = async (name: string, signal: AbortSignal) => {
    // It answers at once, and ends its answer when the container exits.
    const answer = await call(
      (limited) =>
        http.open({
          method: 'POST',
          path: pathOf(name, '/wait'),
          query: { condition: 'not-running' },
          signal: limited,
        }),
      { signal, errors: { 404: () => lost(name) } },
    );
    await call(() => finished(answer.resume(), { writable: false }), { signal });
  };

  return {
    ...createPathCalls(http),
    createContainer,
    async createAlgorithm(ours, spec, signal) {
      requireRight(ours, spec.labels);
      await createContainer(spec, signal);
    },

    async startContainer(name, signal) {
      await call((limited) => http.done({ method: 'POST', path: pathOf(name, '/start'), signal: limited }), {
        // Its caller's limit: a start that was given up might still happen, after we looked and started it once more.
        signal,
        errors: { 404: (error) => (isMissingContainer(error) ? lost(name) : refused('START_REFUSED')(error)) },
        other: (error) => refusedUnlessFull(isAboutDevices(error) ? 'GPUS_REFUSED' : 'START_REFUSED')(error),
      });
    },

    async inspectContainer(name, signal) {
      signal.throwIfAborted();
      // Right after an exit the engine takes its time to answer.
      return exits.known(name) ?? inspect(name, signal);
    },
    originOf: (name, signal) =>
      call(async (limited) => originIn(await look(name, limited)), {
        signal,
        limitMs: LOOK_MS,
        errors: { 404: () => lost(name) },
      }),

    async waitForExit(name, signal) {
      const left = new AbortController();
      const until = AbortSignal.any([signal, left.signal]);
      const told = waitFor(name, until);
      // Who is told first by the other one waits for it no more.
      told.catch(() => undefined);
      try {
        await Promise.race([told, exits.heard(name, until)]);
      } finally {
        left.abort(LEFT);
      }
    },

    async stopContainer(name, graceS, signal) {
      await call(
        (limited) =>
          unless(
            [404],
            http.done({ method: 'POST', path: pathOf(name, '/stop'), query: { t: graceS }, signal: limited }),
          ),
        {
          signal,
          limitMs: CHANGE_MS + graceS * 1_000,
        },
      );
    },

    async putArchive(name, path, tar, signal) {
      await call(
        (limited) =>
          http.done({ method: 'PUT', path: pathOf(name, '/archive'), query: { path }, tar, signal: limited }),
        {
          signal,
          errors: { 404: () => lost(name) },
          other: failedUnlessFilled(refused('CONTAINER_REFUSED')),
        },
      );
    },

    async getArchive(name, path, signal) {
      const stream = await call(
        (limited) => http.open({ method: 'GET', path: pathOf(name, '/archive'), query: { path }, signal: limited }),
        {
          signal,
          errors: { 404: () => lost(name) },
          other: refused('OUTPUTS_UNREADABLE'),
        },
      );
      return ownErrors(stream);
    },

    async readLog(name, { follow }, signal) {
      const stream = await call(
        (limited) =>
          http.open({
            method: 'GET',
            path: pathOf(name, '/logs'),
            query: { follow, stdout: true, stderr: true, timestamps: true },
            signal: limited,
          }),
        {
          signal,
          // 409: it is being removed.
          errors: { 404: () => lost(name), 409: () => lost(name) },
          other: refused('OUTPUTS_UNREADABLE'),
        },
      );
      return framesOf(ownErrors(stream));
    },

    removeContainer,
  };
}

/** What else a container needs is made with it. */
const imageGone = (cause: unknown) =>
  new CapstanError('IMAGE_GONE', 'The image was removed from the machine before it was used.', { cause });

/** A start that fails for want of a GPU, its driver or its runtime is told from others by its words alone. */
function isAboutDevices(error: unknown): boolean {
  return /could not select device driver|nvidia-container|failed to inject CDI devices/.test(messageOf(error));
}

/** Docker also answers 404 to a start whose program is missing in the image. */
function isMissingContainer(error: unknown): boolean {
  return error instanceof EngineAnswer && error.said.startsWith('No such container');
}

/** What Docker says of a container, as far as it is read. */
interface Inspected {
  readonly Image: string;
  readonly Config: { readonly Env: readonly string[] };
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly Dead: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
}

function originIn({ Image, Config }: Inspected): Origin {
  const pairs = Config.Env.map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return { image: Image, env: Object.fromEntries(pairs) };
}

/** A container that somebody is removing still answers for a moment, with an exit code that says nothing about the algorithm. */
function stateOf({ State }: Inspected): ContainerState | 'being-removed' {
  if (State.Dead || State.Status === 'removing') return 'being-removed';
  const startedAt = Date.parse(State.StartedAt);
  // Year 1 stands for never.
  if (!(startedAt > 0)) return { kind: 'created' };
  if (State.Running || State.Paused || State.Restarting) return { kind: 'running', startedAt };
  const finishedAt = Date.parse(State.FinishedAt);
  const exit = { exitCode: State.ExitCode, isOutOfMemory: State.OOMKilled };
  return { kind: 'exited', startedAt, finishedAt: finishedAt > 0 ? finishedAt : Number.NaN, exit };
}
