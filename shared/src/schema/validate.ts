/**
 * Schema validation at the borders, PURE. Inside them, values are trusted.
 *
 * What does not fit is judged in two steps. The first stops at the first problem, so saying no costs no more than the way there. Only of
 * a value that is small are all problems collected, for people who mend their requests by the answer; and of those, the first twenty.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { nearest } from './nearest.ts';
import { CapstanError } from '../contract/errors.ts';
import { wordsFor } from './pattern-words.ts';
import { measureTexts } from './text-length.ts';

/** Problems by field, nested fields joined with dots, members of lists by number: `additionalDatasets[0].documentId`. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: FieldErrors };
export type Validator<T> = (value: unknown) => Checked<T>;

/** Most problems that are told of one value. */
export const MAX_PROBLEMS = 20;

/** Most values inside one whose problems are all collected. Requests as clients make them have some fifty. */
const MAX_COLLECTED = 2_000;

/** Names in it may be the sender's. */
const MAX_FIELD_CHARS = 200;

const rules = { strict: true, allowUnionTypes: true, useDefaults: true } as const;
const stopping = measureTexts(new Ajv({ ...rules, allErrors: false }));
const collecting = measureTexts(new Ajv({ ...rules, allErrors: true }));
/** With the schema of each problem: what a misspelt name was meant to be stands in it. */
const suggesting = measureTexts(new Ajv({ ...rules, allErrors: true, verbose: true }));

export interface CompileOptions {
  /** Says of a field that is not known what may stand there. */
  readonly suggests?: boolean;
}

/**
 * Compiles a schema once, when it is first needed: all together take half of a process's start, and few are needed by each. The validator
 * returns the value with its type, or what is wrong with it.
 */
export function compile<Schema extends TSchema>(
  schema: Schema,
  { suggests = false }: CompileOptions = {},
): Validator<Static<Schema>> {
  let fits: ValidateFunction | undefined;
  let collect: ValidateFunction | undefined;
  return (value) => {
    fits ??= stopping.compile(schema);
    if (fits(value)) return { ok: true, value: value as Static<Schema> };
    const first = fits.errors ?? [];
    if (!isSmall(value)) return { ok: false, errors: fieldErrors(first) };
    collect ??= (suggests ? suggesting : collecting).compile(schema);
    collect(value);
    return { ok: false, errors: fieldErrors(collect.errors ?? first) };
  };
}

/** For messages between our own services: a value that does not fit is an error that names the message and its bad fields. */
export function compileStrict<Schema extends TSchema>(
  name: string,
  schema: Schema,
): (value: unknown) => Static<Schema> {
  const check = compile(schema);
  return (value) => {
    const checked = check(value);
    if (checked.ok) return checked.value;
    const problems = Object.values(checked.errors).flat().join(' ');
    throw new CapstanError('INVALID_MESSAGE', `This is not a valid ${name}: ${problems}`);
  };
}

/** Whether a value holds few enough others, which is known after looking at as many. */
function isSmall(value: unknown): boolean {
  const open: unknown[] = [value];
  let members = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next) && next.length > MAX_COLLECTED) return false;
    for (const name in next) {
      members += 1;
      if (members > MAX_COLLECTED) return false;
      open.push((next as Readonly<Record<string, unknown>>)[name]);
    }
  }
  return true;
}

/** The first problems of a value, each field once a message. The branches of a union are named together, not one error each. */
function fieldErrors(errors: readonly ErrorObject[]): FieldErrors {
  const fields: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  let problems = 0;
  for (const { error, branches } of withBranches(errors)) {
    const field = fieldOf(error);
    const text = error.keyword === 'anyOf' ? unionText(field, branches) : textOf(field, error);
    const known = (fields[field] ??= []);
    // Of one field, there are no more than its schema has rules.
    if (known.includes(text)) continue;
    known.push(text);
    problems += 1;
    if (problems >= MAX_PROBLEMS) break;
  }
  return { ...fields };
}

