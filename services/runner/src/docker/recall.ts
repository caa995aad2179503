/**
 * What this life of the runner has made in the engine, by run, so that who asks for one of its runs needs not ask the engine. Noted before
 * the engine is asked to make it: what is remembered is all that there may be, and a little more at worst. The engine is asked where it
 * can know more: of runs that it has shown something of which was not made here, and as long as nobody has looked at all that it has.
 */
import type { Engine } from './engine.ts';
import type { Labels } from './labels.ts';
import { LABELS } from './names.ts';
import type { ContainerSpec, Origin } from './ports/containers.ts';
import type { Found } from './ports/host.ts';

interface Made {
  readonly containers: Map<string, { readonly labels: Labels; readonly origin: Origin }>;
  readonly volumes: Map<string, Labels>;
}

export function recallsRuns(engine: Engine): Engine {
  const made = new Map<string, Made>();
  /** Which run a name belongs to. */
  const runs = new Map<string, string>();
  /** Runs that the engine has something of which was not made in this life. */
  const strange = new Set<string>();
  let hasLooked = false;

  const ofRun = (run: string): Made => {
    const known = made.get(run) ?? { containers: new Map(), volumes: new Map() };
    made.set(run, known);
    return known;
  };
  const noteVolume = (name: string, labels: Labels) => {
    const run = runOf(labels);
    if (run === undefined || ofRun(run).volumes.has(name)) return;
    ofRun(run).volumes.set(name, labels);
    runs.set(name, run);
  };
  const noteContainer = ({ name, image, env, labels, mounts }: ContainerSpec) => {
    const run = runOf(labels);
    if (run === undefined) return;
    ofRun(run).containers.set(name, { labels, origin: { image, env } });
    runs.set(name, run);
    for (const { volume } of mounts) noteVolume(volume, labels);
  };
  const forget = (kind: keyof Made, name: string) => {
    const run = runs.get(name);
    const known = run === undefined ? undefined : made.get(run);
    if (run === undefined || !known) return;
    runs.delete(name);
    known[kind].delete(name);
    if (known.containers.size + known.volumes.size === 0) made.delete(run);
  };
  const recall = (run: string, labels: Labels): Found => {
    const { containers, volumes } = made.get(run) ?? { containers: new Map(), volumes: new Map() };
    const isMeant = (one: { readonly labels: Labels }) => hasAll(one.labels, labels);
    return {
      containers: [...containers].map(([name, one]) => ({ name, labels: one.labels })).filter(isMeant),
      volumes: [...volumes].map(([name, one]) => ({ name, labels: one })).filter(isMeant),
    };
  };
  const learn = (found: Found, asked: Labels) => {
    const run = runOf(asked);
    const shown = [...found.containers, ...found.volumes].map((one) => runOf(one.labels));
    for (const one of shown) if (one !== undefined && !made.has(one)) strange.add(one);
    if (run === undefined) hasLooked = true;
    else if (shown.length === 0 && asked[LABELS.attempt] === undefined) strange.delete(run);
  };

  return {
    ...engine,
    async find(labels, signal, how) {
      const run = runOf(labels);
      if (how?.mayRecall && run !== undefined && hasLooked && !strange.has(run)) return recall(run, labels);
      const found = await engine.find(labels, signal);
      learn(found, labels);
      return found;
    },
    async createVolume(name, labels, signal) {
      noteVolume(name, labels);
      await engine.createVolume(name, labels, signal);
    },
    async createContainer(spec, signal) {
      noteContainer(spec);
      await engine.createContainer(spec, signal);
    },
    async createAlgorithm(ours, spec, signal) {
      noteContainer(spec);
      await engine.createAlgorithm(ours, spec, signal);
    },
    async removeContainer(name, signal) {
      await engine.removeContainer(name, signal);
      forget('containers', name);
    },
    async removeVolume(name, signal) {
      await engine.removeVolume(name, signal);
      forget('volumes', name);
    },
    originOf(name, signal) {
      const known = made.get(runs.get(name) ?? '')?.containers.get(name);
      return known ? Promise.resolve(known.origin) : engine.originOf(name, signal);
    },
  };
}

function runOf({ [LABELS.job]: jobId, [LABELS.run]: run }: Labels): string | undefined {
  return jobId === undefined || run === undefined ? undefined : `${jobId}.${run}`;
}

const hasAll = (labels: Labels, wanted: Labels) =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);
