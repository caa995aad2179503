/** What refusals look like, PURE: one of each status, as the node answers it. A test holds them to their schemas. */
import type { Endpoint, EndpointName } from './endpoints.ts';

type Examples = Readonly<Record<string, { readonly value: object }>>;

const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A';

/** By status. */
const REFUSALS: Readonly<Record<number, object>> = {
  401: {
    error: 'Invalid signature provided. Please check the nonce or documentId.',
    message: `The nonce 1732450000000 is used up: the last one of ${ADDRESS} is 1732450000000, statuses included. Sign with a greater one, such as the time in milliseconds.`,
  },
  403: {
    error: 'Decrypter not authorized',
    message: "This node opens descriptions for the addresses in the operator's setting gateway.decrypters alone.",
  },
  404: { error: 'There is no such job of yours. Check the id, and that you sign with the key that ordered it.' },
  406: { error: 'This is a stream: accept text/event-stream, or connect a WebSocket.' },
  410: {
    error:
      'The results of this run were kept until 2024-11-24T12:06:52.456Z, as its environment says, and are gone. Run the job again to have them anew.',
  },
  412: {
    error:
      'The result is another file than the one that If-Match names: the job was run again. Fetch it from its beginning.',
  },
  413: {
    error:
      'The body is larger than the 1000000 bytes that this node takes. Send less: long code belongs into an image or a published algorithm.',
  },
  415: { error: 'Send the parameters as JSON, with Content-Type: application/json.' },
  416: { error: 'The result has 2048 bytes; the range lies outside of them.' },
  429: { error: 'Too many requests. Try again in 2 s.' },
  500: { error: 'Something went wrong in the node. Its log says what.' },
  503: { error: "The node can't store anything at the moment: database or disk is full. Try again in 5 s." },
};

/** Before a route is looked for, by status. */
const EARLY: Readonly<Record<number, object>> = {
  400: { error: 'This is not a well-formed HTTP request. Send it by a library for HTTP.' },
  408: { error: 'The request took too long to arrive. Send it again, all of it at once.' },
  413: { error: 'The extensions of a chunk are too large. Send the body without them.' },
  417: { error: 'The header Expect asks for what this node does not know. Leave it out, or send 100-continue.' },
  421: {
    error:
      'This node does not answer to "node.lan". If that is its name, its operator lists it in gateway.hosts, or sets gateway.publicUrl.',
  },
  431: { error: 'The headers, or the URL among them, are too large. Send less, or what may stand in a body there.' },
};

export const earlyExamples = (status: number): Examples => ({ refused: { value: EARLY[status] ?? {} } });

const CHAIN_AWAY = {
  error: "Chain 8996 can't be asked at the moment, so no order on it can be checked. Try again shortly.",
};

/** Where another cause is the usual one. */
const OF_ENDPOINTS: Readonly<Partial<Record<EndpointName, Readonly<Record<number, object>>>>> = {
  assetDescription: {
    404: {
      error:
        'The catalogue of this node has no such asset. Check the DID; what is for listed consumers only is shown to them, with a typed signature or a token.',
    },
  },
  computeStart: {
    429: {
      error:
        'Of this address: 100 jobs wait for their turn, all that this node lets be (its setting gateway.quotas.waitingJobsPerAddress). Stop or delete some, or try again later.',
    },
    503: {
      error:
        'On this node: 7500 jobs wait for their turn, all that this node lets be (its setting gateway.quotas.waitingJobs). Try again later.',
    },
  },
  computeEvents: {
    429: { error: 'Your network holds as many subscriptions open as one may, 1000. Close one, or try again later.' },
  },
  computeLogs: {
    410: { error: 'The log of this job is not kept any more. Run the job again.' },
    503: {
      error: 'The runner that has the log of this job does not answer at the moment. Ask again, or follow the log.',
    },
  },
  computeResult: {
    404: { error: 'There is no such result. Ask for the status of the job to see which it has.' },
    503: {
      error:
        "This result can't be read completely at the moment. Tell the operator of the node if that lasts. Try again in 5 s.",
    },
  },
  initializeCompute: { 503: CHAIN_AWAY },
  initialize: { 503: CHAIN_AWAY },
  fileinfo: {
    429: {
      error: 'This node looks at so many files an hour only, for all who ask together. Try again in 30 s.',
    },
    503: { error: 'No runner is there to look at the files. Try again shortly.' },
  },
  decrypt: { 503: { error: 'Chain 8996 did not answer in time. Try again shortly.' } },
  download: { 503: { error: 'No runner is there to send the file. Try again shortly.' } },
};

interface Parameters {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

/** For the answer of a route with this status; undefined where there is none to show. */
export function refusalExamples(name: EndpointName, endpoint: Endpoint, status: number): Examples | undefined {
  if (status === 400) return malformed(endpoint);
  const value = OF_ENDPOINTS[name]?.[status] ?? REFUSALS[status];
  return value === undefined ? undefined : { refused: { value } };
}

function malformed({ parameters, refusesOrders }: Endpoint): Examples {
  const { properties = {}, required = [] } = (parameters ?? {}) as Parameters;
  const field = required[0] ?? Object.keys(properties)[0] ?? 'body';
  const errors = { [field]: [`The ${field} field is required.`] };
  return {
    malformed: { value: { errors, message: 'Validation error', success: false } },
    ...(refusesOrders === true
      ? {
          refused: {
            value: {
              error: { 'dataset.serviceId': 'not_found' },
              message: 'The asset has no service x; it offers: compute.',
            },
          },
        }
      : {}),
  };
}