interface Problem {
  readonly error: ErrorObject;
  /** Of a union: what its branches said. */
  readonly branches: readonly ErrorObject[];
}

/** ajv puts what a union's branches say right before what it says of the union. */
function withBranches(errors: readonly ErrorObject[]): readonly Problem[] {
  const found: Problem[] = [];
  for (let i = errors.length - 1; i >= 0; i -= 1) {
    const error = errors[i];
    if (!error) continue;
    const branches: ErrorObject[] = [];
    if (error.keyword === 'anyOf') {
      for (let before = errors[i - 1]; before && isInside(before, error); before = errors[i - 1]) {
        branches.push(before);
        i -= 1;
      }
    }
    found.push({ error, branches: branches.toReversed() });
  }
  return found.toReversed();
}

function isInside(error: ErrorObject, union: ErrorObject): boolean {
  return error.schemaPath.startsWith(`${union.schemaPath}/`) && error.instancePath.startsWith(union.instancePath);
}

function fieldOf(error: ErrorObject): string {
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'required') path.push(String(error.params['missingProperty']));
  if (error.keyword === 'additionalProperties') path.push(String(error.params['additionalProperty']));
  const field = pathText(path) || '(root)';
  return field.length > MAX_FIELD_CHARS ? `${field.slice(0, MAX_FIELD_CHARS)}…` : field;
}

/** `['chains', '0', 'rpc']` as people write it: `chains[0].rpc`. */
export const pathText = (names: readonly string[]): string =>
  names.map((name, at) => (at > 0 && /^\d+$/.test(name) ? `[${name}]` : `${at > 0 ? '.' : ''}${name}`)).join('');

/** The names in such a path, numbers of a list's members among them. */
export const namesInPath = (path: string): readonly string[] => path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');

function textOf(field: string, error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return `The ${field} field is required.`;
    case 'additionalProperties':
      return `The ${field} field is not known.${suggestion(error)}`;
    case 'enum':
      return `The ${field} field must be one of ${JSON.stringify(params['allowedValues'])}.`;
    case 'const':
      return `The ${field} field must be ${JSON.stringify(params['allowedValue'])}.`;
    case 'pattern':
      return `The ${field} field must be ${wordsFor(params['pattern']) ?? `of the form ${String(params['pattern'])}`}.`;
    case 'type':
      return `The ${field} field must be ${KINDS[String(params['type'])] ?? String(params['type'])}.`;
    case 'minimum':
      return `The ${field} field must be ${String(params['limit'])} or more.`;
    case 'maximum':
      return `The ${field} field must be ${String(params['limit'])} at most.`;
    default:
      return `The ${field} field ${error.message ?? 'is not valid'}.`;
  }
}

/** What JSON Schema calls a kind of value, for people. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

/** What may stand there, and which of it was probably meant. */
function suggestion({ params, parentSchema }: ErrorObject): string {
  const known = Object.keys((parentSchema?.['properties'] as object | undefined) ?? {});
  if (known.length === 0) return '';
  const meant = nearest(String(params['additionalProperty']), known);
  return meant === undefined ? ` It can be: ${known.join(', ')}.` : ` Did you mean ${meant}?`;
}

/** A union of words names them; of one with richer forms, the errors of each would only say what the value was never meant to be. */
function unionText(field: string, branches: readonly ErrorObject[]): string {
  const words = branches
    .filter(({ keyword }) => keyword === 'const')
    .map(({ params }) => JSON.stringify(params['allowedValue']));
  if (words.length > 0 && words.length === branches.length) {
    return `The ${field} field must be one of ${words.join(', ')}.`;
  }
  const form = branches.map(({ params }) => wordsFor(params['pattern'])).find((each) => each !== undefined);
  return form === undefined
    ? `The ${field} field has none of the allowed forms.`
    : `The ${field} field must be ${form}.`;
}
