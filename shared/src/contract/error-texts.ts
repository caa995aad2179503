/** What each error means and what to do next, in words: for docs/errors.md. Apart from the table of codes, which browsers load. */
import type { ErrorCode } from './errors.ts';

export interface ErrorText {
  readonly about: string;
  /** What whoever meets it does next. */
  readonly hint: string;
}

const ASK_AGAIN = 'Send the same request again, after `Retry-After` if the answer has it.';
const TELL_OPERATOR = 'Nothing that you send can mend it: tell the operator, whose log says more.';

export const ERROR_TEXTS: Readonly<Record<ErrorCode, ErrorText>> = {
  VALIDATION: {
    about: 'Fields of the request are missing or malformed. `errors` lists them all at once.',
    hint: 'Mend every field that `errors` names, and send it again; the nonce was not used.',
  },
  BAD_REQUEST: {
    about: 'The request cannot be read: its body is no JSON object, broke off, or holds too much.',
    hint: 'The text says what could not be read. Mend that; the nonce was not used.',
  },
  BAD_FRAME: {
    about: 'What came over a socket is no frame, or one that cannot be followed.',
    hint: 'Compare the frame with the AsyncAPI description at `/asyncapi.json`, and send it again.',
  },
  REFUSED: {
    about:
      'The request can be read, and this node does not do it: the order, an asset or the environment speaks against it.',
    hint: 'Do what `message` says. `error` is the code of Ocean Provider, `reason` tells apart what shares a code: see below.',
  },
  INVALID_SIGNATURE: {
    about: 'The signature, token or ticket does not prove who sends this, or the nonce was used before.',
    hint: '`message` has the text that had to be signed. Compare it with what you signed, take a nonce above the last one (`GET /api/services/nonce`), and sign anew; ask for a new token or ticket where one has expired.',
  },
  ORIGIN_REFUSED: {
    about: 'A page of an origin that the operator did not list tried to connect.',
    hint: 'Ask the operator to list the origin in `gateway.corsOrigins`.',
  },
  FORBIDDEN: {
    about: 'It is known who asks, and they may not, or nobody may: `error` says which.',
    hint: 'Ask the operator to list your address (`gateway.decrypters`), or leave it: the asset was taken back, or is for another node.',
  },
  NOT_FOUND: {
    about: "There is no such thing here, or it is somebody else's: both have the same answer.",
    hint: 'Check the id and that you sign with the wallet that sent the job. `GET /` lists the routes.',
  },
  EXPIRED: {
    about: 'It was there, and the time that it was kept is over.',
    hint: 'Run the job again; `expireTimestamp` of the status says until when its results are kept.',
  },
  METHOD_NOT_ALLOWED: { about: 'The path has other methods.', hint: 'Use one of the `Allow` header.' },
  NOT_ACCEPTABLE: {
    about: 'The route answers with a stream, and the request accepts none.',
    hint: 'Accept `text/event-stream`, or connect a WebSocket.',
  },
  PRECONDITION_FAILED: {
    about: 'The file has changed since its ETag was read: the job was run again.',
    hint: 'Fetch it from its beginning, without `If-Match`.',
  },
  BODY_TOO_LARGE: {
    about: 'The body is larger than the node takes.',
    hint: 'Send less: put long code into an image or a published algorithm. The operator sets the limit.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    about: 'The body is of a type that this route does not read.',
    hint: 'Send JSON with `Content-Type: application/json`.',
  },
  RANGE_NOT_SATISFIABLE: {
    about: 'The range that was asked for lies outside of the file.',
    hint: 'Ask for a range below the length in `Content-Range`.',
  },
  MISDIRECTED: {
    about: 'The request was sent to a name that this node does not answer to.',
    hint: 'Use the name that the operator published. The operator lists names in `gateway.hosts` or sets `gateway.publicUrl`.',
  },
  TOO_MANY_REQUESTS: {
    about: 'Too many requests came from one address or network.',
    hint: 'Wait as long as `Retry-After` says.',
  },
  QUOTA_REACHED: {
    about: 'An address or a network has as much waiting or kept on the node as it may.',
    hint: 'Wait for the end of some jobs, stop them, or delete ended ones; then send it again.',
  },
  RUNNER_ID_TAKEN: {
    about: 'Another process works under the id of the runner.',
    hint: 'For the operator: stop the other one, or give this one an id of its own (`runner.id`).',
  },
  STORE_IN_USE: {
    about: 'Another gateway holds the store of this data folder.',
    hint: 'For the operator: stop the other one first; there is one gateway a store.',
  },
  NODE_FULL: {
    about: 'So much waits, or is kept, on the whole node that nothing more is taken for now.',
    hint: ASK_AGAIN,
  },
  STORE_UNAVAILABLE: {
    about: 'The store of the gateway cannot be written or read: a full or a broken disk.',
    hint: `${ASK_AGAIN} The operator looks at \`npm run doctor\`.`,
  },
  METADATA_UNAVAILABLE: { about: 'The metadata store does not answer.', hint: ASK_AGAIN },
  BUS_UNAVAILABLE: { about: 'NATS, which carries messages between the parts of the node, is away.', hint: ASK_AGAIN },
  RESULTS_UNAVAILABLE: {
    about: 'The store of results does not answer, or what it holds is not what was stored.',
    hint: `${ASK_AGAIN} If it lasts, tell the operator.`,
  },
  LOG_UNAVAILABLE: {
    about: 'The runner that has the log does not answer at the moment.',
    hint: `${ASK_AGAIN} Or follow the log live: it goes on by itself.`,
  },
  FILES_UNAVAILABLE: {
    about:
      'The files of an asset cannot be had at the moment: no runner is there to fetch them, or their source does not answer.',
    hint: ASK_AGAIN,
  },
  CHAIN_UNAVAILABLE: {
    about: 'No endpoint of the chain answers, so the order cannot be checked.',
    hint: `${ASK_AGAIN} The order is not lost.`,
  },
  ENGINE_UNAVAILABLE: { about: 'The container engine does not answer.', hint: ASK_AGAIN },
  MESSAGE_TOO_LARGE: {
    about: 'A message between the parts of the node is more than NATS takes (max_payload).',
    hint: TELL_OPERATOR,
  },
  ENGINE_FULL: {
    about: 'The container engine has no network, inode or space for another job just now.',
    hint: ASK_AGAIN,
  },
  DISK_FILLED: {
    about:
      'What a job brings, its image or its data, is more than the disk of the container engine has room for just now.',
    hint: ASK_AGAIN,
  },
  ENGINE_REFUSED: { about: 'The container engine refuses what the node asks of it.', hint: TELL_OPERATOR },
  INVALID_MESSAGE: { about: 'A message between the parts of the node is not of its form.', hint: TELL_OPERATOR },
  INVALID_CONFIG: {
    about: 'The configuration cannot be used, so the node does not start. All problems are listed together.',
    hint: 'For the operator: mend each setting that is named; [configuration.md](configuration.md) has their ranges.',
  },
  INTERNAL: { about: 'A mistake of the node.', hint: TELL_OPERATOR },
  IMAGE_UNAVAILABLE: {
    about:
      'The image of the algorithm could not be had: it does not exist, is not allowed, is too large, or its registry does not answer.',
    hint: 'Check name, tag and digest by `docker pull`. For a private registry the operator adds a login ([images.md](images.md)).',
  },
  VOLUME_REFUSED: { about: 'The engine did not make the volumes of the job.', hint: TELL_OPERATOR },
  IMAGE_GONE: {
    about: 'The image was removed from the machine between its pull and its use.',
    hint: 'The node pulls it again by itself. If the job ended by it, run the job again.',
  },
  CONTAINER_REFUSED: {
    about: 'The engine did not make the container, or neither the order nor the image says which program to run.',
    hint: 'Name an `entrypoint`. If there is one, tell the operator.',
  },
  CONTAINER_LOST: {
    about: 'The engine lost the container while the algorithm ran.',
    hint: 'The node makes new attempts by itself, three in all. If the job ended by it, run the job again.',
  },
  START_UNKNOWN: {
    about: 'The container engine answered all else, and not whether it had started the container: it may have run.',
    hint: 'Order again; if it comes again, the operator of the node should restart its container engine.',
  },
  START_REFUSED: {
    about: 'The container could not start: mostly, the program of the entrypoint is not in the image.',
    hint: 'Try the entrypoint by `docker run` with the same image, and mend it.',
  },
  FILTER_UNAVAILABLE: {
    about: 'The image of the filter that every output of this environment passes cannot be had.',
    hint: TELL_OPERATOR,
  },
  GPUS_REFUSED: { about: 'The engine did not give the container its GPUs.', hint: TELL_OPERATOR },
  DATA_UNAVAILABLE: {
    about: 'A file of a dataset could not be fetched. The details say which file and why.',
    hint: 'Tell the owner of the dataset; the order stays valid, so that the job can be run again.',
  },
  ALGORITHM_UNAVAILABLE: {
    about: 'The code of the algorithm could not be fetched, or has no files.',
    hint: 'Tell the owner of the algorithm; the order stays valid.',
  },
  FETCH_FAILED: {
    about:
      'A source did not give a file: it refused, was too slow, or the file is too large or not the one that was described.',
    hint: 'Tell the owner of the file; the text names the cause and never the address.',
  },
  FETCH_ABSENT: { about: 'The source says that there is no such file.', hint: 'Tell the owner of the file.' },
  FETCH_INTERRUPTED: {
    about: 'A download broke off.',
    hint: 'The node tries again by itself. If the job ended by it, run the job again.',
  },
  OUTPUTS_UNREADABLE: {
    about: 'The outputs could not be read from the container.',
    hint: 'Run the job again; if it happens twice, tell the operator.',
  },
  RESULTS_UNWRITABLE: {
    about: 'The results could not be stored, however often it was tried.',
    hint: 'Run the job again later; the operator looks at the store of results.',
  },
};
