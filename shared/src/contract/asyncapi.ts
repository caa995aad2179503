/** The AsyncAPI 3 description of the live status socket, PURE: made from the very schemas that validate. */
import type { TSchema } from 'typebox';
import { StatusCodeSchema, StatusObjectSchema } from './api.ts';
import { withTexts } from './described-members.ts';
import { ResultFileSchema, TerminationSchema } from './job.ts';
import { withNames } from './named-schemas.ts';
import { EVENTS_PATH } from './paths.ts';
import {
  CLOSE,
  CLOSE_ABOUT,
  ClientFrameSchemas,
  ErrorFrameSchema,
  EventFrameSchema,
  PROTOCOL_VERSION,
  ServerFrameSchemas,
  SnapshotFrameSchema,
  SOCKET_ERROR_CODES,
  SubscribeFrameSchema,
} from './socket.ts';

type Json = Readonly<Record<string, unknown>>;
type ServerFrameName = keyof typeof ServerFrameSchemas;

/** What the node answers to each frame of a client. */
const REPLIES: Readonly<Record<keyof typeof ClientFrameSchemas, readonly ServerFrameName[]>> = {
  authenticate: ['authenticated', 'error'],
  subscribe: ['snapshot', 'event', 'caughtUp', 'reset', 'counts', 'progress', 'queue', 'removed', 'error'],
  page: ['page', 'error'],
  logs: ['log', 'logRestart', 'logEnd', 'error'],
  unsubscribe: ['unsubscribed'],
  ping: ['pong'],
};

const CHANNEL = '#/channels/events';
const messageRef = (name: string) => ({ $ref: `${CHANNEL}/messages/${name}` });

/** `version` is the software's; `errorCodes` are those of the table of errors. */
export function asyncApi(version: string, errorCodes: readonly string[]): Json {
  const errorFrame = withCodes([...errorCodes, ...SOCKET_ERROR_CODES]);
  const named = withNames(
    { ...messages(ClientFrameSchemas), ...messages({ ...ServerFrameSchemas, error: errorFrame }) },
    {
      Job: StatusObjectSchema,
      StatusCode: StatusCodeSchema,
      ResultFile: ResultFileSchema,
      Termination: TerminationSchema,
      Event: EventFrameSchema,
      Snapshot: SnapshotFrameSchema,
      Subscribe: SubscribeFrameSchema,
      Error: errorFrame,
    },
  );
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
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
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
        messages: withTexts(named.value),
        // AsyncAPI has no place for them.
        'x-close-codes': Object.fromEntries(Object.entries(CLOSE).map(([why, code]) => [code, aboutClose(why)])),
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
                'Capstan-Signature': {
                  type: 'string',
                  description: 'Who is calling: a typed signature over the request that opens the socket.',
                },
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
    components: {
      schemas: Object.fromEntries(
        Object.entries(named.schemas).map(([name, schema]) => [name, withTexts(schema, name)]),
      ),
    },
  };
}

const aboutClose = (why: string) => CLOSE_ABOUT[why as keyof typeof CLOSE];

/** The error frame with the codes that it may have. */
function withCodes(codes: readonly string[]): typeof ErrorFrameSchema {
  const { properties } = ErrorFrameSchema;
  const code = { ...properties.code, enum: [...codes] };
  return { ...ErrorFrameSchema, properties: { ...properties, code } };
}

function messages(schemas: Readonly<Record<string, TSchema & { readonly description?: string }>>): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, payload]) => [
      name,
      { name, ...(payload.description === undefined ? {} : { summary: payload.description }), payload },
    ]),
  );
}
