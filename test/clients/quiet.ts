/** ocean.js tells the console of every nonce, and of every answer that it doesn't like. */

/** Nothing reaches the console until it is disposed of; mocha's report goes on. `SHOW_LOGS=1` shows it all. */
export function quietConsole(): Disposable {
  const { log, warn, error, debug } = console;
  const ignore = () => undefined;
  if (!process.env.SHOW_LOGS) Object.assign(console, { log: ignore, warn: ignore, error: ignore, debug: ignore });
  return {
    [Symbol.dispose]() {
      Object.assign(console, { log, warn, error, debug });
    },
  };
}
