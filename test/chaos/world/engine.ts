/** The engine that is treated badly, and the record of what it starts and loses. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { askEngine } from '../../../scripts/parts/engine.ts';
import { identityOf, LABELS, namesOf, type AttemptIdentity } from '../../../services/runner/src/docker/names.ts';
import type { PrivateEngine } from '../../support/runner/private-engine.ts';
import type { Traces } from '../../support/audit/traces/entries.ts';

export interface ChaosEngine extends AsyncDisposable {
  /** As a service manager restarts it: what runs ends with it. */
  restart(whileAway: () => Promise<void>): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Takes away a container that runs, if there is one. */
  loseOne(pick: (names: readonly string[]) => string | undefined): Promise<void>;
  /** Containers, volumes and networks of jobs. */
  jobsParts(): Promise<readonly string[]>;
  /** Called whenever something is gone. */
  onGone(listener: () => void): () => void;
}

interface Labelled {
  readonly Labels: Readonly<Record<string, string>> | null;
}

const RUNS = new Map<string, 'started' | 'ended'>([
  ['start', 'started'],
  ['die', 'ended'],
]);

export async function watchedEngine(engine: PrivateEngine, traces: Traces): Promise<ChaosEngine> {
  const socketPath = engine.socket;
  const seen = new Set<string>();
  const listeners = new Set<() => void>();
  const stream: { now?: IncomingMessage } = {};

  const ask = async <T>(path: string): Promise<T> => {
    const { status, body } = await askEngine('GET', path, { socketPath });
    if (status !== 200) throw new Error(`the engine answered ${status} to ${path}: ${body}`);
    return JSON.parse(body) as T;
  };
  const filter = (filters: Readonly<Record<string, readonly string[]>>) => encodeURIComponent(JSON.stringify(filters));
  const labelled = filter({ label: [LABELS.runner] });
  const startedAlgorithms = async (which: 'running' | 'all') => {
    const found = await ask<readonly (Labelled & { readonly Names: readonly string[]; readonly State: string })[]>(
      `/containers/json?all=${which === 'all' ? 1 : 0}&filters=${labelled}`,
    );
    const started = found.filter(({ State }) => State !== 'created');
    return started.flatMap(({ Labels, Names }) => {
      const identity = algorithmOf(Labels ?? {});
      return identity ? [{ identity, name: (Names[0] ?? '').slice(1) }] : [];
    });
  };

  /** The engine's own end falls into what was started, or into the moment after its exit: each may be begun again. */
  const spoilAll = async () => {
    for (const { identity } of await startedAlgorithms('all')) {
      const { jobId, run, attempt } = identity;
      traces.write('engine', { type: 'lost', jobId, run, attempt });
    }
  };

  const hear = (line: string) => {
    const event = JSON.parse(line) as {
      readonly Action: string;
      readonly timeNano: number;
      readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
    };
    const { Action, Actor } = event;
    if (Action === 'destroy') for (const listener of listeners) listener();
    const type = RUNS.get(Action);
    const identity = algorithmOf(Actor.Attributes);
    // Asked for what was since its start, an engine may tell what was told before.
    const key = `${Actor.ID} ${Action} ${event.timeNano}`;
    if (!type || !identity || seen.has(key)) return;
    seen.add(key);
    const { jobId, run, attempt, environment } = identity;
    const container = namesOf(identity).algorithm;
    const atMs = event.timeNano / 1e6;
    traces.write('engine', { type, jobId, run, attempt, environment, container, atMs });
  };

  const listen = async (sinceS: number) => {
    const path = `/events?since=${sinceS}&filters=${filter({ type: ['container', 'volume'] })}`;
    const asked = request({ socketPath, path, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    // It breaks off with the engine, and is opened again after it.
    createInterface({ input: response })
      .on('line', hear)
      .on('error', () => undefined);
    stream.now = response;
    traces.write('engine', {
      type: 'engine up',
      running: (await startedAlgorithms('running')).map(({ name }) => name),
    });
  };
  await listen(Math.floor(Date.now() / 1000));

  return {
    async restart(whileAway) {
      await spoilAll();
      await engine.stop();
      await whileAway();
      const sinceS = Math.floor(Date.now() / 1000);
      await engine.start();
      await spoilAll();
      await listen(sinceS);
    },
    freeze: engine.freeze,
    thaw: engine.thaw,
    async loseOne(pick) {
      const found = await startedAlgorithms('running');
      const name = pick(found.map((one) => one.name));
      const lost = found.find((one) => one.name === name)?.identity;
      if (!lost) return;
      const { jobId, run, attempt } = lost;
      // Before it happens: whatever comes of it comes after.
      traces.write('engine', { type: 'lost', jobId, run, attempt });
      await askEngine('DELETE', `/containers/${name}?force=1`, { socketPath });
    },
    async jobsParts() {
      const [containers, volumes, networks] = await Promise.all([
        ask<readonly { readonly Names: readonly string[] }[]>(`/containers/json?all=1&filters=${labelled}`),
        ask<{ readonly Volumes: readonly { readonly Name: string }[] | null }>(`/volumes?filters=${labelled}`),
        ask<readonly { readonly Name: string }[]>(`/networks?filters=${labelled}`),
      ]);
      return [
        ...containers.map(({ Names }) => `container ${Names[0]}`),
        ...(volumes.Volumes ?? []).map(({ Name }) => `volume ${Name}`),
        ...networks.map(({ Name }) => `network ${Name}`),
      ];
    },
    onGone(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.asyncDispose]() {
      stream.now?.destroy();
      return Promise.resolve();
    },
  };
}

function algorithmOf(labels: Readonly<Record<string, string>>): AttemptIdentity | undefined {
  return labels[LABELS.phase] === 'algorithm' ? identityOf(labels) : undefined;
}
