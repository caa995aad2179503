/** Configuration: one file, then environment variables; read once, all problems reported together, frozen. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { CapstanError, messageOf, systemCode } from '../contract/errors.ts';
import { compile, namesInPath } from '../schema/validate.ts';
import { dotted, hintFor } from './hints.ts';
import { nearest } from '../schema/nearest.ts';
import { gpuProblems } from './gpus.ts';
import { either, variablesLike } from './misplaced.ts';
import { missingSettings } from './results.ts';
import { ConfigSchema, type Config } from './schema.ts';
import { FROM_FILE, PREFIX, parseVariable, RESERVED, settings, type Setting } from './variables.ts';

export type Variables = Readonly<Record<string, string | undefined>>;
export type Tree = Record<string, unknown>;

const DEFAULT_FILE = 'capstan.yaml';
/** Whether settings are of their form. */
export const checkSettings = compile(ConfigSchema);
const knownSettings = settings(ConfigSchema);

/** By the system's code. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT:
    'is not there. Set CAPSTAN_CONFIG to the path of one, or leave it out: then capstan.yaml is read, if there is one.',
  EISDIR: 'is a folder. Set CAPSTAN_CONFIG to the path of a file.',
  EACCES: 'may not be read by this user. Give it the right (chown, chmod).',
};

function readFile(path: string): Tree {
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const problem = UNREADABLE[systemCode(error) ?? ''];
    if (problem !== undefined) throw new CapstanError('INVALID_CONFIG', `The configuration file ${path} ${problem}`);
    throw new CapstanError('INVALID_CONFIG', `The configuration file ${path} can't be read: ${messageOf(error)}`);
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new CapstanError('INVALID_CONFIG', `The configuration file ${path} must hold settings, like "gateway:".`);
  }
  return content as Tree;
}

function assign(tree: Tree, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const child = tree[key];
  const branch = typeof child === 'object' && child !== null ? (child as Tree) : {};
  tree[key] = branch;
  assign(branch, rest, value);
}

/** What stands at a path such as `chains[0].rpc`; undefined for nothing. */
export function valueAt(tree: Tree, path: string): unknown {
  return namesInPath(path).reduce<unknown>((node, key) => {
    return typeof node === 'object' && node !== null ? (node as Tree)[key] : undefined;
  }, tree);
}

/** Settings whose value must never be repeated in a message: `nats.servers` may hold a password too. */
const SECRET = new Set([
  'nodeKey',
  'nats',
  'nats.password',
  'nats.adminPassword',
  'nats.servers',
  'gateway.metadataStoreUrl',
  'results.s3.accessKeyId',
  'results.s3.secretAccessKey',
  'results.ipfs.authorization',
  'runner.fetch.ipfsGateway',
  'runner.fetch.arweaveGateway',
]);
/** Endpoints whose address is the key to them. */
const SECRET_ENDPOINTS = /^chains(\[\d+\](\.rpc(\[\d+\])?)?)?$/;

/** Logins of registries. */
const SECRET_LOGINS = /^runner(\.registries(\[.+)?)?$/;

/** Where a setting stands in the wrong section, its name tells what it is. */
const SECRET_NAMES = /(password|secret\w*|key(id)?|authorization|token)$/i;

const isSecret = (path: string) =>
  SECRET.has(path) || SECRET_ENDPOINTS.test(path) || SECRET_LOGINS.test(path) || SECRET_NAMES.test(path);

function problems(tree: Tree, errors: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return Object.entries(errors).map(([path, texts]) => {
    const value = valueAt(tree, path);
    const got = value === undefined || isSecret(path) ? '' : ` It is ${JSON.stringify(value)}.`;
    const variable = knownSettings.find((setting) => setting.path.join('.') === path)?.variable;
    if (variable !== undefined && value === undefined && isUnknown(texts))
      return `${path}: ${texts.join(' ')}${dotted(path)}`;
    const hint = hintFor(ConfigSchema, path, isSecret(path) && typeof value === 'string' ? undefined : value);
    return `${path}: ${texts.join(' ')}${got}${hint}${variable ? ` (as a variable: ${variable})` : ''}`;
  });
}

const isUnknown = (texts: readonly string[]) => texts.some((text) => text.endsWith('field is not known.'));

/** With all that is in it. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(freeze);
    Object.freeze(value);
  }
  return value;
}

function unknownVariable(name: string): string {
  const alike = variablesLike(name, knownSettings);
  const near = nearest(
    name,
    knownSettings.map(({ variable }) => variable),
  );
  const meant = alike.length > 0 ? alike : near === undefined ? [] : [near];
  const hint = meant.length === 0 ? 'docs/configuration.md lists them all' : `did you mean ${either(meant)}?`;
  return `${name}: no setting has this variable; ${hint}`;
}

export interface Given {
  readonly tree: Tree;
  /** What is wrong with variables before their values are looked at. */
  readonly problems: readonly string[];
}

/** The file of settings, if there is one, or should be. */
export function configFileOf(variables: Variables, workingDir: string): string | undefined {
  const named = variables['CAPSTAN_CONFIG'];
  const file = resolve(workingDir, named ?? DEFAULT_FILE);
  return named !== undefined || existsSync(file) ? file : undefined;
}

/** What file and variables say, as they say it. */
export function readGiven(variables: Variables, workingDir: string): Given {
  const file = configFileOf(variables, workingDir);
  const tree = file === undefined ? {} : readFile(file);

  const byVariable = new Map<string, Setting>(knownSettings.map((setting) => [setting.variable, setting]));
  const found: string[] = [];
  for (const [name, text] of Object.entries(variables)) {
    if (!name.startsWith(PREFIX) || text === undefined || RESERVED.includes(name)) continue;
    const setting = byVariable.get(name);
    if (setting) {
      assign(tree, setting.path, parseVariable(setting, text));
      continue;
    }
    const filed = name.endsWith(FROM_FILE) ? byVariable.get(name.slice(0, -FROM_FILE.length)) : undefined;
    if (!filed) found.push(unknownVariable(name));
    else if (variables[filed.variable] !== undefined) found.push(`${name}: ${filed.variable} is set as well; give one`);
    else {
      try {
        assign(tree, filed.path, parseVariable(filed, readFileSync(resolve(workingDir, text), 'utf8').trim()));
      } catch (error) {
        found.push(`${name}: the file that it names can't be read: ${messageOf(error)}`);
      }
    }
  }
  return { tree, problems: found };
}

/** Whether file or variables give a setting, such as `nats.servers`, a value of their own: who finds none brings the part itself. */
export function isGiven(path: string, variables: Variables, workingDir: string): boolean {
  return valueAt(readGiven(variables, workingDir).tree, path) !== undefined;
}

/**
 * The node's configuration, from the file that `CAPSTAN_CONFIG` names (or `capstan.yaml` where there is one) and the
 * `CAPSTAN_…` variables, which win. Throws INVALID_CONFIG that names every bad key, its value and what is allowed.
 */
export function loadConfig(variables: Variables, workingDir: string): Config {
  const { tree, problems: before } = readGiven(variables, workingDir);
  const checked = checkSettings(tree);
  const all = [
    ...before,
    ...(checked.ok
      ? [...missingSettings(checked.value.results), ...gpuProblems(checked.value.runner.environments)]
      : problems(tree, checked.errors)),
  ];
  if (!checked.ok || all.length > 0) {
    throw new CapstanError('INVALID_CONFIG', ['The configuration has problems:', ...all].join('\n  '));
  }
  return freeze({ ...checked.value, dataDir: resolve(workingDir, checked.value.dataDir) });
}
