/** An Ethereum node of our own, its chain new and in memory. The program is in the npm package. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { startProgram, type Program } from './program.ts';

const START_LIMIT_MS = 60_000;

export interface Anvil extends Program, AsyncDisposable {
  readonly url: string;
  readonly chainId: number;
}

/** Starts it on a free port and waits until it takes connections. Its clock may start at a time (Unix seconds) of one's own. */
export async function startAnvil(chainId = 8996, { startsAtS }: { readonly startsAtS?: number } = {}): Promise<Anvil> {
  const time = startsAtS === undefined ? [] : ['--timestamp', String(startsAtS)];
  const program = await startProgram({
    name: 'anvil',
    command: [binary(), '--chain-id', String(chainId), '--host', '127.0.0.1', '--port', '0', ...time],
    environment: process.env,
  });
  try {
    const address = await program.until({
      match: (line) => /Listening on (\S+)/.exec(line)?.[1],
      what: '"Listening on"',
      limitMs: START_LIMIT_MS,
    });
    return {
      ...program,
      url: `http://${address}`,
      chainId,
      async [Symbol.asyncDispose]() {
        await program.stop();
      },
    };
  } catch (error) {
    await program.kill();
    throw error;
  }
}

/** The program itself: the package's own start script would stand between it and our signals. */
function binary(): string {
  const machine = process.arch === 'x64' ? 'amd64' : process.arch;
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve(`@foundry-rs/anvil-${process.platform}-${machine}/package.json`)), 'bin', 'anvil');
}
