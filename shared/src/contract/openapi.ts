/** The OpenAPI 3.1 description of the REST side, PURE: made from the very schemas that validate. */
import type { TSchema } from 'typebox';
import { ErrorSchema, ValidationErrorSchema } from './answers.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { STATUS_ROWS } from './status.ts';

type Json = Readonly<Record<string, unknown>>;

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, TSchema & { readonly description?: string }>>;
  readonly required?: readonly string[];
}

const ERROR_ABOUT: Readonly<Record<number, string>> = {
  400: 'Something in the request must be mended; every bad field is named',
  401: 'The signature or token is not valid, or the nonce was used',
  406: 'It is to be had in another form only',
  404: "There is no such thing, or it is somebody else's",
  413: 'The body is too large',
  415: 'The body is not JSON',
  416: 'The range lies outside of the file',
  429: 'Too many requests; Retry-After says when to come back',
  500: 'A mistake of the node; its log says more',
  503: 'Not possible at the moment; Retry-After says when to try again',
};

/** `version` is the software's. */
export function openApi(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, endpoint] of Object.entries(ENDPOINTS) as [string, Endpoint][]) {
    for (const path of [endpoint.path, ...(endpoint.aliases ?? [])]) {
      const isAlias = path !== endpoint.path;
      (paths[path] ??= {})[endpoint.method.toLowerCase()] = operation(isAlias ? `${name}Alias` : name, endpoint);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Capstan',
      version,
      description: `A self-hosted compute node. Job statuses: ${STATUS_ROWS.map(({ code, text }) => `${code} ${text}`).join(', ')}. The WebSocket for live status is described at [/asyncapi.json](/asyncapi.json).`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Error: ErrorSchema, ValidationError: ValidationErrorSchema },
      securitySchemes: {
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

function operation(operationId: string, endpoint: Endpoint): Json {
  const { summary, about, success, errors, takesToken } = endpoint;
  return {
    operationId,
    summary,
    ...(about === undefined ? {} : { description: about }),
    parameters: queryParameters(endpoint),
    ...requestBody(endpoint),
    // Either a signature among the parameters, or a token.
    ...(takesToken ? { security: [{}, { AuthToken: [] }] } : {}),
    responses: {
      [success.status]: { description: success.about, content: { [success.type]: successContent(endpoint) } },
      ...otherResponses(endpoint),
      ...Object.fromEntries([...errors, 429, 500].map((status) => [status, errorResponse(status)])),
    },
  };
}

function queryParameters({ parameters, from }: Endpoint): readonly Json[] {
  if (parameters === undefined || from === 'body') return [];
  const { properties = {}, required = [] } = parameters as ObjectSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    // What may also stand in the body can't be required in the query.
    required: from === 'query' && required.includes(name),
    schema,
  }));
}

function requestBody({ parameters, from, takesBytes }: Endpoint): Json {
  if (takesBytes) return { requestBody: { required: true, content: { 'application/octet-stream': {} } } };
  if (parameters === undefined || from === 'query') return {};
  return { requestBody: { required: from === 'body', content: { 'application/json': { schema: parameters } } } };
}

function successContent({ success }: Endpoint): Json {
  if (success.schema !== undefined) return { schema: success.schema };
  return success.type.startsWith('text/') ? { schema: { type: 'string' } } : {};
}

function otherResponses({ otherwise = {} }: Endpoint): Json {
  const responses = Object.entries(otherwise).map(([status, { about, content }]) => {
    const media = content && { content: { [content.type]: content.schema ? { schema: content.schema } : {} } };
    return [status, { description: about, ...media }];
  });
  return Object.fromEntries(responses) as Json;
}

function errorResponse(status: number): Json {
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const schema = status === 400 ? { anyOf: [ref('ValidationError'), ref('Error')] } : ref('Error');
  return { description: ERROR_ABOUT[status] ?? 'An error', content: { 'application/json': { schema } } };
}
