/** The moment at which an algorithm has said its first word: it really runs. */
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { engineSocket } from '../../../scripts/parts/engine.ts';
import { algorithmOf } from './names-in-engine.ts';

export async function untilFirstOutput(
  jobId: string,
  { socketPath = engineSocket(), attempt = 1 }: { readonly socketPath?: string; readonly attempt?: number } = {},
): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const path = `/containers/${await algorithmOf(jobId, { socketPath, attempt })}/logs?follow=1&stdout=1&stderr=1`;
  const asked = request({ socketPath, path, agent: false }).end();
  const [stream] = (await once(asked, 'response', { signal })) as [IncomingMessage];
  await once(stream, 'data', { signal });
  stream.destroy();
  await once(stream, 'close');
}
