/** The OpenAPI 3.1 description of the REST side, PURE: made from the very schemas that validate. */
import type { TSchema } from 'typebox';
import { EnvironmentObjectSchema, ErrorSchema, HealthSchema, RootSchema, ValidationErrorSchema } from './answers.ts';
import { StatusCodeSchema, StatusObjectSchema } from './api.ts';
import { ContainerSchema } from './ddo.ts';
import { ANSWERED_HEADERS, REQUEST_HEADERS, RETRY_AFTER } from './described-headers.ts';
import { aboutMember, withTexts } from './described-members.ts';
import { DescriptionSchema, FoundAssetsSchema } from './asset-answers.ts';
import { earlyExamples, refusalExamples } from './described-errors.ts';
import { EXAMPLES, TEXT_EXAMPLES } from './described-examples.ts';
import { FileInfoSchema } from './file-info.ts';
import { ENDPOINTS, type Endpoint, type EndpointName } from './endpoints.ts';
import { ResourcesSchema, ResultFileSchema, TerminationSchema } from './job.ts';
import { withNames } from './named-schemas.ts';
import { InitializeComputeAnswerSchema, OrderQuoteSchema, ProviderFeeSchema } from './quotes.ts';
import { TYPED_HEADER } from './typed-signature.ts';
import { STATUS_ROWS } from './status.ts';

type Json = Readonly<Record<string, unknown>>;

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, TSchema & { readonly description?: string; readonly type?: unknown }>>;
  readonly required?: readonly string[];
}

const ERROR_ABOUT: Readonly<Record<number, string>> = {
  400: 'Something in the request must be mended; every bad field is named',
  401: 'The signature or token is not valid, or the nonce was used',
  403: 'Who asks may not, or nobody may',
  406: 'It is to be had in another form only',
  404: "There is no such thing, or it is somebody else's",
  412: 'It is another file by now than the one that If-Match names',
  413: 'The body is too large',
  415: 'The body is not JSON',
  416: 'The range lies outside of the file',
  429: 'Too many requests; Retry-After says when to come back',
  500: 'A mistake of the node; its log says more',
  503: 'Not possible at the moment; Retry-After says when to try again',
};

/** What any request may hear before a route is looked for: of HTTP itself, and of the name it was sent to. */
const BEFORE_ANY_ROUTE: Readonly<Record<number, string>> = {
  400: 'It is no well-formed request, or has several Host headers',
  408: 'It took too long to arrive',
  413: 'The body is too large, or the extensions of its chunks are',
  417: 'Its Expect header asks for what the node does not know',
  421: 'It was sent to a name that this node does not answer to',
  431: 'Its headers, or the URL among them, are too large',
};

const BYTES = { type: 'string', format: 'binary' };

/** `version` is the software's. */
export function openApi(version: string): Json {
  const bodies = bodiesByEndpoint();
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [string, Endpoint][]) {
    for (const path of [endpoint.path, ...(endpoint.aliases ?? [])]) {
      const isAlias = path !== endpoint.path;
      (paths[path] ??= {})[endpoint.method.toLowerCase()] = operation(name as EndpointName, endpoint, {
        isAlias,
        body: bodies[name],
      });
    }
  }
  const named = withNames(paths, {
    Job: StatusObjectSchema,
    StatusCode: StatusCodeSchema,
    ResultFile: ResultFileSchema,
    Termination: TerminationSchema,
    Environment: EnvironmentObjectSchema,
    Resources: ResourcesSchema,
    Container: ContainerSchema,
    Health: HealthSchema,
    Node: RootSchema,
    OrderQuote: OrderQuoteSchema,
    ProviderFee: ProviderFeeSchema,
    Quotes: InitializeComputeAnswerSchema,
    Asset: DescriptionSchema,
    FoundAssets: FoundAssetsSchema,
    FileInfo: FileInfoSchema,
    ...Object.fromEntries(Object.entries(bodies).map(([name, body]) => [bodyName(name as EndpointName), body])),
  });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Capstan',
      version,
      description: `A self-hosted compute node. Job statuses: ${STATUS_ROWS.map(({ code, text }) => `${code} ${text}`).join(', ')}. The WebSocket for live status is described at [asyncapi.json](asyncapi.json).`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '.', description: 'This node' }],
    paths: withTexts(named.value),
    components: {
      schemas: filled({ ...named.schemas, Error: ErrorSchema, ValidationError: ValidationErrorSchema }),
      responses: Object.fromEntries(
        Object.entries(BEFORE_ANY_ROUTE).map(([status, about]) => [
          `Before${status}`,
          {
            description: about,
            content: { 'application/json': { schema: errorRef('Error'), examples: earlyExamples(Number(status)) } },
          },
        ]),
      ),
      securitySchemes: {
        CapstanSignature: {
          type: 'apiKey',
          in: 'header',
          name: TYPED_HEADER,
          description:
            'A typed signature (EIP-712) over this very request: address=0x…, nonce=…, expires=…, signature=0x…. Address and nonce need not come again as parameters.',
        },
        Bearer: { type: 'http', scheme: 'bearer', description: 'The same token as AuthToken.' },
        AuthToken: {
          type: 'apiKey',
          in: 'header',
          name: 'AuthToken',
          description: 'A token from createAuthToken, in place of a signature.',
        },
      },
    },
  };
}

/** With what their members are, and what one looks like. */
function filled(schemas: Json): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const example = EXAMPLES[name];
      return [name, { ...(withTexts(schema, name) as object), ...(example ? { examples: [example] } : {}) }];
    }),
  );
}

