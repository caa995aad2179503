/** It comes without types. */
declare module 'mocha/lib/cli/options.cjs' {
  export function loadOptions(words: readonly string[]): Readonly<Record<string, unknown>> & {
    readonly _: readonly unknown[];
  };
}
