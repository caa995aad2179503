/** The frames of the live status socket, PURE: text to a client's frame, and the node's frames to text. */
import { ClientFrameSchemas, type ClientFrame, type ServerFrame } from '@capstan/shared/contract/socket';
import { compile } from '@capstan/shared/validate';

type Handled = Extract<ClientFrame, { type: 'subscribe' | 'ping' }>;

export type Parsed =
  | { readonly kind: 'frame'; readonly frame: Handled }
  /** `problem` is shown to the client. */
  | { readonly kind: 'bad'; readonly problem: string };

const validators = {
  subscribe: compile(ClientFrameSchemas.subscribe),
  ping: compile(ClientFrameSchemas.ping),
} as const;

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

export function frameText(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

function bad(problem: string): Parsed {
  return { kind: 'bad', problem };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