/** Of bodies, what a typed signature in the header says already need not come. */
function bodiesByEndpoint(): Readonly<Record<string, object>> {
  const endpoints = Object.entries(ENDPOINTS) as [string, Endpoint][];
  return Object.fromEntries(
    endpoints.flatMap(([name, endpoint]) => {
      const { parameters, from } = endpoint;
      if (parameters === undefined || from === 'query' || from === 'path') return [];
      const { required = [] } = parameters as ObjectSchema;
      const body = { ...parameters, required: required.filter((each) => isNeeded(endpoint, each)) };
      return [[name, body]];
    }),
  );
}

const bodyName = (name: EndpointName) => {
  const { bodyName: own }: Endpoint = ENDPOINTS[name];
  return own ?? `${name.slice(0, 1).toUpperCase()}${name.slice(1)}Request`;
};

interface Place {
  readonly isAlias: boolean;
  readonly body: object | undefined;
}

function operation(name: EndpointName, endpoint: Endpoint, { isAlias, body }: Place): Json {
  const { summary, about, success, errors, caller } = endpoint;
  return {
    operationId: isAlias ? `${name}Alias` : name,
    summary,
    ...(about === undefined ? {} : { description: about }),
    parameters: [...queryParameters(endpoint), ...headerParameters(name)],
    ...requestBody(endpoint, body),
    security: securityOf(caller),
    responses: {
      [success.status]: {
        description: success.about,
        ...headersOf(name, success.status),
        content: { [success.type]: successContent(endpoint) },
      },
      ...otherResponses(name, endpoint),
      ...Object.fromEntries(
        [...errors, 429, 500].map((status) => [
          status,
          { ...errorResponse(status, refusalExamples(name, endpoint, status)), ...headersOf(name, status) },
        ]),
      ),
      ...Object.fromEntries(
        Object.keys(BEFORE_ANY_ROUTE)
          .filter((status) => !errors.includes(Number(status)))
          .map((status) => [status, { $ref: `#/components/responses/Before${status}` }]),
      ),
    },
  };
}

/** What a typed signature in the header says already. */
const PROVEN: ReadonlySet<string> = new Set(['consumerAddress', 'address', 'nonce']);

const isNeeded = ({ caller }: Endpoint, name: string) => securityOf(caller).length === 0 || !PROVEN.has(name);

/** What may stand in the headers. `{}`: a signature among the parameters will do. */
function securityOf(caller: Endpoint['caller']): readonly Json[] {
  switch (caller?.kind) {
    case 'signed':
    case 'known':
    case 'typed or token':
      return [{}, { CapstanSignature: [] }, { AuthToken: [] }, { Bearer: [] }];
    case 'typed':
      return [{ CapstanSignature: [] }, {}];
    case 'listed':
    case undefined:
      return [];
  }
}

function queryParameters(endpoint: Endpoint): readonly Json[] {
  const { parameters, from } = endpoint;
  if (parameters === undefined || from === 'body') return [];
  const { properties = {}, required = [] } = parameters as ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: from === 'path' ? 'path' : 'query',
    // What may also stand in the body can't be required in the query.
    required: (from === 'query' || from === 'path') && required.includes(name) && isNeeded(endpoint, name),
    description: schema.description ?? aboutMember(name) ?? name,
    // Objects and lists stand in a query as JSON.
    ...(schema.type === 'object' || schema.type === 'array'
      ? { content: { 'application/json': { schema } } }
      : { schema }),
  }));
}

function headerParameters(name: EndpointName): readonly Json[] {
  return Object.entries(REQUEST_HEADERS[name] ?? {}).map(([header, description]) => ({
    name: header,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
}

function headersOf(name: EndpointName, status: number): Json {
  const described = {
    ...ANSWERED_HEADERS[name]?.[status],
    ...(status === 429 || (status === 503 && name !== 'health') ? { 'Retry-After': RETRY_AFTER } : {}),
  };
  const entries = Object.entries(described).map(([header, { about, schema, always = false }]) => [
    header,
    { description: about, required: always, schema },
  ]);
  return entries.length === 0 ? {} : { headers: Object.fromEntries(entries) as Json };
}

function requestBody({ from, takesBytes }: Endpoint, body: object | undefined): Json {
  if (takesBytes)
    return { requestBody: { required: true, content: { 'application/octet-stream': { schema: BYTES } } } };
  if (body === undefined) return {};
  return { requestBody: { required: from === 'body', content: { 'application/json': { schema: body } } } };
}

function successContent({ success }: Endpoint): Json {
  if (success.schema !== undefined) return { schema: success.schema };
  const example = TEXT_EXAMPLES[success.type];
  return success.type.startsWith('text/')
    ? { schema: { type: 'string' }, ...(example ? { example } : {}) }
    : { schema: BYTES };
}

function otherResponses(name: EndpointName, { otherwise = {} }: Endpoint): Json {
  const responses = Object.entries(otherwise).map(([status, { about, content }]) => {
    const media = content && { content: { [content.type]: { schema: content.schema ?? BYTES } } };
    return [status, { description: about, ...headersOf(name, Number(status)), ...media }];
  });
  return Object.fromEntries(responses) as Json;
}

function errorResponse(status: number, examples: Json | undefined): Json {
  const schema = status === 400 ? { anyOf: [errorRef('ValidationError'), errorRef('Error')] } : errorRef('Error');
  const content = { 'application/json': { schema, ...(examples ? { examples } : {}) } };
  return { description: ERROR_ABOUT[status] ?? 'An error', content };
}

function errorRef(name: 'Error' | 'ValidationError'): Json {
  return { $ref: `#/components/schemas/${name}` };
}
