/**
 * Loaded into a service before itself: says over HTTP how much of the processor the process took since it was last asked, all of its
 * threads together, and how long its event loop was held up. What a machine's other work takes has no share in the first.
 */
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 1;

export interface Watched {
  /** Of the processor, milliseconds. */
  readonly busyMs: number;
  /** Beyond the resolution of the watch, milliseconds. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let before = process.cpuUsage();
const beyond = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);

const server = createServer((_, response) => {
  const { user, system } = process.cpuUsage(before);
  const watched: Watched = {
    busyMs: (user + system) / 1_000,
    delayP99Ms: beyond(delay.percentile(99)),
    delayMaxMs: beyond(delay.max),
  };
  delay.reset();
  response.end(JSON.stringify(watched));
  before = process.cpuUsage();
});
// Threads of the service load this, too.
if (isMainThread) server.listen(Number(process.env['PROCESS_WATCH_PORT']), '127.0.0.1').unref();
