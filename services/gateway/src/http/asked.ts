/** What a request asks, read as its row of the table says: its parameters with their type, and the proof of who sends it. */
import type { RouterContext } from '@koa/router';
import type { Static, TSchema } from 'typebox';
import type { Endpoint } from '@capstan/shared/contract/endpoint';
import { compileInput } from '@capstan/shared/schema/input';
import type { Proof } from '../auth/credentials.ts';
import type { Identify } from '../auth/identify.ts';
import type { Identity } from '../auth/identity.ts';
import { readBody, readBodyBeside, readJsonBody, type JsonBody } from './body.ts';
import { proofOf, proofToRead, signedOnly } from './caller.ts';
import { checked, checkedSigned, parameters } from './input.ts';
import { networkIn } from './limits.ts';

/** What reading takes that is the same for all routes. */
export interface Readers {
  readonly identify: Identify;
  readonly bodyLimitBytes: () => number;
}

/** Somebody who has to say who they are: by what the headers bring, or else by a signature among the parameters. */
export interface Signer {
  readonly network: string;
  readonly proof: Proof | undefined;
}

/** Somebody who need not say who they are. */
export interface Anybody {
  readonly network: string;
  /** Whom the node knows them as, read when it is asked for. Rejects with VALIDATION or INVALID_SIGNATURE for a proof that is none. */
  readonly identity: () => Promise<Identity | undefined>;
}

type Input<Row extends Endpoint> = Row extends { readonly parameters: infer Schema extends TSchema }
  ? Static<Schema>
  : undefined;

type CallerOf<Row extends Endpoint> = Row extends {
  readonly caller: { readonly kind: 'signed' | 'typed' | 'typed or token' };
}
  ? Signer
  : Row extends { readonly caller: { readonly kind: 'known' } }
    ? Anybody
    : Pick<Signer, 'network'>;

export interface Asked<Row extends Endpoint> {
  readonly input: Input<Row>;
  /** Where it came from; of a route that must be signed, what its headers bring as proof; of others, who it is, if that is known. */
  readonly caller: CallerOf<Row>;
  /** The body as it came; of a route that takes bytes, read when it is asked for. */
  readonly body: () => Promise<Buffer>;
  /** For headers, and for answers that are written as they go. */
  readonly ctx: RouterContext;
}

/** Rejects with what is wrong with the body, the proof, or the parameters, in this order for what must be signed. */
export function createReader<Row extends Endpoint>(
  row: Row,
  { identify, bodyLimitBytes }: Readers,
): (ctx: RouterContext) => Promise<Asked<Row>> {
  const endpoint: Endpoint = row;
  const { caller: rule } = endpoint;
  const validate = compileInput<TSchema>(endpoint.parameters ?? NOTHING, { suggests: endpoint.suggests === true });
  const jsonOf = jsonReader(endpoint, bodyLimitBytes);

  const proofIn = async (ctx: RouterContext, json: JsonBody | undefined): Promise<Proof | undefined> => {
    if (rule !== undefined && 'ticket' in rule) return proofToRead(ctx, endpoint, identify);
    const proof = proofOf(ctx, endpoint, json?.bytes);
    return rule?.kind === 'typed' ? signedOnly(proof) : proof;
  };

  /** Who and what, in the order in which the first that is wrong is the answer. */
  const read = async (ctx: RouterContext, json: JsonBody | undefined, network: string) => {
    const input = () => checked(validate, given(endpoint, ctx, json));
    switch (rule?.kind) {
      case 'signed':
      case 'typed': {
        const proof = await proofIn(ctx, json);
        const addressAs = rule.kind === 'typed' ? 'address' : 'consumerAddress';
        return {
          input: checkedSigned(validate, given(endpoint, ctx, json), proof, addressAs),
          caller: { network, proof },
        };
      }
      case 'typed or token':
        return { input: input(), caller: { network, proof: await proofIn(ctx, json) } };
      case 'known': {
        const identity = async () => identify.known({}, await proofIn(ctx, json));
        const first = rule.first === true ? await identity() : undefined;
        return {
          input: endpoint.from === 'path' ? ctx.params : input(),
          caller: { network, identity: rule.first === true ? () => Promise.resolve(first) : identity },
        };
      }
      case 'listed':
      case undefined:
        return { input: endpoint.parameters === undefined ? undefined : input(), caller: { network } };
    }
  };

  return async (ctx) => {
    const json = await jsonOf?.(ctx);
    const body = () => (json ? Promise.resolve(json.bytes) : readBody(ctx.req, bodyLimitBytes()));
    // The one place where what fits a row's schema gets the type of that row.
    return { ...(await read(ctx, json, networkIn(ctx))), body, ctx } as Asked<Row>;
  };
}

const NOTHING = { type: 'object', properties: {} };

/** Undefined for a route that reads no parameters from a body. */
function jsonReader(
  { from, forgivesBody }: Endpoint,
  limitBytes: () => number,
): ((ctx: RouterContext) => Promise<JsonBody>) | undefined {
  if (from !== 'body' && from !== 'query or body') return undefined;
  if (forgivesBody === true) return (ctx) => readBodyBeside(ctx.query, ctx.req, limitBytes());
  return (ctx) => readJsonBody(ctx.req, limitBytes());
}

function given({ from, readsQuery }: Endpoint, ctx: RouterContext, json: JsonBody | undefined) {
  return parameters(from === 'body' && readsQuery !== true ? {} : ctx.query, json?.value);
}
