/**
 * Timers, clocks and chance of a simulated process. Production modules and their libraries use the globals; inside a simulated process
 * these belong to its world. Which process a turn belongs to, Node itself keeps track of. Everybody else's globals stay as they are.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

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
  };

  return {
    install,
    [Symbol.dispose]() {
      Object.assign(globalThis, real);
      AbortSignal.timeout = realTimeoutSignal;
      Math.random = realRandom;
      Date.now = realNow;
      performance.now = realPerformanceNow;
    },
  };
}
