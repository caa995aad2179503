/** The frames of the live status socket, PURE: text to a client's frame, or to what is wrong with it. */
import { Type } from 'typebox';
import { Name } from '@capstan/shared/contract/frame-parts';
import { ClientFrameSchemas, type ClientFrame } from '@capstan/shared/contract/socket';
import { compileInput } from '@capstan/shared/schema/input';
import { parseJson } from '@capstan/shared/runtime/json';

export type Parsed =
  | { readonly kind: 'frame'; readonly frame: ClientFrame }
  /** `problem` is shown to the client. */
  | { readonly kind: 'bad'; readonly problem: string; readonly subscription?: string | undefined };

const validators = {
  authenticate: compileInput(ClientFrameSchemas.authenticate),
  subscribe: compileInput(ClientFrameSchemas.subscribe),
  page: compileInput(ClientFrameSchemas.page),
  unsubscribe: compileInput(ClientFrameSchemas.unsubscribe),
  logs: compileInput(ClientFrameSchemas.logs),
  ping: compileInput(ClientFrameSchemas.ping),
} as const satisfies Record<ClientFrame['type'], unknown>;

const isNamed = compileInput(Type.Object({ subscription: Name }));

const isKnown = (type: string): type is keyof typeof validators => Object.hasOwn(validators, type);

export function parseFrame(text: string): Parsed {
  const value = parseJson(text);
  const frame = typeof value === 'object' && value !== null && 'type' in value ? value : undefined;
  const type = frame?.type;
  if (frame === undefined || typeof type !== 'string' || !isKnown(type)) {
    return bad(`A frame is a JSON object whose type is one of: ${Object.keys(validators).join(', ')}.`);
  }
  if (isTypedSignature(frame)) return bad(NO_TYPED_SIGNATURE, nameIn(value));
  const checked = validators[type](value);
  return checked.ok
    ? { kind: 'frame', frame: checked.value }
    : bad(Object.values(checked.errors).flat().join(' '), nameIn(value));
}

/** A typed signature is over a request, with its method, path and body; a frame is none. */
export const NO_TYPED_SIGNATURE =
  'A frame cannot hold a typed signature: put it into the header Capstan-Signature of the request for the socket, or get a token or a ticket with it and send that.';

const HEADER_NAMES: readonly string[] = ['capstan-signature', 'capstansignature'];

/** Unknown fields are ignored; these would leave a client without a word of why it is nobody. */
function isTypedSignature(frame: object): boolean {
  const names = Object.keys(frame).map((name) => name.toLowerCase());
  return (
    names.some((name) => HEADER_NAMES.includes(name)) || (names.includes('signature') && names.includes('expires'))
  );
}

function bad(problem: string, subscription?: string): Parsed {
  return { kind: 'bad', problem, subscription };
}

/** The subscription that a frame names, if that much of it is right. */
function nameIn(frame: unknown): string | undefined {
  const named = isNamed(frame);
  return named.ok ? named.value.subscription : undefined;
}
