/**
 * The routes of the REST side, in one table: the gateway serves them, `GET /` lists them for clients, and the OpenAPI description is
 * made from them. Source: the wire contract, §1.
 */
import { Type } from 'typebox';
import {
  CreateTokenQuerySchema,
  DeleteRequestSchema,
  DeleteTokenRequestSchema,
  EnvironmentsQuerySchema,
  EventsQuerySchema,
  InitializeComputeRequestSchema,
  InitializeQuerySchema,
  NonceQuerySchema,
  ResultQuerySchema,
  StartRequestSchema,
  StatusObjectSchema,
  StatusQuerySchema,
  StopRequestSchema,
  TicketRequestSchema,
} from './api.ts';
import { InitializeComputeAnswerSchema, OrderQuoteSchema } from './quotes.ts';
import { EnvironmentObjectSchema, HealthSchema, RootSchema } from './answers.ts';
import { ASSET_ENDPOINTS } from './asset-endpoints.ts';
import { json, type Endpoint } from './endpoint.ts';
import { LogQuerySchema } from './log-query.ts';
import { COMPUTE_PATH as COMPUTE, EVENTS_PATH } from './paths.ts';

const PAGE_ALIAS = '/api/compute';

/** What is signed to ask how jobs stand, and to stop or delete them. */
const SIGNS_JOBS = 'consumerAddress + (jobId) + (documentId) + nonce';
const SIGNS_START = 'consumerAddress + (jobId) + dataset.documentId + nonce';
const SIGNS_RESULT = 'consumerAddress + jobId + index + nonce';

const Statuses = Type.Array(StatusObjectSchema);

