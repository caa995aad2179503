import type { Readable } from 'node:stream';
import type Docker from 'dockerode';

interface Opening {
  readonly method: 'GET' | 'POST';
  /** The trailing `?` is dockerode's way of saying that there are query parameters. */
  readonly path: `${string}?`;
  readonly query: Readonly<Record<string, string | boolean>>;
  /** Of a registry. */
  readonly authconfig?: Readonly<Record<string, string>> | undefined;
  readonly abortSignal: AbortSignal;
}

/** An answer as a stream, where dockerode's own call reads it into memory, or never settles when the engine dies in between. */
export function openStream(
  docker: Docker,
  { method, path, query, authconfig, abortSignal }: Opening,
): Promise<Readable> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        path,
        options: { _query: query, _body: {} },
        method,
        isStream: true,
        abortSignal,
        ...(authconfig ? { authconfig } : {}),
        statusCodes: { 200: true, 404: 'there is no such thing', 500: 'server error' },
      },
      (error: Error | null, answer: unknown) => {
        if (error) reject(error);
        else resolve(answer as Readable);
      },
    );
  });
}
