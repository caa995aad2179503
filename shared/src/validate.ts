/** Schema validation at the borders, PURE. Inside them, values are trusted. */
import { Ajv, type ErrorObject } from 'ajv';
import type { Static, TSchema } from 'typebox';
import { CapstanError } from './errors.ts';

/** Problems by field, nested fields joined with dots, as the wire contract's validation error wants them. */
export type FieldErrors = Readonly<Record<string, readonly string[]>>;

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: FieldErrors };
export type Validator<T> = (value: unknown) => Checked<T>;

const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, useDefaults: true });

function fieldOf(error: ErrorObject): string {
  const path = error.instancePath.split('/').slice(1);
  if (error.keyword === 'required') path.push(String(error.params['missingProperty']));
  if (error.keyword === 'additionalProperties') path.push(String(error.params['additionalProperty']));
  return path.join('.') || '(root)';
}

function textOf(field: string, error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return `The ${field} field is required.`;
    case 'additionalProperties':
      return `The ${field} field is not known.`;
    case 'enum':
      return `The ${field} field must be one of ${JSON.stringify(params['allowedValues'])}.`;
    case 'const':
      return `The ${field} field must be ${JSON.stringify(params['allowedValue'])}.`;
    default:
      return `The ${field} field ${error.message ?? 'is not valid'}.`;
  }
}

/** All problems of a value, each field once a message. The branches of a union are named together, not one error each. */
function fieldErrors(errors: readonly ErrorObject[]): FieldErrors {
  const unions = errors.filter((error) => error.keyword === 'anyOf');
  const isInside = (error: ErrorObject, union: ErrorObject) => error.schemaPath.startsWith(`${union.schemaPath}/`);
  const fields: Record<string, string[]> = {};
  for (const error of errors) {
    if (unions.some((union) => isInside(error, union))) continue;
    const field = fieldOf(error);
    const branches = errors.filter((other) => isInside(other, error));
    const text = error.keyword === 'anyOf' ? unionText(field, branches) : textOf(field, error);
    const known = (fields[field] ??= []);
    if (!known.includes(text)) known.push(text);
  }
  return fields;
}

/** A union of words names them; of one with richer forms, the errors of each would only say what the value was never meant to be. */
function unionText(field: string, branches: readonly ErrorObject[]): string {
  const words = branches
    .filter(({ keyword }) => keyword === 'const')
    .map(({ params }) => JSON.stringify(params['allowedValue']));
  return words.length > 0 && words.length === branches.length
    ? `The ${field} field must be one of ${words.join(', ')}.`
    : `The ${field} field has none of the allowed forms.`;
}

/** Compiles a schema once; the validator returns the value with its type, or every bad field at once. */
export function compile<Schema extends TSchema>(schema: Schema): Validator<Static<Schema>> {
  const check = ajv.compile(schema);
  return (value) =>
    check(value)
      ? { ok: true, value: value as Static<Schema> }
      : { ok: false, errors: fieldErrors(check.errors ?? []) };
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
