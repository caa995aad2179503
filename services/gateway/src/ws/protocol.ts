/** The frames of the live status socket, PURE: text to a client's frame, or to what is wrong with it. */
import { ClientFrameSchemas, type ClientFrame } from '@capstan/shared/contract/socket';
import { compile } from '@capstan/shared/validate';
import { parseJson } from '@capstan/shared/json';

export type Parsed =
  | { readonly kind: 'frame'; readonly frame: ClientFrame }
  /** `problem` is shown to the client. */
  | { readonly kind: 'bad'; readonly problem: string };

const validators = {
  authenticate: compile(ClientFrameSchemas.authenticate),
  subscribe: compile(ClientFrameSchemas.subscribe),
  unsubscribe: compile(ClientFrameSchemas.unsubscribe),
  logs: compile(ClientFrameSchemas.logs),
  ping: compile(ClientFrameSchemas.ping),
} as const satisfies Record<ClientFrame['type'], unknown>;

const isKnown = (type: string): type is keyof typeof validators => Object.hasOwn(validators, type);

export function parseFrame(text: string): Parsed {
  const value = parseJson(text);
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : undefined;
  if (typeof type !== 'string' || !isKnown(type)) {
    return bad(`A frame is a JSON object whose type is one of: ${Object.keys(validators).join(', ')}.`);
  }
  const checked = validators[type](value);
  return checked.ok ? { kind: 'frame', frame: checked.value } : bad(Object.values(checked.errors).flat().join(' '));
}

function bad(problem: string): Parsed {
  return { kind: 'bad', problem };
}
