/** What the engine keeps beside everything that was made in it. */

export type Labels = Readonly<Record<string, string>>;
