/** `GET /api/services/computeLogs`: a log as it is, as it grows, and as it was. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RouterContext } from '@koa/router';
import type { LogQuery } from '@capstan/shared/contract/log-query';
import { ENDPOINTS } from '@capstan/shared/contract/endpoints';
import { messageOf } from '@capstan/shared/contract/errors';
import type { Log } from '@capstan/shared/runtime/log';
import { untilTokenEnds, type TokenWatch } from '../../auth/token-watch.ts';
import type { Identify } from '../../auth/identify.ts';
import type { OpenLog, LogReading } from '../../logs/log.ts';
import type { OpenOwnLog } from '../../logs/log-access.ts';
import { logFrames } from '../../logs/log-frames.ts';
import { claimsOf } from '../caller.ts';
import type { OpenAnswers } from '../open-answers.ts';
import { route } from '../route.ts';

const FRAMES = 'application/x-ndjson';

interface LogsRouteOptions {
  readonly openLog: OpenOwnLog;
  readonly identify: Identify;
  readonly tokenWatch: Pick<TokenWatch, 'watch'>;
  readonly answers: Pick<OpenAnswers, 'open'>;
  readonly log: Log;
}

export function getLogs({ openLog, identify, tokenWatch, answers, log }: LogsRouteOptions) {
  return route(ENDPOINTS.computeLogs, async ({ input: query, caller, ctx }) => {
    const claims = await claimsOf(caller.proof, identify);
    const opened = await openLog(query, caller);
    const isText = ctx.accepts('text/plain', FRAMES) !== FRAMES;
    ctx.set({
      'Content-Type': isText ? 'text/plain; charset=utf-8' : FRAMES,
      'Cache-Control': 'no-store',
      // What an algorithm wrote is never to be run by a browser in the node's name.
      'Content-Security-Policy': 'sandbox',
      'X-Content-Type-Options': 'nosniff',
      // nginx would collect lines before it hands them on.
      'X-Accel-Buffering': 'no',
    });
    if (ctx.method === 'HEAD') return undefined;
    using later = new DisposableStack();
    const { signal: gone } = later.use(answers.open(ctx));
    const { signal: ended } = later.use(untilTokenEnds(claims, tokenWatch));
    const signal = AbortSignal.any([gone, ended]);
    const reading = readingOf(query);
    const bytes = isText
      ? plainBytes(opened, { reading, query }, signal)
      : frameLines(opened, { reading, query }, signal);
    // That there is nobody to ask can be said as long as nothing else is.
    const first = reading.follow ? undefined : await bytes.next();
    const answering = later.move();
    ctx.respond = false;
    send(ctx, { bytes, first, ended })
      .catch((error: unknown) => {
        if (!signal.aborted) log.warn({ jobId: opened.jobId, problem: messageOf(error) }, 'a log broke off');
        ctx.res.destroy();
      })
      .finally(() => answering.dispose());
    return undefined;
  });
}

interface Sending {
  readonly bytes: AsyncGenerator<Buffer, void>;
  readonly first: IteratorResult<Buffer, void> | undefined;
  /** Aborted when the token counts no more that it rests on. */
  readonly ended: AbortSignal;
}

async function send(ctx: RouterContext, { bytes, first, ended }: Sending): Promise<void> {
  // Whoever follows a log that has not begun wants to know that it is accepted.
  ctx.res.flushHeaders();
  async function* all() {
    if (first?.done === false) yield first.value;
    if (first?.done !== true) yield* bytes;
    // A log that ends here is not the whole: its reader sees that it broke off.
    ended.throwIfAborted();
  }
  await pipeline(Readable.from(all(), { objectMode: false }), ctx.res);
}

function readingOf({ from = '0', attempt, follow }: LogQuery): LogReading {
  return {
    from: Number(from),
    ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
    follow: follow === 'true',
  };
}

interface Asked {
  readonly reading: LogReading;
  readonly query: LogQuery;
}

/** As it was written; where another attempt begins, a line says so. */
async function* plainBytes(
  opened: OpenLog,
  { reading, query: { stream } }: Asked,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  for await (const item of opened.read(reading, signal)) {
    if (item.kind === 'restart') yield Buffer.from(`\n[the container was lost: attempt ${item.attempt} begins here]\n`);
    else if (stream === undefined || item.stream === stream) yield item.bytes;
  }
}

async function* frameLines(
  opened: OpenLog,
  { reading, query: { stream } }: Asked,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  for await (const frame of logFrames(opened, reading, signal)) {
    if (frame.type === 'log' && stream !== undefined && frame.stream !== stream) continue;
    yield Buffer.from(`${JSON.stringify(frame)}\n`);
  }
}
