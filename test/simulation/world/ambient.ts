/**
 * Timers, clocks and chance of a simulated process. Production modules and their libraries use the globals, and what Node's own modules
 * export; inside a simulated process these belong to its world. Which process a turn belongs to, Node itself keeps track of. Everybody
 * else's stay as they are.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

export interface Ambient {
  /** Milliseconds. */
  now(): number;
  random(): number;
  after(delayMs: number, act: () => void): { cancel(): void };
}

const inside = new AsyncLocalStorage<Ambient>();

export const within = <T>(ambient: Ambient, work: () => T): T => inside.run(ambient, work);

interface Timer {
  cancel(): void;
  ref(): Timer;
  unref(): Timer;
}

type Act = (...args: unknown[]) => void;

interface PauseOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

/** What is done in a simulated process takes none of the world's time. */
const NEVER_BUSY = { active: 0, idle: 0, utilization: 0 };

export interface Globals extends Disposable {
  install(): void;
}

/** Once installed, simulated processes have globals of their own, until it is disposed of. */
export function simulatedGlobals(): Globals {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
    clearImmediate: globalThis.clearImmediate,
  };
  const realTimeoutSignal = AbortSignal.timeout;
  const realRandom = Math.random;
  const realNow = Date.now;
  const realPerformanceNow = performance.now;
  const realUtilization = performance.eventLoopUtilization;
  const realUUID = crypto.randomUUID;
  const realPauses = { setTimeout: timers.setTimeout, setImmediate: timers.setImmediate };

  const timer = (ambient: Ambient, delayMs: number, act: () => void): Timer => {
    const { cancel } = ambient.after(delayMs, act);
    const handle: Timer = { cancel, ref: () => handle, unref: () => handle };
    return handle;
  };
  const every = (ambient: Ambient, delayMs: number, act: () => void): Timer => {
    let current: { cancel(): void };
    const plan = () => {
      current = ambient.after(delayMs, () => {
        plan();
        act();
      });
    };
    plan();
    const handle: Timer = { cancel: () => current.cancel(), ref: () => handle, unref: () => handle };
    return handle;
  };
  const clear = (realClear: (handle: never) => void) => (handle: unknown) => {
    if (typeof handle === 'object' && handle !== null && 'cancel' in handle) (handle as Timer).cancel();
    else realClear(handle as never);
  };

  const install = () => {
    Object.assign(globalThis, {
      setTimeout: (act: Act, delayMs = 0, ...args: unknown[]) => {
        const ambient = inside.getStore();
        return ambient
          ? timer(ambient, Math.max(1, delayMs), () => act(...args))
          : real.setTimeout(act, delayMs, ...args);
      },
      setInterval: (act: Act, delayMs = 0, ...args: unknown[]) => {
        const ambient = inside.getStore();
        return ambient
          ? every(ambient, Math.max(1, delayMs), () => act(...args))
          : real.setInterval(act, delayMs, ...args);
      },
      setImmediate: (act: Act, ...args: unknown[]) => {
        const ambient = inside.getStore();
        return ambient ? timer(ambient, 0, () => act(...args)) : real.setImmediate(act, ...args);
      },
      clearTimeout: clear(real.clearTimeout),
      clearInterval: clear(real.clearInterval),
      clearImmediate: clear(real.clearImmediate),
    });
    AbortSignal.timeout = (delayMs) => {
      const ambient = inside.getStore();
      if (!ambient) return realTimeoutSignal.call(AbortSignal, delayMs);
      const controller = new AbortController();
      ambient.after(delayMs, () => controller.abort(new DOMException('The time is over', 'TimeoutError')));
      return controller.signal;
    };
    Math.random = () => inside.getStore()?.random() ?? realRandom();
    Date.now = () => inside.getStore()?.now() ?? realNow();
    performance.now = () => inside.getStore()?.now() ?? realPerformanceNow.call(performance);
    performance.eventLoopUtilization = (...since) =>
      inside.getStore() ? NEVER_BUSY : realUtilization.call(performance, ...since);
    const pauses = {
      setTimeout: (delayMs = 1, value?: unknown, options: PauseOptions = {}) => {
        const ambient = inside.getStore();
        return ambient
          ? paused(ambient, Math.max(1, delayMs), value, options)
          : realPauses.setTimeout(delayMs, value, options);
      },
      setImmediate: (value?: unknown, options: PauseOptions = {}) => {
        const ambient = inside.getStore();
        return ambient ? paused(ambient, 0, value, options) : realPauses.setImmediate(value, options);
      },
    };
    Object.assign(timers, pauses);
    crypto.randomUUID = (options) => {
      const ambient = inside.getStore();
      return ambient ? uuidOf(ambient) : realUUID(options);
    };
    syncBuiltinESMExports();
  };

  return {
    install,
    [Symbol.dispose]() {
      Object.assign(globalThis, real);
      AbortSignal.timeout = realTimeoutSignal;
      Math.random = realRandom;
      Date.now = realNow;
      performance.now = realPerformanceNow;
      performance.eventLoopUtilization = realUtilization;
      Object.assign(timers, realPauses);
      crypto.randomUUID = realUUID;
      syncBuiltinESMExports();
    },
  };
}

function uuidOf({ random }: Ambient): ReturnType<typeof crypto.randomUUID> {
  const digits = (count: number) =>
    Array.from({ length: count }, () => Math.floor(random() * 16).toString(16)).join('');
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`;
}

/** A pause of `node:timers/promises`. */
function paused(ambient: Ambient, delayMs: number, value: unknown, { signal }: PauseOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const aborted = () =>
      reject(Object.assign(new Error('The operation was aborted'), { name: 'AbortError', code: 'ABORT_ERR' }));
    if (signal?.aborted) return aborted();
    const stop = () => {
      timer.cancel();
      aborted();
    };
    const timer = ambient.after(delayMs, () => {
      signal?.removeEventListener('abort', stop);
      resolve(value);
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}
