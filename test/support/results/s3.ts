/** An S3 server of one's own: `s3rver`, a process that checks signatures and keeps objects in a folder. */
import { join } from 'node:path';
import { freePort } from '../../../scripts/parts/free-port.ts';
import { startProgram } from '../../../scripts/parts/program.ts';

export interface S3Server extends AsyncDisposable {
  /** As settings of a node. */
  readonly variables: Readonly<Record<string, string>>;
  readonly endpoint: string;
  /** Ends it, or starts it again with all that it had. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const BUCKET = 'results-of-tests';
/** The key that it knows. */
export const S3_KEY = 'S3RVER';
const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'node_modules', 's3rver', 'bin', 's3rver.js');

export async function startS3(dir: string): Promise<S3Server> {
  const port = await freePort();
  const start = async () => {
    const server = await startProgram({
      name: 's3rver',
      command: [
        process.execPath,
        SCRIPT,
        '--directory',
        dir,
        '--address',
        '127.0.0.1',
        '--port',
        String(port),
        '--configure-bucket',
        BUCKET,
      ],
      environment: process.env,
    });
    await server.until({
      match: (line) => (line.includes('listening') ? true : undefined),
      what: 'a listening S3 server',
      limitMs: 60_000,
    });
    return server;
  };
  let server = await start();
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    variables: {
      CAPSTAN_RESULTS_KIND: 's3',
      CAPSTAN_RESULTS_S3_ENDPOINT: endpoint,
      CAPSTAN_RESULTS_S3_BUCKET: BUCKET,
      CAPSTAN_RESULTS_S3_ACCESS_KEY_ID: S3_KEY,
      CAPSTAN_RESULTS_S3_SECRET_ACCESS_KEY: S3_KEY,
    },
    stop: async () => void (await server.stop()),
    async start() {
      server = await start();
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
}
