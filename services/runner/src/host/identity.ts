/**
 * Who this runner is: its id on NATS, and the mark that all it makes in the engine carries. Both are made once and kept in the data
 * folder, because nodes may share an engine: without a mark of its own, one that started with default settings would take the jobs of
 * another for those of its earlier life.
 *
 * An id that it never had to itself says nothing: a runner that was refused because another one is at work under its id, and then got one
 * of its own, would take that other one's starts for its own.
 */
import { randomBytes } from 'node:crypto';
import { access, readFile, rename, writeFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { CapstanError, systemCode } from '@capstan/shared/contract/errors';
import { loadOrCreateSecret } from '@capstan/shared/crypto/secret-file';
import { compile } from '@capstan/shared/schema/validate';
import type { RunnerIdentity } from '../docker/names.ts';

const KeptSchema = Type.Object({
  v: Type.Literal(1),
  id: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
  former: Type.Array(Type.String()),
  node: Type.String({ pattern: '^[0-9a-f]{12}$' }),
  unmarked: Type.Array(Type.String()),
  /** False until nobody else was at work under the id. Files of releases before do not say. */
  isHeld: Type.Optional(Type.Boolean()),
});
type Kept = Static<typeof KeptSchema>;

const validate = compile(KeptSchema);
/** What every runner was called that had no id of its own, before ids were made. */
const DEFAULT_BEFORE = 'runner-1';

interface Home {
  /** File that keeps it. */
  readonly path: string;
  /** As the settings give it. */
  readonly configuredId: string | undefined;
  /** What runners, and nobody else, make in their data folder with the first job. */
  readonly traces: readonly string[];
}

/** The identity of this data folder, made if there is none. A folder that an earlier release worked in goes on under the id it had. */
export async function loadOrCreateIdentity({ path, configuredId, traces }: Home): Promise<RunnerIdentity> {
  const isInUse = (await Promise.all(traces.map(isThere))).includes(true);
  const made: Kept = {
    v: 1,
    id: configuredId ?? (isInUse ? DEFAULT_BEFORE : `runner-${randomBytes(4).toString('hex')}`),
    former: [],
    node: randomBytes(6).toString('hex'),
    // Compose called each of its runners so, whatever else was configured.
    unmarked: isInUse ? [...new Set([configuredId ?? DEFAULT_BEFORE, DEFAULT_BEFORE])] : [],
    ...(isInUse ? {} : { isHeld: false }),
  };
  const kept = parsed(path, await loadOrCreateSecret(path, () => textOf(made)));
  if (configuredId === undefined || configuredId === kept.id) return kept;
  const had = kept.isHeld === false ? kept.former : [kept.id, ...kept.former];
  const former = [...new Set(had)].filter((id) => id !== configuredId);
  const renamed = { ...kept, id: configuredId, former, isHeld: had.includes(configuredId) };
  await replace(path, textOf(renamed));
  return renamed;
}

/** Whether its id is its own: then what is said in that name is its own word, whatever the runner is called later. */
export async function keepHeld(path: string, isHeld: boolean): Promise<void> {
  const { isHeld: wasHeld = true, ...kept } = parsed(path, await readFile(path, 'utf8'));
  if (isHeld !== wasHeld) await replace(path, textOf({ ...kept, isHeld }));
}

/** The id that the runner of this data folder has, or undefined if none was started in it yet. */
export async function keptId(path: string): Promise<string | undefined> {
  try {
    return parsed(path, await readFile(path, 'utf8')).id;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const textOf = (kept: Kept) => `${JSON.stringify(kept, undefined, 2)}\n`;

function parsed(path: string, text: string): Kept {
  const checked = validate(parsedJson(text));
  if (checked.ok) return checked.value;
  throw new CapstanError(
    'INVALID_CONFIG',
    `${path}, which says who this runner is, can't be read. Put it back as it was, from a copy of the data folder. Without it the runner does not know its own containers: delete it only when none of its jobs is left.`,
  );
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, path);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
