/** JetStream says that there is no such stream, consumer or message. */
const STREAM_NOT_FOUND = 10_059;

export function isNotFound(error: unknown): boolean {
  const api = (error as { api_error?: { err_code?: number; code?: number } }).api_error;
  return api?.err_code === STREAM_NOT_FOUND || api?.code === 404;
}
