/** The AsyncAPI 3 description of the live status socket, PURE: made from the very schemas that validate. */
import type { TSchema } from 'typebox';
import { EVENTS_PATH } from './paths.ts';
import { CLOSE, ClientFrameSchemas, PROTOCOL_VERSION, ServerFrameSchemas } from './socket.ts';

type Json = Readonly<Record<string, unknown>>;
type ServerFrameName = keyof typeof ServerFrameSchemas;

/** What the node answers to each frame of a client. */
const REPLIES: Readonly<Record<keyof typeof ClientFrameSchemas, readonly ServerFrameName[]>> = {
  authenticate: ['authenticated', 'error'],
  subscribe: ['snapshot', 'event', 'caughtUp', 'reset', 'progress', 'queue', 'error'],
  logs: ['log', 'logRestart', 'logEnd', 'error'],
  unsubscribe: ['unsubscribed'],
  ping: ['pong'],
};

const CHANNEL = '#/channels/events';
const messageRef = (name: string) => ({ $ref: `${CHANNEL}/messages/${name}` });

/** `version` is the software's. */
export function asyncApi(version: string): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Capstan live status',
      version,
      description: [
        `Version ${PROTOCOL_VERSION} of the protocol. Frames are JSON texts with a type; frames and fields may be added, ignore what you don't know.`,
        `The node closes a socket with ${Object.entries(CLOSE)
          .map(([why, code]) => `${code} (${why})`)
          .join(', ')}.`,
      ].join(' '),
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: {
      node: {
        host: '{host}',
        protocol: 'ws',
        description: 'A node, or a proxy in front of it (wss).',
        variables: { host: { default: '127.0.0.1:8030' } },
      },
    },
    channels: {
      events: {
        address: EVENTS_PATH,
        messages: { ...messages(ClientFrameSchemas), ...messages(ServerFrameSchemas) },
        bindings: {
          ws: {
            method: 'GET',
            query: {
              type: 'object',
              properties: {
                ticket: { type: 'string', description: 'Who is calling, where no header can be sent. Counts once.' },
              },
            },
            headers: {
              type: 'object',
              properties: {
                AuthToken: { type: 'string', description: 'Who is calling: a token from createAuthToken.' },
                Authorization: { type: 'string', description: 'The same, after the word Bearer.' },
              },
            },
            bindingVersion: '0.1.0',
          },
        },
      },
    },
    operations: {
      ...Object.fromEntries(
        Object.entries(REPLIES).map(([name, replies]) => [
          name,
          {
            action: 'receive',
            channel: { $ref: CHANNEL },
            messages: [messageRef(name)],
            reply: { channel: { $ref: CHANNEL }, messages: replies.map(messageRef) },
          },
        ]),
      ),
      greet: { action: 'send', channel: { $ref: CHANNEL }, messages: [messageRef('hello')] },
    },
  };
}

function messages(schemas: Readonly<Record<string, TSchema & { readonly description?: string }>>): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, payload]) => [
      name,
      { name, ...(payload.description === undefined ? {} : { summary: payload.description }), payload },
    ]),
  );
}
