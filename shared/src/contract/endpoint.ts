/** A row of the table of routes. */
import type { TSchema } from 'typebox';

interface Otherwise {
  readonly about: string;
  /** What its body is, if it has one. */
  readonly content?: { readonly type: 'application/json' | 'application/octet-stream'; readonly schema?: TSchema };
}

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Other paths that mean the same. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly about?: string;
  /** Parameters, and where they may come: from the query, from a JSON body, or from both, the query first. */
  readonly parameters?: TSchema;
  readonly from?: 'query' | 'body' | 'query or body' | 'path';
  /** The body is taken as it is. */
  readonly takesBytes?: true;
  /** A `Capstan-Signature` or an `AuthToken` header may stand in for the signature. */
  readonly takesToken?: true;
  /** Only a `Capstan-Signature` header will do, unless the node accepts old texts for it. */
  readonly wantsTyped?: true;
  readonly success: {
    readonly status: 200 | 201;
    readonly about: string;
    readonly type: 'application/json' | 'text/plain' | 'text/event-stream' | 'application/octet-stream';
    readonly schema?: TSchema;
  };
  /** Answers that are neither the success nor an error, by HTTP status. */
  readonly otherwise?: Readonly<Record<number, Otherwise>>;
  /** HTTP statuses of the errors it may answer with, beside 429 and 500. */
  readonly errors: readonly number[];
}

export const json = (about: string, schema: TSchema) =>
  ({ status: 200, about, type: 'application/json', schema }) as const;
