/**
 * Loaded into a gateway before itself: says over HTTP how long its event loop was held up at most since it was last asked, and how much
 * of the processor its thread took, which a machine's other work has no share in.
 */
import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;
/** What holds the loop is noticed by the first timer after it. */
const SETTLE_MS = 4;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
let before = process.threadCpuUsage();
createServer((_, response) => {
  setTimeout(() => {
    const worstMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS);
    delay.reset();
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    response.end(JSON.stringify({ worstMs, busyMs: (user + system) / 1_000 }));
  }, SETTLE_MS);
}).listen(Number(process.env['LOOP_WATCH_PORT']), '127.0.0.1');