export const ENDPOINTS = {
  root: {
    method: 'GET',
    path: '/',
    summary: 'What this node is, and where its routes are',
    success: json('Facts of the node', RootSchema),
    errors: [],
  },
  health: {
    method: 'GET',
    path: '/health',
    summary: 'The state of each part of the node',
    success: json('Jobs can be accepted', HealthSchema),
    otherwise: {
      503: { about: 'None can be accepted', content: { type: 'application/json', schema: HealthSchema } },
    },
    errors: [],
  },
  nonce: {
    method: 'GET',
    path: '/api/services/nonce',
    summary: 'The last nonce that an address used here',
    about:
      'A new address has 0. Statuses count, too. Whatever is signed next must carry a greater one; from 2^53 on it is shown so that numbers of JavaScript can count on.',
    parameters: NonceQuerySchema,
    from: 'query',
    success: json('The nonce, with all of its digits', Type.Object({ nonce: Type.Number() })),
    errors: [400],
  },
  ...ASSET_ENDPOINTS,
  computeEnvironments: {
    method: 'GET',
    path: '/api/services/computeEnvironments',
    summary: 'The environments that jobs can run in',
    about: 'With a chain: a list. Without: an object of lists by chain id.',
    parameters: EnvironmentsQuerySchema,
    from: 'query',
    success: json(
      'The environments',
      Type.Union([
        Type.Array(EnvironmentObjectSchema),
        Type.Record(Type.String(), Type.Array(EnvironmentObjectSchema)),
      ]),
    ),
    errors: [400],
  },
  initializeCompute: {
    method: 'POST',
    path: '/api/services/initializeCompute',
    summary: 'What the orders of a job cost, and which are there already',
    about:
      'Per asset: a fee signed by this node, to order with; with validOrder, to reuse that order with; or validOrder alone, where nothing is to be paid. One fee of them is not zero, if the environment has a price.',
    parameters: InitializeComputeRequestSchema,
    from: 'body',
    readsQuery: true,
    refusesOrders: true,
    success: json('What to do about each asset', InitializeComputeAnswerSchema),
    errors: [400, 413, 415, 503],
  },
  initialize: {
    method: 'GET',
    path: '/api/services/initialize',
    summary: 'What an order of one service costs',
    parameters: InitializeQuerySchema,
    from: 'query',
    refusesOrders: true,
    success: json('What to do about the asset', OrderQuoteSchema),
    errors: [400, 503],
  },
  computeStart: {
    method: 'POST',
    path: COMPUTE,
    aliases: [PAGE_ALIAS],
    summary: 'Start a job, or the next run of one that has ended',
    about: `Signs ${SIGNS_START}. The answer comes once the job is on the disk.`,
    parameters: StartRequestSchema,
    from: 'query or body',
    bodyName: 'Order',
    refusesOrders: true,
    suggests: true,
    caller: { kind: 'signed', signs: SIGNS_START },
    success: json('The job, as a list of one', Statuses),
    errors: [400, 401, 404, 413, 415, 503],
  },
  computeStatus: {
    method: 'GET',
    path: COMPUTE,
    aliases: [PAGE_ALIAS],
    summary: 'How jobs stand',
    about:
      'At least one of jobId, documentId, agreementId and consumerAddress. Newest first, 1,000 at most. With since or waitFor the header Capstan-Cursor says up to which event the answer is.',
    parameters: StatusQuerySchema,
    from: 'query',
    caller: { kind: 'known', signs: SIGNS_JOBS, ticket: true },
    success: json('The jobs; none is an empty list', Statuses),
    otherwise: { 304: { about: 'Nothing has changed since the answer that If-None-Match names' } },
    errors: [400, 401],
  },
  computeEvents: {
    method: 'GET',
    path: EVENTS_PATH,
    summary: 'Live status as server-sent events',
    about:
      'At least one of jobId, jobs, documentId and consumerAddress; for operators, environment or all will do. The frames of the WebSocket at the same path, each as an event whose id is its cursor; /asyncapi.json describes them. Last-Event-ID resumes.',
    parameters: EventsQuerySchema,
    from: 'query',
    caller: { kind: 'known', signs: SIGNS_JOBS, ticket: true },
    success: { status: 200, about: 'Events, as they happen', type: 'text/event-stream' },
    errors: [400, 401, 406],
  },
  createTicket: {
    method: 'POST',
    path: `${COMPUTE}/ticket`,
    summary: 'A ticket for one connection that can send no header',
    about:
      'Wants a typed signature (Capstan-Signature) or a token. It goes into the address of what reads, as ticket: of a WebSocket, an event stream, a result.',
    parameters: TicketRequestSchema,
    from: 'query or body',
    caller: { kind: 'typed or token' },
    success: json(
      'The ticket, and when it ends (Unix seconds)',
      Type.Object({ ticket: Type.String(), expires: Type.Number() }),
    ),
    errors: [400, 401, 413, 415, 503],
  },
  computeStop: {
    method: 'PUT',
    path: COMPUTE,
    aliases: [PAGE_ALIAS],
    summary: 'Stop jobs',
    about: `Signs ${SIGNS_JOBS}. Without a jobId: all of the caller's jobs, or those on a dataset. Answers once they have stopped, or after ten seconds with stopreq 1.`,
    parameters: StopRequestSchema,
    from: 'query or body',
    forgivesBody: true,
    caller: { kind: 'signed', signs: SIGNS_JOBS },
    success: json('The jobs touched', Statuses),
    errors: [400, 401, 404, 413, 415, 503],
  },
  computeDelete: {
    method: 'DELETE',
    path: COMPUTE,
    aliases: [PAGE_ALIAS],
    summary: 'Delete jobs with everything that belongs to them',
    about: `Signs ${SIGNS_JOBS}. A running job is stopped first. Final.`,
    parameters: DeleteRequestSchema,
    from: 'query or body',
    forgivesBody: true,
    caller: { kind: 'signed', signs: SIGNS_JOBS },
    success: json('The jobs touched', Statuses),
    errors: [400, 401, 404, 413, 415, 503],
  },
  computeResult: {
    method: 'GET',
    path: '/api/services/computeResult',
    summary: 'The bytes of one result',
    about: `Signs ${SIGNS_RESULT}. Takes Range, If-Range, If-Match and If-None-Match.`,
    parameters: ResultQuerySchema,
    from: 'query',
    caller: { kind: 'signed', signs: SIGNS_RESULT, ticket: true },
    success: { status: 200, about: 'The whole file', type: 'application/octet-stream' },
    otherwise: {
      206: { about: 'The part that was asked for', content: { type: 'application/octet-stream' } },
      304: { about: 'The client has the file already' },
    },
    errors: [400, 401, 404, 410, 412, 416, 503],
  },
  computeLogs: {
    method: 'GET',
    path: '/api/services/computeLogs',
    summary: 'The log of a job, before, while and after it runs',
    about:
      'Signs consumerAddress + jobId + `log` + nonce. The bytes as they were written; with `Accept: application/x-ndjson` the frames of the WebSocket, one a line: log, logRestart, logEnd.',
    parameters: LogQuerySchema,
    from: 'query',
    caller: { kind: 'signed', signs: 'consumerAddress + jobId + "log" + nonce', ticket: true },
    success: { status: 200, about: 'The log from there on', type: 'text/plain' },
    errors: [400, 401, 404, 410, 503],
  },
  createAuthToken: {
    method: 'GET',
    path: '/api/services/createAuthToken',
    summary: 'A token that stands for a signature until it expires',
    about:
      'Wants a typed signature (Capstan-Signature). Send the token as the header AuthToken, or Authorization: Bearer, in place of a signature.',
    parameters: CreateTokenQuerySchema,
    from: 'query',
    caller: { kind: 'typed' },
    success: json('The token', Type.Object({ token: Type.String() })),
    errors: [400, 401, 503],
  },
  deleteAuthToken: {
    method: 'DELETE',
    path: '/api/services/deleteAuthToken',
    summary: 'Take a token back',
    about: 'Wants a typed signature (Capstan-Signature).',
    parameters: DeleteTokenRequestSchema,
    from: 'query or body',
    caller: { kind: 'typed' },
    success: json('It counts no more', Type.Object({ success: Type.Literal('Token has been deactivated.') })),
    errors: [400, 401, 413, 415, 503],
  },
} as const satisfies Record<string, Endpoint>;

export type { Endpoint };
export type EndpointName = keyof typeof ENDPOINTS;

/** Those that clients find through `GET /`, by the names that Ocean's clients look for. */
export const SERVICE_ENDPOINTS: Readonly<Record<string, readonly [method: string, path: string]>> = Object.fromEntries(
  Object.entries(ENDPOINTS)
    .filter(([name]) => name !== 'root' && name !== 'health')
    .map(([name, { method, path }]) => [name, [method, path]]),
);
