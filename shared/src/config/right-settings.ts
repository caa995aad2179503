/** What is right of a configuration that cannot be used: for who looks at the machine all the same. */
import { resolve } from 'node:path';
import { namesInPath, pathText } from '../schema/validate.ts';
import {
  checkSettings,
  freeze,
  loadConfig,
  readGiven,
  valueAt,
  type Given,
  type Tree,
  type Variables,
} from './load.ts';
import type { Config } from './schema.ts';

/** Twenty problems are told at a time. */
const MOST_ROUNDS = 50;

/**
 * The configuration without the settings that are wrong, for who looks at a machine all the same: those have their defaults. Whether the
 * rest is right, `loadConfig` says.
 */
export function loadRightSettings(variables: Variables, workingDir: string): Config {
  const { tree } = givenWhereReadable(variables, workingDir);
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const checked = checkSettings(tree);
    if (checked.ok) return freeze({ ...checked.value, dataDir: resolve(workingDir, checked.value.dataDir) });
    for (const path of Object.keys(checked.errors)) remove(tree, path);
  }
  return freeze({ ...loadConfig({}, import.meta.dirname), dataDir: resolve(workingDir, 'var') });
}

function givenWhereReadable(variables: Variables, workingDir: string): Given {
  try {
    return readGiven(variables, workingDir);
  } catch {
    const { CAPSTAN_CONFIG: _, ...others } = variables;
    return readGiven(others, import.meta.dirname);
  }
}

/** Takes a setting away, or, where it lacks, the part that it lacks in. */
function remove(tree: Tree, path: string): void {
  if (Object.hasOwn(tree, path)) {
    delete tree[path];
    return;
  }
  const names = namesInPath(path);
  const present = names.findLastIndex((_, at) => valueAt(tree, pathText(names.slice(0, at + 1))) !== undefined);
  const parent = present <= 0 ? tree : valueAt(tree, pathText(names.slice(0, present)));
  const name = names[Math.max(0, present)];
  if (typeof parent === 'object' && parent !== null && name !== undefined) Reflect.deleteProperty(parent, name);
}
