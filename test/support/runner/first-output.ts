/** The moment at which an algorithm has said its first word: it really runs. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { engineSocket } from '../../../scripts/parts/engine.ts';

export async function untilFirstOutput(jobId: string): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  const path = `/containers/capstan-${jobId}-1-1/logs?follow=1&stdout=1&stderr=1`;
  const asked = request({ socketPath: engineSocket(), path, agent: false }).end();
  const [stream] = (await once(asked, 'response', { signal })) as [IncomingMessage];
  await once(stream, 'data', { signal });
  stream.destroy();
  await once(stream, 'close');
}
