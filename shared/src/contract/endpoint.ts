/** A row of the table of routes. */
import type { TSchema } from 'typebox';

interface Otherwise {
  readonly about: string;
  /** What its body is, if it has one. */
  readonly content?: { readonly type: 'application/json' | 'application/octet-stream'; readonly schema?: TSchema };
}

/** Who may call, and how they prove who they are. `signs`: the text that is signed, part by part, a part in brackets where it is sent. */
export type CallerRule =
  /** Whoever signs it, or brings a typed signature, a token, or, where the route reads, a ticket in the address in its place. */
  | { readonly kind: 'signed'; readonly signs: string; readonly ticket?: true }
  /** Whoever brings a typed signature; one over a text, where the node accepts old texts for it. One token begets no other. */
  | { readonly kind: 'typed' }
  /** The same, or a token. */
  | { readonly kind: 'typed or token' }
  /** Anybody; whom the node knows it tells more. `first`: it is asked who they are before what they ask is looked at. */
  | { readonly kind: 'known'; readonly signs?: string; readonly ticket?: true; readonly first?: true }
  /** Whom the operator lists, by a signature among the parameters and by nothing else. */
  | { readonly kind: 'listed'; readonly signs: string };

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
  /** What comes in the query counts, too, as Ocean Provider has it; the description offers the body alone. */
  readonly readsQuery?: true;
  /** A body that can't be read counts as none where the query says all that is asked. */
  readonly forgivesBody?: true;
  /** Of a field that is not known, the answer says what may stand there. */
  readonly suggests?: true;
  /** What its body is called in the description, where it is not called after the row. */
  readonly bodyName?: string;
  /** It may refuse an order for what the order names, field by field. */
  readonly refusesOrders?: true;
  /** The body is taken as it is. */
  readonly takesBytes?: true;
  /** Anybody, if absent. */
  readonly caller?: CallerRule;
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

export const json = <Schema extends TSchema>(about: string, schema: Schema) =>
  ({ status: 200, about, type: 'application/json', schema }) as const;
