/** What sections of the configuration have in common: no setting that nobody knows, and one may leave out a whole section. */
export const strict = { additionalProperties: false } as const;

export const section = (description: string) => ({ ...strict, default: {}, description });

/** The longest that a timer of Node takes is 24.8 days; a longer one would be over at once. */
export const LONGEST_TIMER_S = 2_000_000;

/** Chain ids are whole numbers that JSON keeps. */
export const LARGEST_CHAIN_ID = Number.MAX_SAFE_INTEGER;

/** A hundred years: what lies behind a time that long is never reached, and still is a date. */
export const LONGEST_KEEP_S = 3_153_600_000;
export const LONGEST_KEEP_DAYS = 36_500;

/** More than any machine has, and few enough bytes that sums of them stay exact. */
export const LARGEST_GB = 1_000_000;
