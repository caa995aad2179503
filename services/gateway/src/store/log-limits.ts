/** How long the log of the store may get, in pages of 4 kB. */

export interface LogLimits {
  /** From this length on the log is written back: every job dirties the same few pages, and the longer the log, the fewer times they are. */
  readonly fromPages: number;
  /** Writes wait only for the last bit, which is at most so much, unless they outrun the disk. */
  readonly lastPages: number;
}

/** 64 MB and 2 MB. */
export const LOG_LIMITS: LogLimits = { fromPages: 16_000, lastPages: 500 };
