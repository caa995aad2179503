/** One error class with a code from one table, PURE. Errors are recognised by code, never by text. */

export interface ErrorRow {
  /** HTTP status where a client meets it. */
  readonly status: number;
  /** Whether trying again, unchanged, may succeed. */
  readonly retryable: boolean;
}

export const ERRORS = {
  // Requests
  VALIDATION: { status: 400, retryable: false },
  BAD_REQUEST: { status: 400, retryable: false },
  /** What came over a socket is no frame, or none that can be followed. */
  BAD_FRAME: { status: 400, retryable: false },
  REFUSED: { status: 400, retryable: false },
  INVALID_SIGNATURE: { status: 401, retryable: false },
  ORIGIN_REFUSED: { status: 403, retryable: false },
  /** It is known who asks, and that they may not. */
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  /** It was there, and its time is over. */
  EXPIRED: { status: 410, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  NOT_ACCEPTABLE: { status: 406, retryable: false },
  /** It has changed since the client saw it. */
  PRECONDITION_FAILED: { status: 412, retryable: false },
  BODY_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  RANGE_NOT_SATISFIABLE: { status: 416, retryable: false },
  /** Sent to a name that this node does not answer to. */
  MISDIRECTED: { status: 421, retryable: false },
  TOO_MANY_REQUESTS: { status: 429, retryable: true },
  /** An address or a network has as much on the node as it may. */
  QUOTA_REACHED: { status: 429, retryable: true },
  // The node's own parts
  /** Another process works under the runner's id. */
  RUNNER_ID_TAKEN: { status: 500, retryable: false },
  /** Another gateway holds it. */
  STORE_IN_USE: { status: 503, retryable: false },
  /** So much waits, or is kept, that nothing more is taken for now. */
  NODE_FULL: { status: 503, retryable: true },
  STORE_UNAVAILABLE: { status: 503, retryable: true },
  METADATA_UNAVAILABLE: { status: 503, retryable: true },
  BUS_UNAVAILABLE: { status: 503, retryable: true },
  RESULTS_UNAVAILABLE: { status: 503, retryable: true },
  LOG_UNAVAILABLE: { status: 503, retryable: true },
  /** Files can not be had: no runner is there, or their source is away. */
  FILES_UNAVAILABLE: { status: 503, retryable: true },
  CHAIN_UNAVAILABLE: { status: 503, retryable: true },
  ENGINE_UNAVAILABLE: { status: 503, retryable: true },
  /** Of our own services to each other: more than the broker takes. */
  MESSAGE_TOO_LARGE: { status: 500, retryable: false },
  /** It has no room for more just now: no network, no inode, no space. */
  ENGINE_FULL: { status: 503, retryable: true },
  /** Its disk filled up while what a job brings was put onto it. The cause is the failure, where that is the job's own doing. */
  DISK_FILLED: { status: 503, retryable: true },
  /** It answers, and will not do it. */
  ENGINE_REFUSED: { status: 500, retryable: false },
  INVALID_MESSAGE: { status: 500, retryable: false },
  INVALID_CONFIG: { status: 500, retryable: false },
  INTERNAL: { status: 500, retryable: false },
  // Steps of a job
  IMAGE_UNAVAILABLE: { status: 500, retryable: false },
  VOLUME_REFUSED: { status: 500, retryable: false },
  /** It was on the machine, and somebody has removed it. */
  IMAGE_GONE: { status: 500, retryable: true },
  CONTAINER_REFUSED: { status: 500, retryable: false },
  CONTAINER_LOST: { status: 500, retryable: true },
  START_REFUSED: { status: 500, retryable: false },
  /** The engine answers, and does not say whether it has started a container. */
  START_UNKNOWN: { status: 500, retryable: false },
  FILTER_UNAVAILABLE: { status: 500, retryable: false },
  GPUS_REFUSED: { status: 500, retryable: false },
  DATA_UNAVAILABLE: { status: 500, retryable: false },
  ALGORITHM_UNAVAILABLE: { status: 500, retryable: false },
  FETCH_FAILED: { status: 500, retryable: false },
  /** The source says that there is no such file. */
  FETCH_ABSENT: { status: 500, retryable: false },
  FETCH_INTERRUPTED: { status: 500, retryable: true },
  OUTPUTS_UNREADABLE: { status: 500, retryable: false },
  RESULTS_UNWRITABLE: { status: 500, retryable: false },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorFacts {
  readonly cause?: unknown;
  /** Bad fields, for VALIDATION. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
  /** For REFUSED: Ocean Provider's own error value, a string or `{resource: code}`. */
  readonly refusal?: string | Readonly<Record<string, string>>;
  /** For REFUSED: which of several causes of the same refusal, e.g. `order_expired`. */
  readonly reason?: string;
  /** What is wrong and what to do, where the message itself is one that clients look for. */
  readonly detail?: string;
  /** Extra response headers, e.g. `Allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class CapstanError extends Error {
  override readonly name = 'CapstanError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  /** `message` says what failed, on what, and what to do; it may be shown to a client and must hold no secret, path or asset URL. */
  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.facts = facts;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is CapstanError {
  return error instanceof CapstanError && codes.includes(error.code);
}

/** The text of whatever was thrown, for logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of an error of Node's own (`ENOENT`, `ECONNREFUSED`, …), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
