/** What sections of the configuration have in common: no setting that nobody knows, and one may leave out a whole section. */
export const strict = { additionalProperties: false } as const;

export const section = (description: string) => ({ ...strict, default: {}, description });

/** The longest that a timer of Node takes is 24.8 days; a longer one would be over at once. */
export const LONGEST_TIMER_S = 2_000_000;
